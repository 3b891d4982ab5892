"""The compact restorer: two experts and a gate, no normalisation, global residual.

Noise and blur ask for opposite things (suppress high frequencies, raise them), and one small network that must do both does neither well.
So one expert learns blur and reduction, the other noise, each on its own pictures alone, and a gate looks at a neighbourhood and says
which of them it needs, or neither: so that neither expert has to learn to leave a clean photograph alone, which costs the mild blurs dearly. Nothing looks at the whole picture, so tiles with enough overlap equal the whole.
"""
import torch
from torch import nn
from torch.nn import functional as F

CLASSES = ("sharp", "noisy", "clean")
MULTIPLE = 8  # sides of the picture: the gate works at an eighth


class Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.1)

    def forward(self, x):
        return x + self.second(F.relu(self.first(x)))


class Expert(nn.Module):
    """RGB unshuffled by 2 (12 planes) in, the correction to it out. All work is done at half the resolution."""

    def __init__(self, channels: int, blocks: int):
        super().__init__()
        self.stem = nn.Conv2d(12, channels, 3, padding=1)
        self.trunk = nn.Sequential(*[Residual(channels) for _ in range(blocks)])
        self.tail = nn.Conv2d(channels, 12, 3, padding=1)
        self.reach = 2 * (2 * blocks + 2) + 2
        with torch.no_grad():
            self.tail.weight.mul_(0.1)
            self.tail.bias.zero_()

    def forward(self, half):
        return self.tail(self.trunk(self.stem(half)))


def haar(gain: float) -> torch.Tensor:
    """Detail bands of each 2x2 block as filters over the 12 unshuffled planes, both signs, so that rectifying gives their magnitude: (18, 12)."""
    bands = torch.tensor([[1.0, -1, -1, 1], [1, -1, 1, -1], [1, 1, -1, -1]])
    filters = torch.zeros(3, 3, 3, 4)
    for colour in range(3):
        filters[colour, :, colour] = bands
    filters = filters.reshape(9, 12)
    return gain * torch.cat([filters, -filters])


class Gate(nn.Module):
    """What a neighbourhood of about 140 pixels needs, a logit each per 8x8 block: the sharp expert, the noise expert, nothing (CLASSES). Starts
    from the magnitudes of the finest details, which noise raises in every band alike; from random filters it does not find them."""

    WINDOW = 17  # blocks

    def __init__(self, channels: int):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(12, channels, 3, padding=1), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, stride=2), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, stride=2), nn.ReLU(),
        )
        self.pool = nn.AvgPool2d(self.WINDOW, stride=1, padding=self.WINDOW // 2, count_include_pad=False)
        self.head = nn.Sequential(nn.Conv2d(channels, channels, 1), nn.ReLU(), nn.Conv2d(channels, len(CLASSES), 1))
        self.reach = 2 + 2 + 4 + 8 * (self.WINDOW // 2 + 1)
        with torch.no_grad():
            stem = self.features[0]
            stem.weight[:18] *= 0.1
            stem.weight[:18, :, 1, 1] += haar(8.0)

    def forward(self, half):
        return self.head(self.pool(self.features(half)))


class Restorer(nn.Module):
    """RGB in [0, 1], sides multiples of 8, in and out: input + g_0 sharp(input) + g_1 noisy(input), g = softmax(gate(input))."""

    def __init__(self, sharp: dict, noisy: dict, gate: dict):
        super().__init__()
        self.sharp, self.noisy, self.gate = Expert(**sharp), Expert(**noisy), Gate(**gate)

    def forward(self, input):
        half = F.pixel_unshuffle(input, 2)
        g = F.interpolate(torch.softmax(self.gate(half), 1), scale_factor=4, mode="nearest")
        return input + F.pixel_shuffle(g[:, :1] * self.sharp(half) + g[:, 1:2] * self.noisy(half), 2)

    @property
    def reach(self) -> int:
        """How far, in pixels, an input sample can change the output: the overlap with which tiles equal the whole picture."""
        return max(self.sharp.reach, self.noisy.reach, self.gate.reach)


class Alone(nn.Module):
    """One expert as a restorer by itself: what it is while it is trained."""

    def __init__(self, expert: Expert):
        super().__init__()
        self.expert = expert

    def forward(self, input):
        return input + F.pixel_shuffle(self.expert(F.pixel_unshuffle(input, 2)), 2)
