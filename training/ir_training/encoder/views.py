"""What the student learns from, made once: groups of a clean view and one by each kind of degradation, with the teacher's tokens of each in half
precision. A group is a function of (seed, number) alone; the command can be interrupted and goes on.
"""
import os
from pathlib import Path

import numpy as np

from .. import degrade
from ..data import draw
from . import teacher

KINDS = ("clean", "blurred", "very blurred", "reduced", "noisy", "compressed")
CHUNK = 40  # groups a file
BASIS_GROUPS = 80
BASIS_SEED = 1  # apart from the groups that are learnt from


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def noisy(picture: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    return picture + np.float32(sigma / 255) * rng.standard_normal(picture.shape, np.float32)


def worsened(picture: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    if kind == "clean":
        return picture
    if kind == "blurred":
        return degrade.blur(picture, log_uniform(rng, 0.5, 3.0))
    if kind == "very blurred":
        return degrade.blur(picture, log_uniform(rng, 3.0, 20.0))
    if kind == "reduced":
        scale = 2 if rng.random() < 0.5 else 4
        return degrade.resize(degrade.super_resolution(picture, scale), *picture.shape[:2])
    if kind == "noisy":
        return noisy(picture, log_uniform(rng, 2.0, 40.0), rng)
    return degrade.jpeg(picture, int(log_uniform(rng, 5, 90)))


def place(shape: tuple[int, ...], settings: dict, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """A region of the crops: which crop, top, left, side."""
    side = list(settings["regions"])[draw(list(settings["regions"].values()), rng)]
    top, left = (int(rng.integers(shape[k] - side + 1)) for k in (1, 2))
    return int(rng.integers(shape[0])), top, left, side


def group(crops: np.ndarray, settings: dict, seed: int, number: int) -> np.ndarray:
    """uint8 views (kinds, side, side, 3) of one place."""
    rng = np.random.default_rng([seed, number])
    crop, top, left, side = place(crops.shape, settings, rng)
    region = crops[crop, top : top + side, left : left + side]
    clean = region.astype(np.float32) / np.float32(255)
    if side != settings["side"]:
        clean = degrade.round8(degrade.resize(clean, settings["side"], settings["side"]))
    if rng.random() < 0.5:
        clean = clean[:, ::-1]
    return np.stack([degrade.bytes8(worsened(clean, kind, rng)) for kind in KINDS])


def save(path: Path, array: np.ndarray) -> None:
    temporary = path.with_suffix(".partial")
    with open(temporary, "wb") as file:
        np.save(file, array)
    os.replace(temporary, path)


def basis_of(folder: Path, crops: np.ndarray, settings: dict, model: teacher.Teacher) -> np.ndarray:
    path = folder / "basis.npy"
    if not path.exists():
        tokens = [model(group(crops, settings, BASIS_SEED, number))[1] for number in range(BASIS_GROUPS)]
        save(path, teacher.basis(np.concatenate(tokens).reshape(-1, tokens[0].shape[-1]), settings["dimension"]))
    return np.load(path)


def crops_of(shape: tuple[int, ...], config: dict, chunk: int) -> np.ndarray:
    """Which crop each group of a chunk comes from."""
    numbers = range(CHUNK * chunk, CHUNK * (chunk + 1))
    return np.array([place(shape, config["views"], np.random.default_rng([config["seed"], n]))[0] for n in numbers])


def build(folder: Path, packed: Path, config: dict, model: teacher.Teacher) -> None:
    """In `folder` those of the configuration's `views`, and in `folder/wholes` those of its `wholes`, with the same basis."""
    crops = np.load(packed, mmap_mode="r")
    folder.mkdir(parents=True, exist_ok=True)
    basis = basis_of(folder, crops, config["views"], model)
    build_set(folder, crops, config, model, basis)
    build_set(folder / "wholes", crops, {**config, "views": config["wholes"], "seed": config["seed"] + 1}, model, basis)


def build_set(folder: Path, crops: np.ndarray, config: dict, model: teacher.Teacher, basis: np.ndarray) -> None:
    settings = config["views"]
    folder.mkdir(exist_ok=True)
    for chunk in range(settings["groups"] // CHUNK):
        path = folder / f"tokens-{chunk:04d}.npy"
        if path.exists():
            continue
        groups = [group(crops, settings, config["seed"], CHUNK * chunk + k) for k in range(CHUNK)]
        save(folder / f"pixels-{chunk:04d}.npy", np.stack(groups))
        save(folder / f"crops-{chunk:04d}.npy", crops_of(crops.shape, config, chunk))
        save(path, np.stack([model(views)[1] @ basis for views in groups]).astype(np.float16))
        print(f"{folder.name}: {CHUNK * (chunk + 1)} of {settings['groups']} groups", flush=True)


class Groups:
    """The groups that are made, by number."""

    def __init__(self, folder: Path):
        names = sorted(p.name for p in folder.glob("tokens-*.npy"))
        if not names:
            raise SystemExit(f"expected views in {folder}; run the command views first")
        self.folder = folder
        load = lambda name: np.load(folder / name, mmap_mode="r")
        self.tokens = [load(name) for name in names]
        self.pixels = [load(name.replace("tokens", "pixels")) for name in names]
        self.crops = np.concatenate([load(name.replace("tokens", "crops")) for name in names])

    def batch(self, rng: np.random.Generator, groups: int, degraded: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Views (groups, 1 + degraded, 3, side, side) in [0, 1], the clean one first, the teacher's tokens (groups, 1 + degraded, t, d), and which crop
        each group comes from.
        """
        pixels, tokens, crops = [], [], []
        for number in rng.integers(CHUNK * len(self.tokens), size=groups):
            chunk, k = divmod(int(number), CHUNK)
            kinds = [0, *(1 + rng.permutation(len(KINDS) - 1)[:degraded])]
            view, taught = self.pixels[chunk][k][kinds], self.tokens[chunk][k][kinds].astype(np.float32)
            if rng.random() < 0.5:
                view, taught = view[:, :, ::-1], mirrored(taught)
            pixels.append(view.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255))
            tokens.append(taught)
            crops.append(self.crops[number])
        return np.stack(pixels), np.stack(tokens), np.array(crops)


def mirrored(tokens: np.ndarray) -> np.ndarray:
    """Tokens (..., t, d) of a square view as they stand in its mirror image; the teacher knows left from right only a little."""
    side = round(tokens.shape[-2] ** 0.5)
    grid = tokens.reshape(*tokens.shape[:-2], side, side, tokens.shape[-1])
    return grid[..., ::-1, :].reshape(tokens.shape)
