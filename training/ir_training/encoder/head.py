"""The finishing: the embedding's two layers alone, over means of stages that are computed once. Batches of hundreds of pictures cost next to nothing, and
only among many does a blurred picture learn to be told from all others.
"""
import copy
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cosine_similarity, normalize

from ..ldm.latents import fingerprint
from .bars import Bars
from .runs import Weighted, relation, telling
from .student import Embedding, Student
from .views import CHUNK, Groups, save

AT_ONCE = 4  # groups through the student


def means_of(student: Student, pixels: np.ndarray) -> np.ndarray:
    """Views (groups, kinds, side, side, 3) to means (groups, kinds, c)."""
    with torch.inference_mode():
        picture = torch.from_numpy(np.array(pixels)).flatten(0, 1).permute(0, 3, 1, 2).float() / 255
        return student.layers(picture)[0].unflatten(0, pixels.shape[:2]).numpy()


class HeadRun(Weighted):
    bars: Bars

    def __init__(self, config: dict, name: str, folder: Path, student: Student):
        self.student = student
        super().__init__(config, name, folder)

    def build(self) -> Embedding:
        head = copy.deepcopy(self.student.whole).requires_grad_(True).train()
        head.dropped = self.config["dropped"]
        return head

    def prepare(self, views: Path, bars: Bars) -> None:
        self.sets = [self._set(Groups(folder)) for folder in (views, views / "wholes")]
        self.bars, self.held_out = bars, torch.from_numpy(bars.told(lambda picture: self.student.layers(picture)[0]))

    def _set(self, groups: Groups) -> tuple[torch.Tensor, ...]:
        """Means (groups, kinds, c), the teacher's embeddings (groups, kinds, d), and which crop each group comes from."""
        file = self.folder / f"{groups.folder.name}-{len(groups.crops)}-{fingerprint(self.student)}.npy"
        if not file.exists():
            save(file, np.concatenate([means_of(self.student, chunk[k : k + AT_ONCE]) for chunk in groups.pixels for k in range(0, CHUNK, AT_ONCE)]))
        taught = np.concatenate([t.mean(2, dtype=np.float32) for t in groups.tokens])
        return torch.from_numpy(np.load(file)), torch.from_numpy(taught), torch.from_numpy(groups.crops)

    def losses(self) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng([self.config["seed"], self.step])
        means, taught, crops = (torch.cat(parts) for parts in zip(*(self._drawn(one, rng) for one in self.sets)))
        told = self.net(means.flatten(0, 1)).unflatten(0, means.shape[:2])
        return {"relation": relation(told, taught), "apart": self.apart(told, taught, crops)}

    def _drawn(self, one: tuple[torch.Tensor, ...], rng: np.random.Generator) -> list[torch.Tensor]:
        """Half a batch of a set."""
        chosen = torch.from_numpy(rng.permutation(len(one[0]))[: self.config["batch"] // 2])
        return [part[chosen] for part in one]

    def apart(self, told: torch.Tensor, taught: torch.Tensor, crops: torch.Tensor) -> torch.Tensor:
        settings = self.config["apart"]
        clean, degraded = normalize(told[:, 0], dim=-1), normalize(told[:, 1:], dim=-1)
        right = (degraded * clean[:, None]).sum(-1)
        wrong = (degraded @ clean.T).masked_fill(crops[:, None, None] == crops, -1)
        known = 1 - cosine_similarity(taught[:, 1:], taught[:, :1], dim=-1) < settings["known"]
        return telling(right, wrong, settings["temperature"], known)

    def measure(self) -> dict:
        with torch.inference_mode():
            return self.bars(self.ema(self.held_out.flatten(0, 1)).unflatten(0, self.held_out.shape[:2]).numpy())
