"""Checkpoints from the exported graphs, so that training goes on where those of the last machine are gone. Weights are the graphs' (in half precision),
steps and seconds those of `training.json`; the optimiser starts anew.
"""
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from ..run import Run
from .export import SIZES, difference, samples

TOLERANCE = 1e-4


def weights(path: Path, network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The graph's initialisers under the network's names. Some lose theirs in the export: they stand in the network's order, matrices transposed."""
    found = {t.name.removesuffix(".half"): numpy_helper.to_array(t) for t in onnx.load(str(path)).graph.initializer}
    unnamed = iter([value.T if "MatMul" in name else value for name, value in found.items() if name.startswith("onnx::")])
    state = {}
    for name, tensor in network.state_dict().items():
        value = found[name] if name in found else next(unnamed)
        if value.shape != tuple(tensor.shape):
            raise SystemExit(f"{path}: expected {name} of shape {list(tensor.shape)}, got {list(value.shape)}")
        state[name] = torch.from_numpy(np.array(value, np.float32))
    return state


def adopt(run: Run, folder: Path, networks: dict[str, str], config: dict) -> None:
    """Writes the run's `steady.pt` and `annealed.pt` from graphs by their names; `networks` says which submodule ("" for all) each becomes."""
    told = json.loads((folder / "training.json").read_text())
    latent, width = config["parts"]["vae"]["network"]["latent"], config["parts"]["denoiser"]["text"]["width"]
    for network in (run.net, run.ema):
        for graph, submodule in networks.items():
            part = network.get_submodule(submodule)
            part.load_state_dict(weights(folder / f"{graph}.onnx", part))
            worst = difference(part.eval(), folder / f"{graph}.onnx", samples(latent, width, SIZES[0], 2)[graph])
            if worst > TOLERANCE:
                raise SystemExit(f"{graph}: expected PyTorch to agree with the graph to {TOLERANCE}, got a difference of {worst:.1e}")
    run.step, run.seconds = told["steps"][run.name], float(told["trainingSeconds"][run.name])
    for checkpoint in ("steady.pt", "annealed.pt"):
        if (run.folder / checkpoint).exists():
            raise SystemExit(f"expected no {run.folder / checkpoint}, which adopting would replace")
        run.save(checkpoint)
    lines = [json.loads(line) for line in (folder / "curve.jsonl").read_text().splitlines()]
    own = [{k: v for k, v in line.items() if k != "part"} for line in lines if line["part"] == run.name]
    (run.folder / "curve.jsonl").write_text("".join(json.dumps(line) + "\n" for line in own))
    print(f"{run.name}: step {run.step}, {run.seconds / 60:.0f} min, from {folder}", flush=True)
