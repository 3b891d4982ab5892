"""Training of one part in two phases: a steady one that can go on over any number of sittings, and an annealing that ends it (learning rate
to 0). The annealing starts from the latest steady checkpoint and leaves that untouched, so that steady training can be resumed later.
"""
import copy
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from .data import Patches
from .evaluate import quick_gains
from .model import Alone, Expert, Gate


def build(name: str, network: dict) -> torch.nn.Module:
    return Gate(**network) if name == "gate" else Alone(Expert(**network))


class Run:
    """One part: network, averaged network, optimiser and how far it has come, in a folder of its own."""

    def __init__(self, config: dict, name: str, folder: Path):
        self.name, self.folder = name, folder / name
        self.config = {**{k: v for k, v in config.items() if k != "parts"}, **config["parts"][name]}
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config["seed"])
        self.net = build(name, self.config["network"]).to(memory_format=torch.channels_last)
        self.ema = copy.deepcopy(self.net)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=self.config["optimizer"]["lr"], betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0

    def load(self, checkpoint: str) -> bool:
        path = self.folder / checkpoint
        if not path.exists():
            return False
        state = torch.load(path, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.ema.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]
        return True

    def save(self, checkpoint: str) -> None:
        state = {"net": self.net.state_dict(), "ema": self.ema.state_dict(), "optimizer": self.optimizer.state_dict()}
        temporary = self.folder / f"{checkpoint}.partial"
        torch.save({**state, "step": self.step, "seconds": self.seconds}, temporary)
        os.replace(temporary, self.folder / checkpoint)

    def note(self, **record) -> None:
        with open(self.folder / "curve.jsonl", "a") as file:
            file.write(json.dumps({"step": self.step, "seconds": round(self.seconds), **record}) + "\n")

    def loss(self, degraded, target, noisy) -> torch.Tensor:
        """Eq. 4 in the L1 norm; for the gate, cross entropy of every block with what was done to its picture."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config["precision"] == "bf16"):
            output = self.net(F.pixel_unshuffle(degraded, 2) if self.name == "gate" else degraded)
        if self.name == "gate":
            return F.binary_cross_entropy_with_logits(output.float(), noisy[:, None, None, None].expand_as(output).float())
        return (output.float() - target).abs().mean()

    def train(self, patches: Patches, val: Path, steps: int, anneal: bool) -> None:
        base = self.config["optimizer"]
        first, losses = self.step, []
        checkpoint = "annealed.pt" if anneal else "steady.pt"
        saved = checked = time.time()
        while self.step < first + steps:
            began = time.time()
            left = 1 - (self.step - first) / steps if anneal else 1.0
            for group in self.optimizer.param_groups:
                group["lr"] = base["lr"] * min(1.0, (self.step + 1) / base["warmup"]) * left
            losses.append(self._update(patches, base))
            self.seconds += time.time() - began
            if self.step % 100 == 0:
                mean = float(np.mean(losses))
                self.note(phase="anneal" if anneal else "steady", loss=round(mean, 6))
                print(f"{self.name} step {self.step} loss {mean:.6f} {self.seconds / 60:.1f} min", flush=True)
                losses = []
            if time.time() - saved > 60 * self.config["checkpoint_minutes"]:
                self.save(checkpoint)
                saved = time.time()
            if time.time() - checked > 60 * self.config["validate_minutes"]:
                self.validate(val)
                checked = time.time()
        self.save(checkpoint)
        self.validate(val)

    def _update(self, patches: Patches, base: dict) -> float:
        degraded, target, noisy = (torch.from_numpy(a) for a in patches.batch(self.step, self.config["batch"]))
        loss = self.loss(degraded.contiguous(memory_format=torch.channels_last), target, noisy)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), base["clip"])
        self.optimizer.step()
        self._average(base["ema"])
        self.step += 1
        return loss.item()

    def _average(self, keep: float) -> None:
        keep = min(keep, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.ema.parameters(), self.net.parameters()):
                mean.lerp_(now, 1 - keep)

    def validate(self, val: Path) -> None:
        if not self.config["validate"]:
            return
        gains = quick_gains(self.ema, val, self.config["validate"])
        self.note(validation=gains)
        print(f"{self.name} step {self.step} " + " ".join(f"{k} {v:+.2f}" for k, v in gains.items()), flush=True)
