"""What the decoder's finishing asks of a picture beside nearness: that its local statistics be those of the photograph.

With MSCN coefficients n = (Y - mu) / (s + 1), Y in 0..255, mu and s the mean and deviation under a 7 x 7 Gaussian (sigma 7/6), at full and half
resolution. NIQE is built on the same coefficients, so NIQE is no independent witness of what this term gains: LPIPS stands beside it.
"""
import torch
from torch.nn import functional as F

SIGMA = 7 / 6
SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))
FLOOR = 1e-3


def _window() -> torch.Tensor:
    x = torch.arange(-3, 4, dtype=torch.float32)
    taps = torch.exp(-(x**2) / (2 * SIGMA**2))
    return taps / taps.sum()


WINDOW = _window()


def _smooth(y: torch.Tensor) -> torch.Tensor:
    rows = F.conv2d(F.pad(y, (3, 3, 0, 0), mode="replicate"), WINDOW.to(y.device)[None, None, None, :])
    return F.conv2d(F.pad(rows, (0, 0, 3, 3), mode="replicate"), WINDOW.to(y.device)[None, None, :, None])


def mscn(y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The coefficients, and the logarithm of s + 1, of luma (n, 1, h, w) in 0..255."""
    mean = _smooth(y)
    deviation = ((_smooth(y * y) - mean * mean).clamp_min(0) + 1e-2).sqrt() + 1
    return (y - mean) / deviation, deviation.log()


def moments(n: torch.Tensor) -> torch.Tensor:
    """(pictures, features): logarithms of E|n|, E n^2, and for products p with four neighbours E|p| and E p^2; and E p / E|p|."""
    mean = lambda a: a.mean((1, 2, 3))
    features = [(mean(n.abs()) + FLOOR).log(), (mean(n * n) + FLOOR).log()]
    for dy, dx in SHIFTS:
        p = n * torch.roll(n, (dy, dx), (2, 3))
        size = mean(p.abs()) + FLOOR
        features += [size.log(), (mean(p * p) + FLOOR).log(), mean(p) / size]
    return torch.stack(features, 1)


def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean distance of these moments, picture by picture, plus that of the local log deviation, position by position. RGB in [0, 1]."""
    total = output.new_zeros(())
    weights = output.new_tensor([0.299, 0.587, 0.114])[None, :, None, None] * 255
    a, b = (output * weights).sum(1, keepdim=True), (target * weights).sum(1, keepdim=True)
    for scale in range(2):
        if scale:
            a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        (na, la), (nb, lb) = mscn(a), mscn(b)
        total = total + (moments(na) - moments(nb)).abs().mean() + 0.5 * (la - lb).abs().mean()
    return total
