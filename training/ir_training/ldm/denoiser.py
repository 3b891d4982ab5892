"""The denoiser (Eq. 9, v-prediction) and the text encoder trained with it.

A U-Net of two levels at latent resolution. The spatial condition c_f enters beside z_t through a connector at the stem, text and time through
FiLM in every block. Normalisation is over the channels of one position (RMS), never over positions: tiles with enough overlap equal the whole.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

MULTIPLE = 2  # sides of the latent: the second level is at half resolution
FREQUENCIES = 32


class ChannelNorm(nn.Module):
    """x over the root mean square of its position's channels, times a gain per channel."""

    def __init__(self, channels: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        return x * torch.rsqrt((x * x).mean(1, keepdim=True) + 1e-5) * self.gain.to(x.dtype)[:, None, None]


class Block(nn.Module):
    """Residual; after the normalisation, scale and shift from the embedding of time and text."""

    def __init__(self, channels: int, embedding: int):
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.film = nn.Linear(embedding, 2 * channels)
        for module in (self.second, self.film):
            nn.init.zeros_(module.bias)
            with torch.no_grad():
                module.weight.mul_(0.1)

    def forward(self, x, embedding):
        scale, shift = self.film(embedding)[:, :, None, None].chunk(2, 1)
        h = self.first(F.silu(self.norm(x) * (1 + scale) + shift))
        return x + self.second(F.silu(h))


def waves(t: torch.Tensor) -> torch.Tensor:
    """(n) times in 0..999 to (n, 64): cosines, then sines, of periods up to 10,000."""
    rates = torch.exp(-math.log(10_000) / FREQUENCIES * torch.arange(FREQUENCIES, dtype=torch.float32, device=t.device))
    angles = t[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], 1)


class Denoiser(nn.Module):
    """x, hint (n, latent, h, w), normalised latents with even sides; t (n) float32; context (n, tokens, width) -> v, shaped as x."""

    def __init__(self, latent: int, channels: tuple[int, int], blocks: dict, embedding: int, context: int):
        super().__init__()
        wide, deep = channels
        self.time = nn.Sequential(nn.Linear(2 * FREQUENCIES, embedding), nn.SiLU(), nn.Linear(embedding, embedding))
        self.text = nn.Linear(context, embedding, bias=False)  # the empty prompt is zero and adds nothing
        self.stem = nn.Conv2d(latent, wide, 3, padding=1)
        self.connector = nn.Sequential(nn.Conv2d(latent, wide, 3, padding=1), nn.SiLU(), nn.Conv2d(wide, wide, 1))
        many = lambda width, count: nn.ModuleList([Block(width, embedding) for _ in range(count)])
        self.enter, self.deep, self.leave = many(wide, blocks["enter"]), many(deep, blocks["deep"]), many(wide, blocks["leave"])
        self.down = nn.Conv2d(4 * wide, deep, 1)
        self.up = nn.Conv2d(deep, 4 * wide, 1)
        self.join = nn.Conv2d(2 * wide, wide, 1)
        self.norm = ChannelNorm(wide)
        self.head = nn.Conv2d(wide, latent, 3, padding=1)
        self.direct = nn.Linear(embedding, 2 * latent)  # the linear part of the answer: so much of x, so much of the hint, by time
        for module in (self.head, self.direct):
            nn.init.zeros_(module.bias)
            with torch.no_grad():
                module.weight.mul_(0.1)
        self.reach = 1 + 2 * blocks["enter"] + 1 + 4 * blocks["deep"] + 1 + 2 * blocks["leave"] + 1

    def forward(self, x, hint, t, context):
        embedding = F.silu(self.time(waves(t)) + self.text(context.mean(1)))
        h = self.stem(x) + self.connector(hint)
        for block in self.enter:
            h = block(h, embedding)
        d = self.down(F.pixel_unshuffle(h, 2))
        for block in self.deep:
            d = block(d, embedding)
        h = self.join(torch.cat([F.pixel_shuffle(self.up(d), 2), h], 1))
        for block in self.leave:
            h = block(h, embedding)
        of_x, of_hint = self.direct(embedding)[:, :, None, None].chunk(2, 1)
        return self.head(F.silu(self.norm(h))) + of_x * x + of_hint * hint


class TextEncoder(nn.Module):
    """tokens int64 (n, length), 0 where empty, to context (n, length, width), zero where empty: one layer of attention among the words."""

    def __init__(self, vocabulary: int, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.words = nn.Embedding(vocabulary, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.mix = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))

    def forward(self, tokens):
        present = (tokens > 0).float()
        h = self.words(tokens)
        h = h + self.project(self._attention(self.norm1(h), present))
        h = h + self.mix(self.norm2(h))
        return h * present[:, :, None]

    def _attention(self, h, present):
        q, k, v = self.attend(h).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]) + (present[:, None, None, :] - 1) * 1e4
        return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)


class Conditioned(nn.Module):
    """Denoiser and text encoder as they are trained: together, from tokens."""

    def __init__(self, denoiser: dict, text: dict):
        super().__init__()
        self.denoiser, self.text = Denoiser(**denoiser), TextEncoder(**text)

    def forward(self, x, hint, t, tokens):
        return self.denoiser(x, hint, t, self.text(tokens))
