"""What the student is for, measured on the photographs to choose on: whether it sets pictures apart from their degraded versions as the teacher does,
and whether a blurred picture finds its original. The product's own numbers are those of scripts/encoder-card.mjs.
"""
from pathlib import Path
from typing import Callable

import numpy as np
import torch
from scipy.stats import spearmanr

from .. import degrade
from ..data import SUFFIXES, read
from . import views
from .student import MULTIPLE
from .teacher import Teacher, one_minus_cos

TASKS = ("blur1", "blur2", "blur4", "blur8", "blur20", "sr2", "sr4", "noise10", "noise25", "jpeg40", "jpeg10")
EVERY = 2  # photographs: one of so many, to be quick


def degraded(picture: np.ndarray, task: str, index: int) -> np.ndarray:
    name, amount = task.rstrip("0123456789"), int(task.lstrip("abcdefghijklmnopqrstuvwxyz"))
    if name == "blur":
        return degrade.blur(picture, amount)
    if name == "sr":
        return degrade.resize(degrade.super_resolution(picture, amount), *picture.shape[:2])
    if name == "noise":
        return views.noisy(picture, amount, np.random.default_rng(index))
    return degrade.jpeg(picture, amount)


class Bars:
    """Pictures and the teacher's embeddings are kept in `folder`."""

    def __init__(self, photographs: Path, folder: Path, model: Path):
        self.file = folder / "teacher.npy"
        paths = sorted(p for p in photographs.iterdir() if p.suffix.lower() in SUFFIXES)[::EVERY]
        self.pictures = np.stack([self._versions(path, index) for index, path in enumerate(paths)])
        if not self.file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            teach = Teacher(model)
            views.save(self.file, np.stack([[teach(one[None])[0][0] for one in versions] for versions in self.pictures]))
        self.taught = np.load(self.file)

    @staticmethod
    def _versions(path: Path, index: int) -> np.ndarray:
        whole = read(path)
        height, width = (side - side % MULTIPLE for side in whole.shape[:2])
        clean = whole[:height, :width].astype(np.float32) / np.float32(255)
        return np.stack([degrade.bytes8(clean), *(degrade.bytes8(degraded(clean, task, index)) for task in TASKS)])

    def told(self, network: Callable[[torch.Tensor], torch.Tensor]) -> np.ndarray:
        """What a network says of each version of each picture, (pictures, versions, d)."""
        with torch.inference_mode():
            return np.stack([[network(tensor(one)).numpy()[0] for one in versions] for versions in self.pictures])

    def __call__(self, told: np.ndarray) -> dict[str, float]:
        a, b = (one_minus_cos(e[:, :1], e[:, 1:]) for e in (told, self.taught))
        within = [spearmanr(x, y).statistic for x, y in zip(a, b)]
        return {
            "spearman": round(float(spearmanr(a.ravel(), b.ravel()).statistic), 4),
            "spearmanOfTasks": round(float(np.mean([spearmanr(x, y).statistic for x, y in zip(a.T, b.T)])), 4),
            "spearmanOfPictures": round(float(np.mean(within)), 4),
            "found": round(found(told, TASKS.index("blur4") + 1), 4),
            "foundByTeacher": round(found(self.taught, TASKS.index("blur4") + 1), 4),
        }


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255))


def found(embeddings: np.ndarray, version: int) -> float:
    """Share of the pictures whose degraded version lies nearest to its own original."""
    distances = one_minus_cos(embeddings[:, None, version], embeddings[None, :, 0])
    return float((distances.argmin(1) == np.arange(len(embeddings))).mean())
