"""Checkpoints from the exported graphs, so that training goes on where those of the last machine are gone. Weights are the graphs' (in half precision),
steps and seconds those of `training.json`; the optimiser starts anew. Of the denoiser the configuration may ask for other numbers of blocks than the graph
has: what is added does nothing yet, what is taken away comes from the middle, where it matters least.
"""
import json
from pathlib import Path

import torch

from .. import graphs
from ..run import Run
from .export import SIZES, samples


def fit(source: torch.nn.Module, target: torch.nn.Module) -> None:
    """The source's weights into the target, which may differ in the lengths of its lists of blocks."""
    if isinstance(source, torch.nn.ModuleList):
        kept = middle_left_out(len(source), len(target))
        for block in target[len(kept) :]:
            torch.nn.init.zeros_(block.second.weight)
            torch.nn.init.zeros_(block.second.bias)
        for i, block in zip(kept, target):
            block.load_state_dict(source[i].state_dict())
        return
    own = dict(target.named_parameters(recurse=False))
    with torch.no_grad():
        for name, value in source.named_parameters(recurse=False):
            own[name].copy_(value)
    for name, child in source.named_children():
        fit(child, target.get_submodule(name))


def middle_left_out(count: int, wanted: int) -> list[int]:
    """Which of `count` blocks fill the first places of a list of `wanted`."""
    last = wanted // 2
    return list(range(count)) if wanted >= count else [*range(wanted - last), *range(count - last, count)]


def adopt(run: Run, folder: Path, networks: dict[str, str], config: dict) -> None:
    """Writes the run's `steady.pt` and `annealed.pt` from graphs by their names; `networks` says which submodule ("" for all) each becomes."""
    told = json.loads((folder / "training.json").read_text())
    latent, width = config["parts"]["vae"]["network"]["latent"], config["parts"]["denoiser"]["text"]["width"]
    exported = type(run)(told["config"], run.name, run.folder.parent) if run.name == "denoiser" else run
    for graph, submodule in networks.items():
        graphs.adopt(exported.net.cpu().get_submodule(submodule), folder / f"{graph}.onnx", samples(latent, width, SIZES[0], 2)[graph])
    for network in (run.net, run.ema):
        fit(exported.net, network)
    run.step, run.seconds = told["steps"][run.name], float(told["trainingSeconds"][run.name])
    run.begun = run.step
    for checkpoint in ("steady.pt", "annealed.pt"):
        if (run.folder / checkpoint).exists():
            raise SystemExit(f"expected no {run.folder / checkpoint}, which adopting would replace")
        run.save(checkpoint)
    lines = [json.loads(line) for line in (folder / "curve.jsonl").read_text().splitlines()]
    own = [{k: v for k, v in line.items() if k != "part"} for line in lines if line["part"] == run.name]
    (run.folder / "curve.jsonl").write_text("".join(json.dumps(line) + "\n" for line in own))
    print(f"{run.name}: step {run.step}, {run.seconds / 60:.0f} min, from {folder}", flush=True)
