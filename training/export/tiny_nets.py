"""Networks of a few kilobytes with random weights and the ports of DiffBIR and SUPIR (13 and 10 control tensors): shapes, not skill.

Nothing in them looks at the whole picture (no normalisation over it), so that tiles with enough context equal the whole.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

LATENT = 4
TOKENS = 77


def conv(cin: int, cout: int, k: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(cin, cout, k, stride, k // 2)


class Cleaner(nn.Module):
    """M_phi: a picture in [0, 1] to one."""

    def __init__(self):
        super().__init__()
        self.a, self.b = conv(3, 6), conv(6, 3)

    def forward(self, x):
        return x + 0.2 * torch.tanh(self.b(F.silu(self.a(x))))


class Encoder(nn.Module):
    """A picture in [-1, 1] to means and logarithms of variances, an eighth of the side."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(conv(3, 6, 3, 2), nn.SiLU(), conv(6, 8, 3, 2), nn.SiLU(), conv(8, 2 * LATENT, 3, 2))

    def forward(self, x):
        mean, logvar = (4 * self.layers(x)).chunk(2, 1)
        return torch.cat([3 * mean, logvar - 2], 1)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = conv(LATENT, 24), conv(6, 24), conv(6, 12)

    def forward(self, z):
        up = lambda h: F.pixel_shuffle(h, 2)  # noqa: E731
        return torch.tanh(up(self.c(up(F.silu(self.b(up(F.silu(self.a(z)))))))))


class Text(nn.Module):
    def __init__(self, vocabulary: int, width: int, pooled: int = 0):
        super().__init__()
        self.words, self.places = nn.Embedding(vocabulary, width), nn.Parameter(torch.randn(TOKENS, width))
        self.pool = nn.Linear(width, pooled) if pooled else None

    def forward(self, tokens):
        context = torch.tanh(self.words(tokens) + self.places)
        return (context, self.pool(context.mean(1))) if self.pool else context


def embed_time(t: torch.Tensor, width: int) -> torch.Tensor:
    angles = t.float()[:, None] * torch.exp(-math.log(10000) * torch.arange(width // 2) / (width // 2))
    return torch.cat([angles.cos(), angles.sin()], 1)


class Block(nn.Module):
    """A residual convolution that feels time, text and vector, each as a shift of its channels."""

    def __init__(self, cin: int, cout: int, told: int):
        super().__init__()
        self.a, self.told, self.skip = conv(cin, cout), nn.Linear(told, cout), conv(cin, cout, 1)

    def forward(self, x, told):
        return self.skip(x) + self.a(F.silu(x)) + self.told(told)[:, :, None, None]


class Told(nn.Module):
    """Time, context and vector as one vector."""

    WIDTH = 8

    def __init__(self, context: int, vector: int):
        super().__init__()
        self.context = nn.Linear(context, self.WIDTH)
        self.vector = nn.Linear(vector, self.WIDTH) if vector else None

    def forward(self, t, context, vector=None):
        words = torch.tanh(self.context(context)) * torch.linspace(0, 1, TOKENS)[None, :, None]
        told = embed_time(t, self.WIDTH) + words.mean(1)
        return told + torch.tanh(self.vector(vector)) if self.vector else told


class Trunk(nn.Module):
    """First convolution, two blocks a level, a reduction between levels, and the middle: 3 levels + 1 give 10 tensors, 4 give 13."""

    def __init__(self, cin: int, levels: tuple[int, ...], told: int):
        super().__init__()
        self.first = conv(cin, levels[0])
        self.layers, self.kinds, at = nn.ModuleList(), [], levels[0]
        for i, width in enumerate(levels):
            if i:
                self.layers.append(conv(at, at, 3, 2))
                self.kinds.append("down")
            for _ in range(2):
                self.layers.append(Block(at, width, told))
                self.kinds.append("block")
                at = width
        self.middle = Block(at, at, told)

    def forward(self, x, told):
        features = [self.first(x)]
        for kind, layer in zip(self.kinds, self.layers):
            features.append(layer(features[-1]) if kind == "down" else layer(features[-1], told))
        return features, self.middle(features[-1], told)

    def widths(self) -> list[int]:
        at, out = self.first.out_channels, [self.first.out_channels]
        for kind, layer in zip(self.kinds, self.layers):
            at = at if kind == "down" else layer.a.out_channels
            out.append(at)
        return out


class Control(nn.Module):
    """The connector: a trunk over z and c_f, every feature through a 1x1 convolution (zero before training; random here, to be seen)."""

    def __init__(self, levels, context, vector=0):
        super().__init__()
        self.told = Told(context, vector)
        self.trunk = Trunk(2 * LATENT, levels, Told.WIDTH)
        widths = self.trunk.widths()
        self.outs = nn.ModuleList(conv(w, w, 1) for w in [*widths, widths[-1]])

    def forward(self, x, hint, timesteps, context, y=None):
        features, middle = self.trunk(torch.cat([x, hint], 1), self.told(timesteps, context, y))
        return tuple(out(f) for out, f in zip(self.outs, [*features, middle]))


class Denoiser(nn.Module):
    """Trunk and the way back up. Controls are added to the skips (DiffBIR), or modulate them by ZeroSFT with a control scale (SUPIR)."""

    def __init__(self, levels, context, vector=0, modulate=False):
        super().__init__()
        self.told = Told(context, vector)
        self.trunk = Trunk(LATENT, levels, Told.WIDTH)
        widths = self.trunk.widths()
        self.ups, at = nn.ModuleList(), widths[-1]
        for w in reversed(widths):
            self.ups.append(Block(at + w, w, Told.WIDTH))
            at = w
        self.last = conv(at, LATENT)
        self.mods = nn.ModuleList(nn.ModuleList([conv(w, w, 1) for _ in range(3)]) for w in [*widths, widths[-1]]) if modulate else None

    def joined(self, h, control, i, scale):
        if self.mods is None:
            return h + control
        shift, gamma, beta = (layer(control) for layer in self.mods[i])
        return ((h + shift) * (1 + gamma) + beta) * scale + h * (1 - scale)

    def forward(self, x, timesteps, context, y, controls, scale):
        told = self.told(timesteps, context, y)
        features, h = self.trunk(x, told)
        h = self.joined(h, controls[-1], len(features), scale)
        for i, up in zip(reversed(range(len(features))), self.ups):
            if h.shape[-2:] != features[i].shape[-2:]:
                h = F.interpolate(h, scale_factor=2.0, mode="nearest")
            h = torch.tanh(up(torch.cat([h, self.joined(features[i], controls[i], i, scale)], 1), told))
        return self.last(h) + 0.6 * x


class DiffbirDenoiser(Denoiser):
    def forward(self, x, timesteps, context, *controls):
        return super().forward(x, timesteps, context, None, controls, 1.0)


class SupirDenoiser(Denoiser):
    def forward(self, x, timesteps, context, y, control_scale, *controls):
        return super().forward(x, timesteps, context, y, controls, control_scale)
