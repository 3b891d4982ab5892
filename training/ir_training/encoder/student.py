"""The student: convolutions alone, so that any size works and a token depends on its neighbourhood. Normalisation by batch statistics while it learns,
folded into the convolutions at export.
"""
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

MULTIPLE = 32  # pixels a token
UNSHUFFLE = 4


class Normalised(nn.Module):
    """Convolution and batch normalisation; `fold` makes one of the two."""

    def __init__(self, enter: int, leave: int, kernel: int, stride: int = 1, groups: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(enter, leave, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(leave)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(x))

    def fold(self) -> None:
        self.conv, self.norm = fuse_conv_bn_eval(self.conv, self.norm), nn.Identity()


class Block(nn.Module):
    """Each channel's neighbourhood, then all channels of a place; starts as the identity."""

    def __init__(self, channels: int, kernel: int, expand: int):
        super().__init__()
        self.space = Normalised(channels, channels, kernel, groups=channels)
        self.widen = Normalised(channels, expand * channels, 1)
        self.narrow = Normalised(expand * channels, channels, 1)
        nn.init.zeros_(self.narrow.norm.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.narrow(torch.relu(self.widen(self.space(x))))


class Student(nn.Module):
    """Pictures [n, 3, h, w] in [0, 1], sides multiples of 32, to embedding [n, d], their tokens' mean, and tokens [n, h/32 * w/32, d], row by row."""

    def __init__(self, dimension: int, stem: int, stages: list[dict]):
        super().__init__()
        layers, width = [Normalised(3 * UNSHUFFLE**2, stem, 3), nn.ReLU()], stem
        for stage in stages:
            channels = stage["channels"]
            layers += [Normalised(width, channels, 3, stride=2), nn.ReLU()]
            layers += [Block(channels, stage["kernel"], stage["expand"]) for _ in range(stage["blocks"])]
            width = channels
        self.body = nn.Sequential(*layers, nn.ReLU())
        self.head = nn.Conv2d(width, dimension, 1)

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = nn.functional.pixel_unshuffle(4 * picture - 1.8, UNSHUFFLE)
        tokens = self.head(self.body(x)).flatten(2)
        return tokens.mean(2), tokens.transpose(1, 2)

    def folded(self) -> "Student":
        for module in [m for m in self.modules() if isinstance(m, Normalised)]:
            module.fold()
        return self
