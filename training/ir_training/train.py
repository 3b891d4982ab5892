"""The restorer's parts as runs: two experts trained on Eq. 4, and the gate between them."""
from pathlib import Path

import torch
from torch.nn import functional as F

from .data import Patches
from .evaluate import quick_gains
from .model import Alone, Expert, Gate
from .run import Run


class RestorerRun(Run):
    patches: Patches
    val: Path

    def prepare(self, packed: Path, val: Path) -> None:
        """The photographs to learn from and to choose on; what only loads a checkpoint needs neither."""
        self.patches = Patches(packed, self.config["mixture"], self.config["patch"], self.config["seed"])
        self.val = val

    def build(self) -> torch.nn.Module:
        network = self.config["network"]
        return Gate(**network) if self.name == "gate" else Alone(Expert(**network))

    def loss(self) -> torch.Tensor:
        """Eq. 4 in the L1 norm; for the gate, cross entropy of every block with what its picture needs."""
        degraded, target, classes = (self.tensor(a) for a in self.patches.batch(self.step, self.config["batch"]))
        degraded = degraded.contiguous(memory_format=torch.channels_last)
        with self.autocast():
            output = self.compiled(F.pixel_unshuffle(degraded, 2) if self.name == "gate" else degraded)
        if self.name == "gate":
            return F.cross_entropy(output.float(), classes[:, None, None].expand(-1, *output.shape[2:]))
        return (output.float() - target).abs().mean()

    def measure(self) -> dict | None:
        return quick_gains(self.ema, self.val, self.config["validate"]) if self.config["validate"] else None
