"""Batches of (degraded, target) patches, cut with margin so that no patch sees a made-up border. A function of (seed, step) alone."""
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from . import degrade
from .model import CLASSES

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def planes(picture: np.ndarray) -> torch.Tensor:
    """(h, w, 3) to a batch of one, (1, 3, h, w), float32."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32))


def listing(folder: Path) -> list[str]:
    """Names and sizes of its photographs."""
    files = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in SUFFIXES)
    return [f"{p.name} {p.stat().st_size}" for p in files]


def packed(folder: Path, target: Path) -> None:
    """The photographs at `target`, packed where they are not; a pack of another folder's is refused. Without the folder the pack is taken as it is."""
    told = target.with_suffix(".txt")
    if not target.exists():
        pack(folder, target)
    elif folder.exists() and told.exists() and told.read_text().splitlines() != listing(folder):
        raise SystemExit(f"expected in {target} the photographs of {folder}, got others; remove it, or run pack")


def pack(folder: Path, target: Path, side: int = 512) -> None:
    """All photographs' centre crops as one uint8 array (count, side, side, 3), and beside it as text which they are."""
    crops = []
    for name in listing(folder):
        path = Path(folder) / name.rpartition(" ")[0]
        picture = read(path)
        top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
        if top < 0 or left < 0:
            print(f"left out, smaller than {side}: {path.name}", file=sys.stderr)
            continue
        crops.append(picture[top : top + side, left : left + side])
    target.parent.mkdir(parents=True, exist_ok=True)
    np.save(target, np.stack(crops))
    target.with_suffix(".txt").write_text("".join(f"{line}\n" for line in listing(folder)))
    print(f"packed {len(crops)} crops of {side} x {side} into {target}")


def draw_sigma(rng: np.random.Generator) -> float:
    """Log-uniform: 88 % in 0.6..6, the rest in 6..20."""
    low, high = (0.6, 6.0) if rng.random() < 0.88 else (6.0, 20.0)
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def draw(shares: list[float], rng: np.random.Generator) -> int:
    """An index, each with its share."""
    weights = np.array(shares, float)
    return int(rng.choice(len(shares), p=weights / weights.sum()))


def class_of(kind: str) -> int:
    return CLASSES.index("noisy" if "noise" in kind else "clean" if kind == "clean" else "sharp")


class Patches:
    """Draws one sample: a random place of a random crop, degraded by a random kind of the mixture."""

    def __init__(self, pack_file: Path, mixture: dict[str, float], patch: int, seed: int):
        self.crops = np.load(pack_file, mmap_mode="r")
        self.kinds = list(mixture)
        self.shares = list(mixture.values())
        self.patch, self.seed = patch, seed

    def _cut(self, rng: np.random.Generator, margin: int) -> tuple[np.ndarray, int]:
        """A region with `margin` on every side, turned at random; offsets and margin are multiples of 4, so that SR grids line up."""
        margin = -(-margin // 4) * 4
        side = self.patch + 2 * margin
        room = (self.crops.shape[1] - side) // 4
        top, left = 4 * int(rng.integers(room + 1)), 4 * int(rng.integers(room + 1))
        region = self.crops[int(rng.integers(len(self.crops))), top : top + side, left : left + side]
        region = np.rot90(region, int(rng.integers(4)))
        if rng.random() < 0.5:
            region = region[:, ::-1]
        return region.astype(np.float32) / np.float32(255), margin

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str]:
        kind = self.kinds[draw(self.shares, rng)]
        sigma = draw_sigma(rng) if "blur" in kind else 0.0
        scale = {"sr2": 2, "sr4": 4, "sr+noise": 2 if rng.random() < 0.5 else 4}.get(kind, 1)
        noise = float(rng.uniform(2, 25)) / 255 if "noise" in kind else 0.0
        region, margin = self._cut(rng, int(np.ceil(3 * sigma)) if sigma else 16 if scale > 1 else 0)
        y = degrade.blur(region, sigma) if sigma else region
        if scale > 1:
            y = degrade.super_resolution(y, scale)
            if noise:
                y = degrade.round8(y + noise * rng.standard_normal(y.shape, np.float32))
            y = degrade.resize(y, *region.shape[:2])
        elif noise:
            y = y + noise * rng.standard_normal(y.shape, np.float32)
        inside = slice(margin, margin + self.patch)
        return degrade.round8(y)[inside, inside], region[inside, inside], kind

    def batch(self, step: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Degraded and target patches (size, 3, patch, patch), and the class of each (model.CLASSES)."""
        rng = np.random.default_rng([self.seed, step])
        samples = [self.sample(rng) for _ in range(size)]
        stack = lambda k: np.ascontiguousarray(np.stack([s[k] for s in samples]).transpose(0, 3, 1, 2), np.float32)
        return stack(0), stack(1), np.array([class_of(s[2]) for s in samples])
