"""Training of one part in two phases: a steady one that can go on over any number of sittings, and an annealing that ends it (learning rate
to 0). The annealing starts from the latest steady checkpoint and leaves that untouched, so that steady training can be resumed later.
"""
import copy
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch

NOTE_EVERY = 100  # steps


class Run:
    """One part: network, averaged network, optimiser and how far it has come, in a folder of its own. Kinds of parts say what the loss is."""

    device = "cpu"

    def __init__(self, config: dict, name: str, folder: Path):
        self.name, self.folder = name, folder / name
        self.config = {**{k: v for k, v in config.items() if k != "parts"}, **config["parts"][name]}
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config["seed"])
        self.net = self.build().to(self.device, memory_format=torch.channels_last)
        self.ema = copy.deepcopy(self.net)
        # Not on CUDA: PyTorch 2.11 compiled a backward pass there that it refused, and none since has been tried.
        self.compiled = torch.compile(self.net) if self.device == "cpu" else self.net
        self.base = self.config["optimizer"]
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=self.base["lr"], betas=(0.9, 0.99), fused=self.device == "cuda")
        self.step, self.seconds = 0, 0.0
        self.begun = 0  # the step at which this optimiser began: it warms up from there

    def build(self) -> torch.nn.Module:
        raise NotImplementedError

    def loss(self) -> torch.Tensor:
        """Of the batch of step `self.step`, a function of seed and step alone."""
        raise NotImplementedError

    def measure(self) -> dict | None:
        """What the averaged network reaches on the photographs to choose on; None where a part has no such number of its own."""
        return None

    def state(self) -> dict:
        return {"net": self.net.state_dict(), "ema": self.ema.state_dict(), "optimizer": self.optimizer.state_dict()}

    def restore(self, state: dict) -> None:
        self.net.load_state_dict(state["net"])
        self.ema.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])

    def load(self, checkpoint: str) -> bool:
        path = self.folder / checkpoint
        if not path.exists():
            return False
        state = torch.load(path, weights_only=True, map_location=self.device)
        self.restore(state)
        self.step, self.seconds, self.begun = state["step"], state["seconds"], state.get("begun", 0)
        return True

    def save(self, checkpoint: str) -> None:
        temporary = self.folder / f"{checkpoint}.partial"
        torch.save({**self.state(), "step": self.step, "seconds": self.seconds, "begun": self.begun}, temporary)
        os.replace(temporary, self.folder / checkpoint)

    def note(self, **record) -> None:
        with open(self.folder / "curve.jsonl", "a") as file:
            file.write(json.dumps({"step": self.step, "seconds": round(self.seconds), **record}) + "\n")

    def tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self.device)

    def autocast(self):
        return torch.autocast(self.device, torch.bfloat16, enabled=self.config["precision"] == "bf16")

    def train(self, steps: int, anneal: bool, minutes: float = math.inf) -> None:
        """Until so many steps or minutes are over, whichever comes first; the annealing falls towards that."""
        if steps <= 0:
            return
        first, losses, began = self.step, [], time.time()
        checkpoint = "annealed.pt" if anneal else "steady.pt"
        saved = checked = time.time()
        while (left := 1 - max((self.step - first) / steps, (time.time() - began) / (60 * minutes))) > 0:
            started = time.time()
            self.set_rate(min(1.0, (self.step + 1 - self.begun) / self.base["warmup"]) * (left if anneal else 1.0))
            losses.append(self.update())
            self._average(min(self.base["ema"], (1 + self.step) / (10 + self.step)))  # the first ones count for little
            self.step += 1
            self.seconds += time.time() - started
            if self.step % NOTE_EVERY == 0:
                self._note_losses(losses, anneal)
                losses = []
            if time.time() - saved > 60 * self.config["checkpoint_minutes"]:
                self.save(checkpoint)
                saved = time.time()
            if time.time() - checked > 60 * self.config["validate_minutes"]:
                self.validate()
                checked = time.time()
        self.save(checkpoint)
        self.validate()

    def set_rate(self, factor: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.base["lr"] * factor

    def update(self) -> dict[str, torch.Tensor]:
        """One step of the optimiser; the losses by name, `loss` among them, on the device: reading each at once would make it wait."""
        loss = self.loss()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.apply()
        return {"loss": loss.detach()}

    def apply(self) -> None:
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.base["clip"])
        self.optimizer.step()

    def _note_losses(self, losses: list[dict[str, torch.Tensor]], anneal: bool) -> None:
        means = {name: round(torch.stack([l[name] for l in losses]).mean().item(), 6) for name in losses[0]}
        self.note(phase="anneal" if anneal else "steady", **means)
        print(f"{self.name} step {self.step} {text(means)} {self.seconds / 60:.1f} min", flush=True)

    def _average(self, keep: float) -> None:
        with torch.no_grad():
            torch._foreach_lerp_(list(self.ema.parameters()), list(self.net.parameters()), 1 - keep)

    def validate(self) -> None:
        measured = self.measure()
        if not measured:
            return
        self.note(validation=measured)
        print(f"{self.name} step {self.step} {text(measured)}", flush=True)


def complete(make, folder: Path, plan: dict) -> None:
    """Both phases of the part in `folder` with the configuration's numbers of steps; goes on where it was interrupted. `make()` gives the run, ready to train."""
    if (folder / "annealed.pt").exists() and (folder / "finished").exists():
        print(f"{folder.name} is finished", flush=True)
        return
    for steps, anneal in ((max(0, plan["steady"] - steps_done(folder)), False), (plan["anneal"], True)):
        run = make()
        print(f"{run.name} {'resumed' if run.load('steady.pt') else 'started'} at step {run.step}", flush=True)
        run.train(steps, anneal)
    (folder / "finished").touch()


def steps_done(folder: Path) -> int:
    path = folder / "steady.pt"
    return torch.load(path, weights_only=True)["step"] if path.exists() else 0


def text(values: dict[str, float]) -> str:
    return " ".join(f"{k} {v:.6g}" for k, v in values.items())


def curve(runs: dict):
    """Every validation, and the loss of every 500th step, part by part."""
    for name, run in runs.items():
        file = run.folder / "curve.jsonl"
        for line in file.read_text().splitlines() if file.exists() else []:
            record = json.loads(line)
            if "validation" in record or record["step"] % 500 == 0:
                yield json.dumps({"part": name, **record}) + "\n"
