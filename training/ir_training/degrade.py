"""Eq. 1 on single crops: blur, reduction and enlargement, noise, each in the product's own conventions.

Pictures are float32 arrays (height, width, channels) in [0, 1].
"""
import io
from functools import lru_cache

import numpy as np
from PIL import Image
from scipy.ndimage import correlate1d


def gaussian_taps(sigma: float) -> np.ndarray:
    """Sampled Gaussian cut to the smallest odd size >= 6 sigma + 1, renormalised."""
    radius = int(np.ceil(3 * sigma))
    x = np.arange(-radius, radius + 1)
    taps = np.exp(-(x**2) / (2 * sigma**2))
    return (taps / taps.sum()).astype(np.float32)


def blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Separable blur, border reflect-101 (scipy calls it mirror)."""
    taps = gaussian_taps(sigma)
    rows = correlate1d(picture, taps, axis=0, mode="mirror")
    return correlate1d(rows, taps, axis=1, mode="mirror")


@lru_cache(maxsize=2)
def blur_matrix(n: int, sigma: float) -> np.ndarray:
    """`blur` along one axis of n samples as an n x n matrix."""
    taps = gaussian_taps(sigma)
    radius = len(taps) // 2
    index = np.abs(np.arange(n)[:, None] + np.arange(-radius, radius + 1)) % (2 * n - 2)
    index = np.minimum(index, 2 * n - 2 - index)
    matrix = np.zeros((n, n), np.float32)
    np.add.at(matrix, (np.repeat(np.arange(n), len(taps)), index.ravel()), np.tile(taps, n))
    return matrix


def _cubic(x: np.ndarray) -> np.ndarray:
    a = np.abs(x)
    near = 1.5 * a**3 - 2.5 * a**2 + 1
    far = -0.5 * a**3 + 2.5 * a**2 - 4 * a + 2
    return np.where(a <= 1, near, np.where(a < 2, far, 0))


@lru_cache(maxsize=64)
def resize_matrix(n: int, m: int) -> np.ndarray:
    """MATLAB imresize bicubic along one axis as an m x n matrix: antialiased, border symmetric, rows normalised."""
    scale = m / n
    stretch = min(1.0, scale)
    u = (np.arange(m) + 0.5) / scale - 0.5
    count = int(np.ceil(4 / stretch)) + 2
    at = np.floor(u - 2 / stretch)[:, None] + np.arange(count)
    weight = stretch * _cubic(stretch * (u[:, None] - at))
    weight /= weight.sum(1, keepdims=True)
    index = np.mod(at, 2 * n).astype(int)
    index = np.where(index >= n, 2 * n - 1 - index, index)
    matrix = np.zeros((m, n), np.float64)
    np.add.at(matrix, (np.repeat(np.arange(m), count), index.ravel()), weight.ravel())
    return matrix.astype(np.float32)


def resize(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    rows = np.tensordot(resize_matrix(picture.shape[0], height), picture, (1, 0))
    return np.tensordot(resize_matrix(picture.shape[1], width), rows, (1, 1)).transpose(1, 0, 2)


def round8(picture: np.ndarray) -> np.ndarray:
    """To 8 bit and back: half up, clipped."""
    return np.floor(np.clip(picture, 0, 1) * 255 + np.float32(0.5)) / np.float32(255)


def bytes8(picture: np.ndarray) -> np.ndarray:
    """The same as uint8."""
    return (round8(picture) * 255 + 0.5).astype(np.uint8)


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(bytes8(picture)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"), np.float32) / np.float32(255)


def super_resolution(picture: np.ndarray, scale: int) -> np.ndarray:
    """Down by `scale` rounded to 8 bit (the small picture), without bringing it up."""
    height, width = picture.shape[:2]
    return round8(resize(picture, height // scale, width // scale))
