"""The small image encoder that stands in for a published one in alignment (Eq. 13-15): `views`, `train`, `anneal`, `evaluate`, `export`,
and `all` for the whole.
"""
import argparse
from pathlib import Path

from ..run import Run, complete
from . import bars, export, views
from .head import HeadRun
from .runs import StudentRun
from .student import Student
from .teacher import Teacher


def main(options: argparse.Namespace, config: dict, packed: Path) -> None:
    folder = options.runs / config["id"]
    if options.command in ("views", "all"):
        views.build(folder / "views", packed, config, Teacher(options.teacher))
    measured = lambda: bars.Bars(options.val, folder / "bars", options.teacher)

    def part(name: str) -> Run:
        run = StudentRun(config, name, folder) if name == "student" else head(options, config, folder)
        run.prepare(folder / "views", measured())
        return run

    if options.command == "all":
        for name in [options.part] if options.part else ("student", "head"):
            complete(lambda: part(name), folder / name, config["parts"][name]["plan"])
    if options.command in ("train", "anneal"):
        run = part(options.part)
        print(f"{'resumed' if run.load('steady.pt') else 'started'} at step {run.step}", flush=True)
        run.train(options.steps, options.command == "anneal", options.minutes)
    if options.command in ("views", "train", "anneal") or (options.command == "all" and options.part):
        return
    runs = finished(options, config, folder)
    if options.command in ("export", "all"):
        export.export(config, whole(runs), runs, options.models / config["id"])
        return
    scored = measured()
    for name, value in scored(scored.told(lambda picture: whole(runs)(picture)[0])).items():
        print(f"{name:24s} {value:.4f}")


def loaded(run: Run, checkpoint: str) -> Run:
    if not run.load(checkpoint):
        raise SystemExit(f"expected a checkpoint at {run.folder / checkpoint}; train and anneal {run.name} first")
    return run


def head(options: argparse.Namespace, config: dict, folder: Path) -> HeadRun:
    student = loaded(StudentRun(config, "student", folder), options.checkpoint)
    return HeadRun(config, "head", folder, student.ema.eval())


def finished(options: argparse.Namespace, config: dict, folder: Path) -> dict[str, Run]:
    return {"student": loaded(StudentRun(config, "student", folder), options.checkpoint), "head": loaded(head(options, config, folder), options.checkpoint)}


def whole(runs: dict[str, Run]) -> Student:
    """The student with the finished head."""
    student = runs["student"].ema.eval()
    student.whole = runs["head"].ema.eval()
    return student
