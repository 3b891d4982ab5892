"""Training in two phases: a steady one that can go on over any number of sittings, and an annealing that ends it (learning rate to 0).

The annealing starts from the latest steady checkpoint and leaves that untouched, so that steady training can be resumed later.
"""
import json
import os
import time
from pathlib import Path

import numpy as np
import torch

from .data import Patches
from .evaluate import quick_gains
from .model import Restorer


def rmse(output, target, floor):
    """Eq. 4 per picture, square root taken: mean over the batch of sqrt(MSE + floor^2). Heavy degradations weigh more than mild ones, but
    not by the square of their error, and PSNR is what it optimises."""
    mse = (output.float() - target).square().mean((1, 2, 3))
    return torch.sqrt(mse + floor * floor).mean()


class Run:
    def __init__(self, config: dict, folder: Path):
        self.config, self.folder = config, folder
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config["seed"])
        self.net = Restorer(**config["network"]).to(memory_format=torch.channels_last)
        self.ema = Restorer(**config["network"])
        self.ema.load_state_dict(self.net.state_dict())
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=config["optimizer"]["lr"], betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0

    def load(self, name: str) -> bool:
        path = self.folder / name
        if not path.exists():
            return False
        state = torch.load(path, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.ema.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]
        return True

    def save(self, name: str) -> None:
        state = {"net": self.net.state_dict(), "ema": self.ema.state_dict(), "optimizer": self.optimizer.state_dict()}
        temporary = self.folder / f"{name}.partial"
        torch.save({**state, "step": self.step, "seconds": self.seconds, "config": self.config}, temporary)
        os.replace(temporary, self.folder / name)

    def note(self, **record) -> None:
        with open(self.folder / "curve.jsonl", "a") as file:
            file.write(json.dumps({"step": self.step, "seconds": round(self.seconds), **record}) + "\n")

    def train(self, patches: Patches, val: Path, steps: int, anneal: bool) -> None:
        config = self.config
        base = config["optimizer"]
        first, losses = self.step, []
        name = "annealed.pt" if anneal else "steady.pt"
        saved = checked = time.time()
        while self.step < first + steps:
            began = time.time()
            warm = min(1.0, (self.step + 1) / base["warmup"])
            left = 1 - (self.step - first) / steps if anneal else 1.0
            for group in self.optimizer.param_groups:
                group["lr"] = base["lr"] * warm * left
            degraded, target = (torch.from_numpy(a) for a in patches.batch(self.step, config["batch"]))
            degraded = degraded.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=config["precision"] == "bf16"):
                output = self.net(degraded)
            loss = rmse(output, target, config["loss"]["floor"])
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), base["clip"])
            self.optimizer.step()
            self._average(base["ema"])
            self.step += 1
            losses.append(loss.item())
            self.seconds += time.time() - began
            if self.step % 100 == 0:
                self.note(phase="anneal" if anneal else "steady", loss=round(float(np.mean(losses)), 6))
                print(f"step {self.step} loss {np.mean(losses):.6f} {self.seconds / 60:.1f} min", flush=True)
                losses = []
            if time.time() - saved > 60 * config["checkpoint_minutes"]:
                self.save(name)
                saved = time.time()
            if time.time() - checked > 60 * config["validate_minutes"]:
                self.validate(val)
                checked = time.time()
        self.save(name)
        self.validate(val)

    def _average(self, keep: float) -> None:
        keep = min(keep, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.ema.parameters(), self.net.parameters()):
                mean.lerp_(now, 1 - keep)

    def validate(self, val: Path) -> None:
        gains = quick_gains(self.ema, val)
        self.note(validation=gains)
        print(f"step {self.step} " + " ".join(f"{k} {v:+.2f}" for k, v in gains.items()), flush=True)
