"""The kinds of pictures the latents are made of: degraded versions of a photograph, and targets altered to fit their words."""
import hashlib
import io
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from .. import degrade
from ..data import draw
from ..evaluate import degraded


class InitialRestoration:
    """M_phi (Eq. 3): the bundled restorer's graph, 8 bit in and out as in the product."""

    def __init__(self, models: Path, threads: int, name: str = "restorer-s"):
        path = models / name / f"{name}.onnx"
        if not path.exists():
            raise SystemExit(f"expected the initial restoration at {path}; export {name} first")
        self.fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
        return degrade.round8(self.session.run(None, {"input": planes})[0][0].transpose(1, 2, 0))


def degrade_by(kind: str, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One degraded version, equal in size. blur: sigma log-uniform in 0.8..8; noise: 2..25 of 255."""
    if kind == "blur":
        return degraded(picture, f"sigma{np.exp(rng.uniform(np.log(0.8), np.log(8)))}")
    if kind == "noise":
        return add_noise(picture, rng, 2, 25)
    return degraded(picture, kind)


def add_noise(picture: np.ndarray, rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    return degrade.round8(picture + rng.uniform(low, high) / 255 * rng.standard_normal(picture.shape, np.float32))


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(np.uint8(picture * 255 + 0.5)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).astype(np.float32) / np.float32(255)


def alter(kind: str, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A target that differs from its photograph in one word: else a text that only repeats c_f would be ignored."""
    if kind == "soft":
        return degrade.round8(degrade.blur(picture, float(rng.uniform(1.0, 2.5))))
    if kind == "grainy":
        return add_noise(picture, rng, 10, 25)
    if kind == "blocky":
        return jpeg(picture, int(rng.integers(6, 16)))
    strength = rng.uniform(1.4, 2.2)
    return degrade.round8(picture ** np.float32(1 / strength if kind == "bright" else strength))


def choose(shares: dict[str, float], rng: np.random.Generator) -> str:
    return list(shares)[draw(list(shares.values()), rng)]
