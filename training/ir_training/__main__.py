"""python -m ir_training COMMAND  (run in training/; see README.md)

restorer-s: pack|train|anneal|gains|export|all, parts sharp, noisy, gate
ldm-s:      train|anneal|latents|evaluate|export|adopt|all, parts vae, decoder, denoiser
encoder-s:  views|train|anneal|evaluate|export|all, parts student, head
"""
import argparse
import math
from pathlib import Path

import torch
import yaml

from . import encoder, evaluate, export, ldm
from .data import pack, packed
from .run import Run, complete
from .train import RestorerRun

HERE = Path(__file__).resolve().parents[1]
SHARED = HERE.parents[1] / "shared" / "data"
COMMANDS = {
    "restorer": ["pack", "train", "anneal", "gains", "export", "all"],
    "latent-diffusion": ["pack", "train", "anneal", "latents", "evaluate", "export", "adopt", "all"],
    "encoder": ["pack", "views", "train", "anneal", "evaluate", "export", "all"],
}
MODEL_OF_PART = {"vae": "ldm-s", "decoder": "ldm-s", "denoiser": "ldm-s", "student": "encoder-s", "head": "encoder-s"}
MODEL_OF_COMMAND = {"latents": "ldm-s", "adopt": "ldm-s", "evaluate": "ldm-s", "all": "ldm-s", "views": "encoder-s"}


def parse() -> tuple[argparse.Namespace, dict]:
    parser = argparse.ArgumentParser(prog="python -m ir_training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=sorted({c for commands in COMMANDS.values() for c in commands}))
    parser.add_argument("--model", help="restorer-s, ldm-s or encoder-s: whose configuration in configs/; told by part or command where they leave no choice")
    parser.add_argument("--config", type=Path, help="a configuration of your own")
    parser.add_argument("--part", help="train, anneal, all, adopt: which part of the configuration")
    parser.add_argument("--data", type=Path, default=SHARED / "train", help="folder of photographs to learn from")
    parser.add_argument("--val", type=Path, default=SHARED / "val", help="folder of photographs to choose on")
    parser.add_argument("--teacher", type=Path, default=SHARED / "weights" / "efficientnet_lite0.onnx", help="encoder-s: the graph that teaches it")
    parser.add_argument("--runs", type=Path, default=HERE / "runs")
    parser.add_argument("--models", type=Path, default=HERE.parent / "models", help="export: where to; latents, evaluate: where restorer-s lies; adopt: where from")
    parser.add_argument("--steps", type=int, default=1_000_000, help="how many more steps (train: until stopped)")
    parser.add_argument("--minutes", type=float, default=math.inf, help="train, anneal: at most so long")
    parser.add_argument("--checkpoint", default="annealed.pt", help="gains, evaluate, export: which one")
    parser.add_argument("--limit", type=int, default=12, help="gains, evaluate: number of pictures")
    parser.add_argument("--side", type=int, default=256, help="gains: side of the crops")
    parser.add_argument("--rounds", type=int, help="latents: degraded versions of each photograph (default: the configuration's)")
    parser.add_argument("--sampling", type=int, default=20, help="evaluate: DDIM steps")
    parser.add_argument("--guidance", type=float, default=1.0, help="evaluate: weight of the prompt over the empty one")
    parser.add_argument("--prompt", default="sharp", help="evaluate: quality words joined to the caption")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="latents, train, anneal and all of restorer-s and ldm-s")
    options = parser.parse_args()
    model = options.model or MODEL_OF_PART.get(options.part) or MODEL_OF_COMMAND.get(options.command, "restorer-s")
    config = yaml.safe_load((options.config or HERE / "configs" / f"{model}.yaml").read_text())
    check(parser, options, config)
    return options, config


def check(parser: argparse.ArgumentParser, options: argparse.Namespace, config: dict) -> None:
    commands = COMMANDS[config.get("kind", "restorer")]
    if options.command not in commands:
        parser.error(f"expected for {config['id']} one of {', '.join(commands)}, got {options.command}")
    if (options.command in ("train", "anneal") or options.part) and options.part not in config["parts"]:
        parser.error(f"expected --part {', '.join(config['parts'])}, got {options.part}")
    if options.minutes <= 0:
        parser.error(f"expected --minutes above 0, got {options.minutes}")
    if options.device != "cpu" and (config.get("kind") == "encoder" or options.command not in ("latents", "train", "anneal", "all")):
        parser.error(f"expected --device cpu for {config['id']} {options.command}, got {options.device}")


def main() -> None:
    options, config = parse()
    torch.set_num_threads(options.threads)
    Run.device = options.device
    crops = options.runs / "pack.npy"
    if options.command == "pack":
        return pack(options.data, crops)
    packed(options.data, crops)
    kinds = {"latent-diffusion": ldm.main, "encoder": encoder.main, "restorer": restorer}
    kinds[config.get("kind", "restorer")](options, config, crops)


def restorer(options: argparse.Namespace, config: dict, packed: Path) -> None:
    folder = options.runs / config["id"]

    def part(name: str) -> RestorerRun:
        run = RestorerRun(config, name, folder)
        run.prepare(packed, options.val)
        return run

    if options.command == "all":
        for name in [options.part] if options.part else config["parts"]:
            complete(lambda: part(name), folder / name, config["parts"][name]["plan"])
        if options.part:
            return
    if options.command in ("train", "anneal"):
        run = part(options.part)
        print(f"{'resumed' if run.load('steady.pt') else 'started'} at step {run.step}", flush=True)
        run.train(options.steps, options.command == "anneal", options.minutes)
        return
    runs = {name: RestorerRun(config, name, folder) for name in config["parts"]}
    for run in runs.values():
        if not run.load(options.checkpoint):
            raise SystemExit(f"expected a checkpoint at {run.folder / options.checkpoint}; run train and anneal first")
    if options.command in ("export", "all"):
        export.export(config, runs, options.models / config["id"])
        return
    network = export.assemble(config, runs)
    for task, gain in evaluate.quick_gains(network, options.val, evaluate.TASKS, options.limit, options.side).items():
        print(f"{task:8s} {gain:+.3f}")


main()
