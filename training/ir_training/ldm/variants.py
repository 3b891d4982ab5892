"""The kinds of pictures the latents are made of: views of photographs, degraded versions of them, and targets altered to fit their words.

Pictures are float32 tensors (3, h, w) in [0, 1] on any device; what is drawn is drawn from NumPy's generator, so that all devices
make the same up to rounding.
"""
import hashlib
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from .. import degrade, graphs
from ..data import draw, planes
from ..model import Restorer


class InitialRestoration:
    """M_phi (Eq. 3): the bundled restorer, 8 bit in and out as in the product."""

    def __init__(self, models: Path, device: str, name: str = "restorer-s"):
        path = models / name / f"{name}.onnx"
        if not path.exists():
            raise SystemExit(f"expected the initial restoration at {path}; export {name} first")
        self.fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        parts = json.loads((path.parent / "training.json").read_text())["config"]["parts"]
        network = Restorer(**{part: parts[part]["network"] for part in ("sharp", "noisy", "gate")})
        self.network = graphs.adopt(network, path, {"input": torch.rand(1, 3, 64, 96)}).to(device, memory_format=torch.channels_last)
        self.device = device

    @torch.inference_mode()
    def batch(self, pictures: torch.Tensor) -> torch.Tensor:
        with halved(self.device):
            return round8(self.network(pictures.contiguous(memory_format=torch.channels_last)).float())

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """One picture (h, w, 3)."""
        restored = self.batch(planes(picture).to(self.device))
        return restored[0].cpu().numpy().transpose(1, 2, 0)


def halved(device: str):
    """Half precision where it is the fast one: its 11 bits are finer than the 8 bits of a picture, and as fine as what a latent is kept in."""
    return torch.autocast("cuda", torch.float16, enabled=device == "cuda")


def round8(picture: torch.Tensor) -> torch.Tensor:
    return (picture.clamp(0, 1) * 255 + 0.5).floor() / 255


@lru_cache(maxsize=16)
def _resize_matrix(n: int, m: int, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(degrade.resize_matrix(n, m)).to(device)


def resize(picture: torch.Tensor, height: int, width: int) -> torch.Tensor:
    rows, columns = (_resize_matrix(n, m, picture.device) for n, m in zip(picture.shape[1:], (height, width)))
    return rows @ picture @ columns.T


def blur(picture: torch.Tensor, sigma: float) -> torch.Tensor:
    rows, columns = (torch.from_numpy(degrade.blur_matrix(n, sigma)).to(picture.device) for n in picture.shape[1:])
    return rows @ picture @ columns.T


# --- views: the photograph from another side ---------------------------------------------------------------------------------------------------
def turned(picture: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """One of the eight ways a square can lie."""
    picture = torch.rot90(picture, int(rng.integers(4)), (1, 2))
    return picture.flip(2) if rng.random() < 0.5 else picture


def toned(picture: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Another exposure and white balance: within a tenth each way by channel, the gamma within a fifth."""
    gains = np.exp(rng.uniform(-0.1, 0.1, (3, 1, 1))).astype(np.float32)
    return round8(picture ** float(np.exp(rng.uniform(-0.2, 0.2))) * torch.from_numpy(gains).to(picture.device))


def view(crops: np.ndarray, i: int, settings: dict, rng: np.random.Generator, device: str) -> torch.Tensor:
    """The target of photograph i: turned, in a share of cases toned, in a share four photographs (i among them) at half their size, side by side."""
    load = lambda k: torch.from_numpy(crops[k].transpose(2, 0, 1).copy()).to(device).float() / 255
    if rng.random() < settings["quartered"]:
        height, width = crops.shape[1:3]
        four = [turned(round8(resize(load(k), height // 2, width // 2)), rng) for k in (i, *rng.integers(len(crops), size=3))]
        picture = torch.cat([torch.cat(four[:2], 2), torch.cat(four[2:], 2)], 1)
    else:
        picture = turned(load(i), rng)
    return toned(picture, rng) if rng.random() < settings["toned"] else picture


# --- what is done to a view ----------------------------------------------------------------------------------------------------------------------
def degrade_by(kind: str, picture: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """One degraded version, equal in size. blur: sigma log-uniform in 0.8..8; noise: 2..25 of 255."""
    if kind == "clean":
        return picture
    if kind == "blur":
        return round8(blur(picture, float(np.exp(rng.uniform(np.log(0.8), np.log(8))))))
    if kind == "noise":
        return add_noise(picture, rng, 2, 25)
    height, width = picture.shape[1:]
    scale = int(kind.removeprefix("sr"))
    return round8(resize(round8(resize(picture, height // scale, width // scale)), height, width))


def add_noise(picture: torch.Tensor, rng: np.random.Generator, low: float, high: float) -> torch.Tensor:
    noise = rng.uniform(low, high) / 255 * rng.standard_normal(tuple(picture.shape), np.float32)
    return round8(picture + torch.from_numpy(noise.astype(np.float32)).to(picture.device))


def jpeg(picture: torch.Tensor, quality: int) -> torch.Tensor:
    return planes(degrade.jpeg(picture.permute(1, 2, 0).cpu().numpy(), quality))[0].to(picture.device)


def alter(kind: str, picture: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """A target that differs from its photograph in one word: else a text that only repeats c_f would be ignored."""
    if kind == "soft":
        return round8(blur(picture, float(rng.uniform(1.0, 2.5))))
    if kind == "grainy":
        return add_noise(picture, rng, 10, 25)
    if kind == "blocky":
        return jpeg(picture, int(rng.integers(6, 16)))
    strength = float(rng.uniform(1.4, 2.2))
    return round8(picture ** (1 / strength if kind == "bright" else strength))


def choose(shares: dict[str, float], rng: np.random.Generator) -> str:
    return list(shares)[draw(list(shares.values()), rng)]
