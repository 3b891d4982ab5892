"""The parts as ONNX graphs with weights in half precision, cast to float32 as they are loaded, checked against PyTorch at two sizes."""
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from .. import caption
from ..graphs import difference
from ..run import curve
from . import schedule
from .denoiser import MULTIPLE
from .latents import NORMALISATION
from .vae import FACTOR

HALVED_FROM = 256  # elements: smaller tensors stay float32
SIZES = ((8, 12), (14, 10))  # of the latent


def rounded(network: torch.nn.Module) -> torch.nn.Module:
    """With the very weights the halved graph will have, so that the check sees nothing but the export."""
    with torch.no_grad():
        for tensor in network.parameters():
            if tensor.numel() >= HALVED_FROM:
                tensor.copy_(tensor.half().float())
    return network.eval()


def halve(path: Path) -> None:
    """Large float32 initialisers to float16, each followed by a cast: onnxruntime folds it at load, and runs in float32."""
    model = onnx.load(str(path))
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < HALVED_FROM:
            continue
        name, half = tensor.name, numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def write(network: torch.nn.Module, path: Path, inputs: dict[str, torch.Tensor], output: str, free: dict[str, dict[int, str]]) -> None:
    torch.onnx.export(
        network, tuple(inputs.values()), str(path), opset_version=17, dynamo=False,
        input_names=list(inputs), output_names=[output], dynamic_axes=free,
    )
    halve(path)


def samples(latent: int, context: int, size: tuple[int, int], batch: int) -> dict[str, dict[str, torch.Tensor]]:
    """Inputs of every graph, a picture being FACTOR times the latent's size."""
    generator = torch.Generator().manual_seed(1)
    noise = lambda *shape: torch.randn(*shape, generator=generator)
    h, w = size
    words = torch.zeros(batch, caption.LENGTH, dtype=torch.int64)
    words[:, :3] = torch.tensor([1, 5, 2])
    words[1:] = 0
    return {
        "encoder": {"image": torch.rand(batch, 3, FACTOR * h, FACTOR * w, generator=generator)},
        "decoder": {"latent": noise(batch, latent, h, w)},
        "denoiser": {
            "x": noise(batch, latent, h, w), "hint": noise(batch, latent, h, w),
            "t": torch.full((batch,), 500.0), "context": noise(batch, caption.LENGTH, context),
        },
        "text": {"tokens": words},
    }


SPACE = {0: "batch", 2: "height", 3: "width"}
FREE = {
    "encoder": ("latent", {"image": SPACE, "latent": SPACE}),
    "decoder": ("image", {"latent": SPACE, "image": SPACE}),
    "denoiser": ("v", {"x": SPACE, "hint": SPACE, "t": {0: "batch"}, "context": {0: "batch"}, "v": SPACE}),
    "text": ("context", {"tokens": {0: "batch"}, "context": {0: "batch"}}),
}


def export(model) -> None:
    """All graphs, `caption.json`, `words.txt`, `training.json` and `curve.jsonl`; the manifest is `scripts/model-manifest.mjs`'s to write."""
    sampler, config = model.sampler(), model.config
    networks = {
        "encoder": sampler.autoencoder.encoder, "decoder": sampler.autoencoder.decoder,
        "denoiser": sampler.network.denoiser, "text": sampler.network.text,
    }
    folder = model.options.models / config["id"]
    folder.mkdir(parents=True, exist_ok=True)
    latent, width = config["parts"]["vae"]["network"]["latent"], config["parts"]["denoiser"]["text"]["width"]
    parts = {name: part(name, rounded(network), folder, latent, width) for name, network in networks.items()}
    (folder / "caption.json").write_text(json.dumps(caption.asset(), indent=1) + "\n")
    (folder / "words.txt").write_text("".join(f"{word}\n" for word in caption.VOCABULARY))
    (folder / "training.json").write_text(json.dumps({**record(model), "parts": parts, "config": config}, indent=1) + "\n")
    (folder / "curve.jsonl").write_text("".join(curve(trained(model))))
    print(f"{folder}: {sum(p['bytes'] for p in parts.values()) / 1e6:.2f} MB of graphs")


def part(name: str, network: torch.nn.Module, folder: Path, latent: int, width: int) -> dict:
    path, (output, free) = folder / f"{name}.onnx", FREE[name]
    write(network, path, samples(latent, width, SIZES[0], 2)[name], output, free)
    worst = max(difference(network, path, samples(latent, width, size, batch)[name]) for size, batch in zip(SIZES, (1, 3)))
    if worst > 1e-3:
        raise SystemExit(f"{path}: expected onnxruntime to agree with PyTorch to 1e-3, got a difference of {worst:.1e}")
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, largest difference to PyTorch {worst:.1e}", flush=True)
    return {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "parameters": sum(p.numel() for p in network.parameters()),
        "maxAbsDifferenceToPyTorch": float(f"{worst:.2e}"),
        **({"reach": network.reach} if hasattr(network, "reach") else {}),
    }


def trained(model) -> dict:
    """Every part's run, as far as it came."""
    from .runs import DecoderRun, DenoiserRun, VaeRun

    runs = {
        "vae": VaeRun(model.config, "vae", model.folder),
        "decoder": DecoderRun(model.config, "decoder", model.folder, model.autoencoder()),
        "denoiser": DenoiserRun(model.config, "denoiser", model.folder),
    }
    for run in runs.values():
        run.load(model.options.checkpoint)
    return runs


def record(model) -> dict:
    """What a manifest has to say beside the graphs: latents, schedule, sizes; and how long it was trained."""
    runs = trained(model)
    return {
        "id": model.config["id"],
        "latent": {"channels": model.config["parts"]["vae"]["network"]["latent"], "factor": FACTOR, **normalisation(model)},
        "picture": {"range": [0, 1], "colour": "RGB", "multiple": FACTOR * MULTIPLE},
        "schedule": {"law": "cosine", "steps": schedule.STEPS, "prediction": "v"},
        "initialRestoration": "restorer-s",
        "steps": {name: run.step for name, run in runs.items()},
        "trainingSeconds": {name: round(run.seconds) for name, run in runs.items()},
        "torch": torch.__version__,
    }


def normalisation(model) -> dict:
    return json.loads((model.latents / NORMALISATION).read_text())
