"""python -m ir_training pack|train|anneal|gains|export  (run in training/; see README.md)"""
import argparse
from pathlib import Path

import torch
import yaml

from . import evaluate, export
from .data import Patches, pack
from .train import Run

HERE = Path(__file__).resolve().parents[1]
SHARED = HERE.parents[1] / "shared" / "data"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ir_training", description=__doc__)
    parser.add_argument("command", choices=["pack", "train", "anneal", "gains", "export"])
    parser.add_argument("--config", type=Path, default=HERE / "configs" / "restorer-s.yaml")
    parser.add_argument("--part", help="train, anneal: which part of the configuration")
    parser.add_argument("--data", type=Path, default=SHARED / "train", help="folder of photographs to learn from")
    parser.add_argument("--val", type=Path, default=SHARED / "val", help="folder of photographs to choose on")
    parser.add_argument("--runs", type=Path, default=HERE / "runs")
    parser.add_argument("--steps", type=int, default=1_000_000, help="how many more steps (train: until stopped)")
    parser.add_argument("--checkpoint", default="annealed.pt", help="gains, export: which one")
    parser.add_argument("--limit", type=int, default=12, help="gains: number of pictures")
    parser.add_argument("--side", type=int, default=256, help="gains: side of the crops")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.command in ("train", "anneal") and not options.part:
        parser.error("expected --part sharp, noisy or gate")
    return options


def main() -> None:
    options = parse()
    torch.set_num_threads(options.threads)
    config = yaml.safe_load(options.config.read_text())
    packed = options.runs / "pack.npy"
    if options.command == "pack" or not packed.exists():
        pack(options.data, packed)
    folder = options.runs / config["id"]
    if options.command in ("train", "anneal"):
        run = Run(config, options.part, folder)
        print(f"{'resumed' if run.load('steady.pt') else 'started'} at step {run.step}", flush=True)
        patches = Patches(packed, run.config["mixture"], run.config["patch"], run.config["seed"])
        run.train(patches, options.val, options.steps, options.command == "anneal")
    elif options.command in ("gains", "export"):
        runs = {name: Run(config, name, folder) for name in config["parts"]}
        for run in runs.values():
            if not run.load(options.checkpoint):
                raise SystemExit(f"expected a checkpoint at {run.folder / options.checkpoint}; run train and anneal first")
        if options.command == "export":
            export.export(config, runs, HERE.parent / "models" / config["id"])
            return
        network = export.assemble(config, runs)
        for task, gain in evaluate.quick_gains(network, options.val, evaluate.TASKS, options.limit, options.side).items():
            print(f"{task:8s} {gain:+.3f}")


main()
