"""The autoencoder, factor 8: RGB in [0, 1] -> 16 latent channels -> RGB (12 numbers in, 1 out: a real bottleneck).

Wide layers at low resolution: an unshuffle by 4 first, one by 2 in the middle, residual blocks without normalisation, so that nothing looks at
the whole picture and tiles with enough overlap equal it. The encoder gives its latent directly (a mode, no moments); a small L2 term keeps
it in bounds. It is not normalised: per-channel mean and deviation are measured afterwards and stand beside the graphs.
"""
import torch
from torch import nn
from torch.nn import functional as F

from ..model import Residual

FACTOR = 8


def trunk(channels: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(*[Residual(channels) for _ in range(blocks)])


class Encoder(nn.Module):
    """(n, 3, h, w), sides multiples of 8, to (n, latent, h / 8, w / 8)."""

    def __init__(self, latent: int, quarter: dict, eighth: dict):
        super().__init__()
        self.stem = nn.Conv2d(48, quarter["channels"], 3, padding=1)
        self.quarter = trunk(**quarter)
        self.down = nn.Conv2d(4 * quarter["channels"], eighth["channels"], 1)
        self.eighth = trunk(**eighth)
        self.head = nn.Conv2d(eighth["channels"], latent, 3, padding=1)
        self.reach = 4 * (2 * quarter["blocks"] + 1) + 8 * (2 * eighth["blocks"] + 1) + 7

    def forward(self, image):
        h = self.quarter(self.stem(F.pixel_unshuffle(image * 2 - 1, 4)))
        return self.head(self.eighth(self.down(F.pixel_unshuffle(h, 2))))


class Decoder(nn.Module):
    """(n, latent, h, w) to (n, 3, 8 h, 8 w); wider at the quarter resolution than the encoder: texture is made there."""

    def __init__(self, latent: int, quarter: dict, eighth: dict):
        super().__init__()
        self.stem = nn.Conv2d(latent, eighth["channels"], 3, padding=1)
        self.eighth = trunk(**eighth)
        self.up = nn.Conv2d(eighth["channels"], 4 * quarter["channels"], 1)
        self.quarter = trunk(**quarter)
        self.tail = nn.Conv2d(quarter["channels"], 48, 3, padding=1)
        self.reach = 8 * (2 * eighth["blocks"] + 1) + 4 * (2 * quarter["blocks"] + 1) + 7

    def forward(self, latent):
        h = F.pixel_shuffle(self.up(self.eighth(self.stem(latent))), 2)
        return F.pixel_shuffle(self.tail(self.quarter(h)), 4) * 0.5 + 0.5


class Autoencoder(nn.Module):
    def __init__(self, latent: int, encoder: dict, decoder: dict):
        super().__init__()
        self.encoder, self.decoder = Encoder(latent, **encoder), Decoder(latent, **decoder)

    def forward(self, image):
        latent = self.encoder(image)
        return self.decoder(latent), latent
