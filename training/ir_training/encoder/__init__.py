"""The small image encoder that stands in for a published one in alignment (Eq. 13-15): `views`, `train`, `anneal`, `evaluate`, `export`."""
import argparse
from pathlib import Path

from . import bars, export, views
from .runs import StudentRun
from .teacher import Teacher


def main(options: argparse.Namespace, config: dict, packed: Path) -> None:
    folder = options.runs / config["id"]
    if options.command == "views":
        views.build(folder / "views", packed, config, Teacher(options.teacher))
        return
    run = StudentRun(config, "student", folder)
    if options.command in ("train", "anneal"):
        run.prepare(folder / "views", bars.Bars(options.val, folder / "bars", options.teacher))
        print(f"{'resumed' if run.load('steady.pt') else 'started'} at step {run.step}", flush=True)
        run.train(options.steps, options.command == "anneal")
        return
    if not run.load(options.checkpoint):
        raise SystemExit(f"expected a checkpoint at {run.folder / options.checkpoint}; run train and anneal first")
    if options.command == "export":
        export.export(config, run, options.models / config["id"])
        return
    for name, value in bars.Bars(options.val, folder / "bars", options.teacher)(run.ema).items():
        print(f"{name:24s} {value:.4f}")
