"""The compact restorer: two resolutions, no normalisation, global residual; nothing looks at the whole picture, so tiles equal the whole."""
import torch
from torch import nn
from torch.nn import functional as F


class Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.1)

    def forward(self, x):
        return x + self.second(F.relu(self.first(x)))


class Restorer(nn.Module):
    """RGB in [0, 1], sides multiples of 4, in and out. Most of the work is done at a quarter of the resolution, where it is cheap."""

    def __init__(self, half: int, quarter: int, encoder: int, trunk: int, decoder: int):
        super().__init__()
        blocks = lambda channels, count: nn.Sequential(*[Residual(channels) for _ in range(count)])
        self.stem = nn.Conv2d(12, half, 3, padding=1)
        self.encoder = blocks(half, encoder)
        self.down = nn.Conv2d(4 * half, quarter, 1)
        self.trunk = blocks(quarter, trunk)
        self.up = nn.Conv2d(quarter, 4 * half, 1)
        self.decoder = blocks(half, decoder)
        self.tail = nn.Conv2d(half, 12, 3, padding=1)
        with torch.no_grad():
            self.tail.weight.mul_(0.1)
            self.tail.bias.zero_()

    def forward(self, input):
        skip = self.encoder(self.stem(F.pixel_unshuffle(input, 2)))
        deep = self.trunk(self.down(F.pixel_unshuffle(skip, 2)))
        features = self.decoder(skip + F.pixel_shuffle(self.up(deep), 2))
        return input + F.pixel_shuffle(self.tail(features), 2)

    @staticmethod
    def reach(encoder: int, trunk: int, decoder: int) -> int:
        """How far, in pixels, an input sample can change the output: the overlap with which tiles equal the whole picture."""
        return 2 * (1 + 2 * encoder) + 4 * (2 * trunk) + 2 * (2 * decoder + 1) + 4
