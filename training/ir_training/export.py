"""The parts put together, exported to ONNX and checked against PyTorch at two sizes."""
import hashlib
import json
from pathlib import Path

import torch

from .graphs import difference
from .model import CLASSES, MULTIPLE, Restorer
from .run import curve


def assemble(config: dict, runs: dict) -> Restorer:
    network = Restorer(**{name: config["parts"][name]["network"] for name in ("sharp", "noisy", "gate")})
    network.sharp.load_state_dict(runs["sharp"].ema.expert.state_dict())
    network.noisy.load_state_dict(runs["noisy"].ema.expert.state_dict())
    network.gate.load_state_dict(runs["gate"].ema.state_dict())
    with torch.no_grad():
        network.gate.head[-1].bias[CLASSES.index("clean")] += config["parts"]["gate"]["clean_bias"]
    return network.eval()


def export(config: dict, runs: dict, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{config['id']}.onnx"
    network = assemble(config, runs)
    sides = {0: "batch", 2: "height", 3: "width"}
    torch.onnx.export(
        network, (torch.rand(1, 3, 64, 96),), str(path), opset_version=17, dynamo=False,
        input_names=["input"], output_names=["output"], dynamic_axes={"input": sides, "output": sides},
    )
    example = lambda size: {"input": torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1))}
    worst = max(difference(network, path, example(size)) for size in ((64, 96), (136, 104)))
    record = {
        "id": config["id"],
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parameters": {name: sum(p.numel() for p in getattr(network, name).parameters()) for name in runs},
        "multiple": MULTIPLE,
        "reach": network.reach,
        "steps": {name: run.step for name, run in runs.items()},
        "trainingSeconds": {name: round(run.seconds) for name, run in runs.items()},
        "maxAbsDifferenceToPyTorch": float(f"{worst:.2e}"),
        "torch": torch.__version__,
        "config": config,
    }
    (folder / "training.json").write_text(json.dumps(record, indent=1) + "\n")
    (folder / "curve.jsonl").write_text("".join(curve(runs)))
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, largest difference to PyTorch {worst:.1e}")
