"""The student: convolutions alone, so that any size works and a token depends on its neighbourhood. Normalisation by batch statistics while it learns,
folded into the convolutions at export.
"""
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

MULTIPLE = 32  # pixels a token
SQUARE = 4  # pixels of the cosine transform


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


def cosines(side: int) -> torch.Tensor:
    """The two-dimensional cosine transform of each colour's squares, as the weights of a convolution, [3 side^2, 3, side, side]."""
    at = torch.arange(side)
    rows = torch.cos(torch.pi * (at + 0.5) * at[:, None] / side)
    rows = rows / rows.norm(dim=1, keepdim=True)
    plane = torch.einsum("ux,vy->uvxy", rows, rows).reshape(side**2, side, side)
    weights = torch.zeros(3, side**2, 3, side, side)
    for colour in range(3):
        weights[colour, :, colour] = plane
    return weights.flatten(0, 1)


class Frequencies(nn.Module):
    """Squares of the picture as cosine coefficients, each to its own scale and compressed: what blur, noise and compression change is a thousandth of a
    photograph's variance, and would be learnt last.
    """

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3 * SQUARE**2, affine=False)
        self.register_buffer("transform", cosines(SQUARE), persistent=False)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", enabled=False):  # half precision rounds pixels to a level, which is more than fine coefficients are
            return nn.functional.softsign(2 * self.norm(nn.functional.conv2d(picture, self.transform, stride=SQUARE)))

    def folded(self) -> nn.Module:
        conv = nn.Conv2d(3, len(self.transform), SQUARE, SQUARE)
        scale = 2 / (self.norm.running_var + self.norm.eps).sqrt()
        conv.weight.data.copy_(self.transform * scale[:, None, None, None])
        conv.bias.data.copy_(-self.norm.running_mean * scale)
        return nn.Sequential(conv, nn.Softsign())


class Embedding(nn.Sequential):
    """Two layers over means; what comes out is centred over pictures and rectified, so that different pictures lie far apart."""

    dropped = 0.0  # share of what enters each layer, while it learns

    def __init__(self, enter: int, dimension: int):
        layer = lambda width: [nn.Linear(width, dimension, bias=False), nn.BatchNorm1d(dimension), nn.ReLU()]
        super().__init__(*layer(enter), *layer(dimension))

    def forward(self, means: torch.Tensor) -> torch.Tensor:
        for k, module in enumerate(self):
            if k % 3 == 0:
                means = nn.functional.dropout(means, self.dropped, self.training)
            means = module(means)
        return means

    def folded(self) -> nn.Module:
        one, two = (fuse_linear_bn_eval(self[k], self[k + 1]) for k in (0, 3))
        return nn.Sequential(one, nn.ReLU(), two, nn.ReLU())


class Student(nn.Module):
    """Pictures [n, 3, h, w] in [0, 1], sides multiples of 32, to embedding [n, d] and tokens [n, h/32 * w/32, d], row by row. The embedding is read off
    the means of every stage: what is fine (sharpness, grain) and what is coarse both tell pictures apart.
    """

    def __init__(self, dimension: int, stem: int, stages: list[dict]):
        super().__init__()
        self.stem = nn.Sequential(Frequencies(), Normalised(3 * SQUARE**2, stem, 3), nn.ReLU())
        self.stages = nn.ModuleList()
        width = stem
        for stage in stages:
            channels = stage["channels"]
            blocks = [Block(channels, stage["kernel"], stage["expand"]) for _ in range(stage["blocks"])]
            self.stages.append(nn.Sequential(Normalised(width, channels, 3, stride=2), nn.ReLU(), *blocks, nn.ReLU()))
            width = channels
        self.whole = Embedding(stem + sum(stage["channels"] for stage in stages), dimension)
        self.square = nn.Conv2d(width, dimension, 1)

    def layers(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The means of every stage [n, c], in full precision, and the last stage itself."""
        x = self.stem(picture)
        means = [x.float().mean((2, 3))]
        for stage in self.stages:
            x = stage(x)
            means.append(x.float().mean((2, 3)))
        return torch.cat(means, 1), x

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        means, last = self.layers(picture)
        with torch.autocast("cpu", enabled=False):
            embedding = self.whole(means)
        return embedding, self.square(last).flatten(2).transpose(1, 2)

    def folded(self) -> "Student":
        """Without normalisation, which becomes part of the layers before it."""
        self.stem[0], self.whole = self.stem[0].folded(), self.whole.folded()
        for module in [m for m in self.modules() if isinstance(m, Normalised)]:
            module.fold()
        return self
