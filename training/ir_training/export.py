"""ONNX export, checked against PyTorch at two sizes."""
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .model import Restorer


def export(run, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.config['id']}.onnx"
    network = run.ema.eval()
    sides = {2: "height", 3: "width"}
    torch.onnx.export(
        network, (torch.rand(1, 3, 64, 96),), str(path), opset_version=17, dynamo=False,
        input_names=["input"], output_names=["output"],
        dynamic_axes={"input": {0: "batch", **sides}, "output": {0: "batch", **sides}},
    )
    worst = max(check(network, path, size) for size in ((64, 96), (132, 100)))
    shape = {k: run.config["network"][k] for k in ("encoder", "trunk", "decoder")}
    record = {
        "id": run.config["id"],
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parameters": sum(p.numel() for p in network.parameters()),
        "reach": Restorer.reach(**shape),
        "steps": run.step,
        "trainingSeconds": round(run.seconds),
        "maxAbsDifferenceToPyTorch": float(f"{worst:.2e}"),
        "torch": torch.__version__,
        "config": run.config,
    }
    (folder / "training.json").write_text(json.dumps(record, indent=1) + "\n")
    curve = run.folder / "curve.jsonl"
    if curve.exists():
        lines = [json.loads(line) for line in curve.read_text().splitlines()]
        kept = [r for r in lines if "validation" in r or r["step"] % 500 == 0]
        (folder / "curve.jsonl").write_text("".join(json.dumps(r) + "\n" for r in kept))
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, largest difference to PyTorch {worst:.1e}")


def check(network, path: Path, size: tuple[int, int]) -> float:
    x = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = network(x).numpy()
    return float(np.abs(session.run(None, {"input": x.numpy()})[0] - expected).max())
