"""The averaged student as an ONNX graph with weights in half precision, checked against PyTorch at two sizes."""
import copy
import hashlib
import json
from pathlib import Path

import torch

from ..ldm.export import difference, halve, rounded
from ..run import curve
from .student import MULTIPLE

SIZES = ((64, 96), (128, 64))
NAMES = ["embedding", "tokens"]
FREE = {"image": {0: "batch", 2: "height", 3: "width"}, "embedding": {0: "batch"}, "tokens": {0: "batch", 1: "squares"}}


class Embedding(torch.nn.Module):
    """The first output alone, which `difference` compares."""

    def __init__(self, network: torch.nn.Module):
        super().__init__()
        self.network = network

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return self.network(picture)[0]


def pictures(batch: int, height: int, width: int) -> dict[str, torch.Tensor]:
    return {"image": torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(1))}


def export(config: dict, student: torch.nn.Module, runs: dict, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{config['id']}.onnx"
    network = rounded(copy.deepcopy(student).eval().folded().to(memory_format=torch.contiguous_format))
    given = pictures(2, *SIZES[0])
    torch.onnx.export(
        network, tuple(given.values()), str(path), opset_version=17, dynamo=False,
        input_names=list(given), output_names=NAMES, dynamic_axes=FREE,
    )
    halve(path)
    worst = max(difference(Embedding(network), path, pictures(batch, *size)) for size, batch in zip(SIZES, (1, 3)))
    if worst > 1e-3:
        raise SystemExit(f"{path}: expected onnxruntime to agree with PyTorch to 1e-3, got a difference of {worst:.1e}")
    record = {
        "id": config["id"],
        "multiple": MULTIPLE,
        "steps": {name: run.step for name, run in runs.items()},
        "trainingSeconds": {name: round(run.seconds) for name, run in runs.items()},
        "parameters": sum(p.numel() for p in network.parameters()),
        "maxAbsDifferenceToPyTorch": float(f"{worst:.2e}"),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "torch": torch.__version__,
        "config": config,
    }
    (folder / "training.json").write_text(json.dumps(record, indent=1) + "\n")
    (folder / "curve.jsonl").write_text("".join(curve(runs)))
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {record['parameters']} parameters, largest difference to PyTorch {worst:.1e}")
