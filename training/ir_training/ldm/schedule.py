"""The cosine schedule over 1000 steps (betas cut at 0.999), v-prediction, and DDIM: in the product's own conventions (`law: cosine`)."""
import math

import numpy as np
import torch

STEPS = 1000


def alpha_bars() -> np.ndarray:
    """abar_t for t = 0..999, float64."""
    bar = lambda u: math.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = [min(1 - bar((i + 1) / STEPS) / bar(i / STEPS), 0.999) for i in range(STEPS)]
    return np.cumprod(1 - np.array(betas))


ALPHA_BARS = torch.from_numpy(alpha_bars()).float()


def roots(t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """sqrt(abar_t) and sqrt(1 - abar_t), shaped to multiply (n, c, h, w)."""
    bars = ALPHA_BARS.to(t.device)[t.long()][:, None, None, None]
    return bars.sqrt(), (1 - bars).sqrt()


def diffuse(clean: torch.Tensor, noise: torch.Tensor, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """z_t of Eq. 8 and the velocity that the network has to tell from it."""
    signal, rest = roots(t)
    return signal * clean + rest * noise, signal * noise - rest * clean


def trailing(steps: int) -> list[int]:
    """round(999, ..., falling by 1000 / steps)."""
    return [max(0, round(STEPS - STEPS * i / steps) - 1) for i in range(steps)]


@torch.inference_mode()
def ddim(velocity, start: torch.Tensor, steps: int) -> torch.Tensor:
    """Eta 0 from pure noise; `velocity(z, t)` with t a float32 (n); the last step lands on the predicted clean sample."""
    times, z = trailing(steps), start
    for i, time in enumerate(times):
        t = torch.full((len(z),), float(time))
        signal, rest = roots(t)
        v = velocity(z, t)
        clean, noise = signal * z - rest * v, rest * z + signal * v
        if i + 1 == len(times):
            return clean
        signal, rest = roots(torch.full((len(z),), float(times[i + 1])))
        z = signal * clean + rest * noise
    return z
