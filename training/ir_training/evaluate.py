"""Gains in RGB PSNR over doing nothing, 8 bit in and out: quick ones for choosing, by the network in PyTorch."""
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from . import degrade
from .data import SUFFIXES, planes, read

TASKS = ["sigma1", "sigma2", "sigma4", "sigma10", "sigma20", "sr2", "sr4", "noise5", "noise15", "noise25", "clean"]


def degraded(picture: np.ndarray, task: str, seed: int = 0) -> np.ndarray:
    if task.startswith("sigma"):
        return degrade.round8(degrade.blur(picture, float(task[5:])))
    if task.startswith("sr"):
        return degrade.round8(degrade.resize(degrade.super_resolution(picture, int(task[2:])), *picture.shape[:2]))
    if task.startswith("noise"):
        rng = np.random.default_rng(seed)
        return degrade.round8(picture + float(task[5:]) / 255 * rng.standard_normal(picture.shape, np.float32))
    return picture


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    mse = np.mean((a.astype(np.float64) - b) ** 2)
    return float(-10 * np.log10(max(mse, 1e-10)))


@lru_cache(maxsize=4)
def pictures(folder: Path, limit: int, side: int) -> list:
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    chosen = files[:: max(1, len(files) // limit)][:limit]
    return [read(p)[:side, :side].astype(np.float32) / np.float32(255) for p in chosen]


def restore(network, picture: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        output = network(planes(picture))
    return degrade.round8(output[0].numpy().transpose(1, 2, 0))


def quick_gains(network, folder: Path, tasks: list[str], limit: int = 12, side: int = 256) -> dict:
    """Mean gain per task over `limit` corner crops; for `clean`, the PSNR itself."""
    gains = {}
    for task in tasks:
        values = []
        for x in pictures(Path(folder), limit, side):
            y = degraded(x, task)
            after = psnr(restore(network, y), x)
            values.append(after if task == "clean" else after - psnr(y, x))
        gains[task] = round(float(np.mean(values)), 3)
    return gains
