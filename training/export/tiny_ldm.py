"""Two tiny latent diffusion models with the ports of DiffBIR and SUPIR, and whole runs of them by a plain loop in PyTorch: goldens of the restorer.

    python training/export/tiny_ldm.py packages/core/goldens/latent     (torch 2.13.0, onnx 1.23.2)

The loops are written from the definitions (docs/diffusion.md, Eq. 3-11), one step a line, without any of the product's plans. Noise is the
product's, in numpy (noise.py), so that a run is a function of picture and seed.
"""
import hashlib
import json
import math
import re
import sys
from datetime import date
from pathlib import Path

import numpy as np
import onnx
import torch
from torch.nn import functional as F

from noise import Noise
from tiny_nets import Cleaner, Control, Decoder, DiffbirDenoiser, Encoder, SupirDenoiser, Text, embed_time

MERGES = "t h;th e</w>;s h;a r;sh ar;shar p</w>;b l;u r;bl ur;r y</w>;blur ry</w>;p h;o t;ph ot;phot o</w>;s e;o f</w>;l o;lo w</w>".split(";")
ABAR = np.cumprod(1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)
SIGMAS = np.sqrt((1 - ABAR) / ABAR)


# --- text -------------------------------------------------------------------------------------------------------------------------------------
def byte_letters() -> tuple[list[str], dict[int, str]]:
    """The 256 letters in the vocabulary's order, and the letter of each byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [b for b in range(256) if b not in printable]
    table = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(rest)}
    return [table[b] for b in printable + rest], table


def tokenize(text: str, pad_end: bool) -> list[int]:
    """CLIP's byte-pair encoding over the merges above."""
    order, table = byte_letters()
    words = order + [c + "</w>" for c in order] + [m.replace(" ", "") for m in MERGES]
    ids = {w: i for i, w in enumerate(words)}
    start, end = len(words), len(words) + 1
    tokens = []
    for piece in re.findall(r"'s|'t|'re|'ve|'m|'ll|'d|[a-z]+|[0-9]|[^\sa-z0-9]+", text.lower()):
        parts = [table[b] for b in piece.encode()]
        parts[-1] += "</w>"
        for merge in MERGES:  # one pass, best first, is enough: no merge here makes room for one before it
            a, b = merge.split(" ")
            i = 0
            while i + 1 < len(parts):
                if parts[i] == a and parts[i + 1] == b:
                    parts[i : i + 2] = [a + b]
                i += 1
        tokens += [ids[p] for p in parts]
    tokens = [start, *tokens, end]
    if len(tokens) > 77:
        tokens = tokens[:76] + [end]
    return tokens + [end if pad_end else 0] * (77 - len(tokens))


VOCABULARY = 512 + len(MERGES) + 2


# --- pictures ---------------------------------------------------------------------------------------------------------------------------------
def picture(width: int, height: int) -> np.ndarray:
    """8-bit levels [3, h, w] by a formula that tests repeat."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [(x * (3 + c) + y * (5 - c) + (x * y) // 7 + 40 * ((x // 9 + y // 11) % 2)) % 256 for c in range(3)]
    return np.stack(planes).astype(np.uint8)


def wavelet(content: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    kernel = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])[None, None] / 16

    def low(x):
        for level in range(5):
            x = F.pad(x, (2**level,) * 4, mode="replicate")
            x = F.conv2d(x, kernel.repeat(3, 1, 1, 1), groups=3, dilation=2**level)
        return x

    return content - low(content) + low(style)


def adain(content: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    moments = lambda x: (x.mean((2, 3), keepdim=True), (x.var((2, 3), keepdim=True) + 1e-5).sqrt())  # noqa: E731
    (cm, cs), (sm, ss) = moments(content), moments(style)
    return (content - cm) / cs * ss + sm


def flatness(image: torch.Tensor) -> torch.Tensor:
    """1 - tanh of the Sobel sums over 2x2 pixels, averaged over 8x8."""
    luma = (image * torch.tensor([0.2989, 0.5870, 0.1140])[None, :, None, None]).sum(1, keepdim=True)
    gx = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
    kernels = torch.stack([gx, gx.T])[:, None]
    g = F.conv2d(F.pad(luma, (1, 1, 1, 1), mode="replicate"), kernels)
    sums = F.avg_pool2d(g.pow(2).sum(1, keepdim=True).sqrt(), 2) * 4
    return F.avg_pool2d(1 - torch.tanh(sums), 4)


def gaussian_windows(width: int, height: int, side: int, stride: int, published: bool):
    w, h = min(side, width), min(side, height)
    line = lambda n, mid: np.exp(-(((np.arange(n) - mid) / n) ** 2) / 0.02) / math.sqrt(0.02 * math.pi)  # noqa: E731
    weights = torch.tensor(np.outer(line(h, h / 2 if published else (h - 1) / 2), line(w, (w - 1) / 2)), dtype=torch.float32)
    starts = lambda n, side: sorted({*range(0, max(1, n - side), stride), max(0, n - side)})  # noqa: E731
    return [(y, x, h, w) for y in starts(height, side) for x in starts(width, side)], weights


# --- loops ------------------------------------------------------------------------------------------------------------------------------------
class Trace:
    """What is kept of a run."""

    def __init__(self):
        self.steps = []

    def add(self, t, z, x0):
        self.steps.append({
            "t": int(t), "absMean": float(z.double().abs().mean()), "z": round_list(z.flatten()[::17]), "x0": round_list(x0.flatten()[::17]),
        })


def round_list(x) -> list[float]:
    return [float(f"{v:.7g}") for v in torch.as_tensor(x).flatten().tolist()]


def moments_of(encoder, image):
    mean, logvar = encoder(image * 2 - 1).chunk(2, 1)
    return mean, (0.5 * logvar.clamp(-30, 20)).exp()


def diffbir(nets, levels: np.ndarray, run: dict) -> dict:
    noise = Noise(levels, run["seed"])
    image = torch.tensor(levels / np.float32(255), dtype=torch.float32)[None]
    height, width = image.shape[-2:]
    regression = nets["cleaner"](image).clamp(0, 1)
    padded = F.pad(regression, (0, -width % 64, 0, -height % 64))
    condition = moments_of(nets["encoder"], padded)[0] * 0.18215
    context = nets["text"](torch.tensor([tokenize(run["prompt"], False)]))
    away = nets["text"](torch.tensor([tokenize(run["negative"], False)]))
    shape = tuple(condition.shape)
    windows, weights = gaussian_windows(shape[3], shape[2], *run["window"]) if run["window"] else ([(0, 0, shape[2], shape[3])], torch.ones(shape[2:]))

    def eps(z, t, words):
        total, sums = torch.zeros(shape), torch.zeros(shape)
        for y, x, h, w in windows:
            part, hint = z[..., y : y + h, x : x + w], condition[..., y : y + h, x : x + w]
            controls = [c * run["strength"] for c in nets["control"](part, hint, torch.tensor([t]), words)]
            total[..., y : y + h, x : x + w] += weights * nets["denoiser"](part, torch.tensor([t]), words, *controls)
            sums[..., y : y + h, x : x + w] += weights
        return total / sums

    times, at = [], 0.0
    for _ in range(run["steps"]):
        times.append(round(at))
        at += 999 / (run["steps"] - 1)
    first = len(times) - 1
    if run["start"] is None:
        z = torch.tensor(noise("start", 0, shape))
    else:
        time = round(run["start"] * 999)
        first = max(i for i, t in enumerate(times) if t <= time)
        bar = ABAR[times[first]]
        z = math.sqrt(bar) * condition + math.sqrt(1 - bar) * torch.tensor(noise("start", 0, shape))
    weight = flatness(padded) if run["gradient"] else None
    trace = Trace()
    for i in range(first, -1, -1):
        t = times[i]
        bar, before = ABAR[t], ABAR[times[i - 1]] if i else 1.0
        beta = 1 - bar / before
        scale = run["guidance"] if run["guidance"] else 1 + run["cosine"] * (1 - math.cos(math.pi * ((1000 - t) / 1000) ** 5)) / 2
        un, con = eps(z, t, away), eps(z, t, context)
        e = un + scale * (con - un)
        x0 = (z - math.sqrt(1 - bar) * e) / math.sqrt(bar)
        c1 = math.sqrt(before) * beta / (1 - bar)
        if run["gradient"]:
            x0 = x0 - 3000 * run["gradient"] * 2 * weight * (x0 - condition) / x0.numel() / c1
        z = c1 * x0 + math.sqrt(1 - beta) * (1 - before) / (1 - bar) * z
        if t > 0:
            index = run["steps"] - 1 - i
            z = z + math.sqrt(beta * (1 - before) / (1 - bar)) * torch.tensor(noise("step", index, shape))
        trace.add(t, z, x0)
    content = (nets["decoder"](z / 0.18215)[..., :height, :width] + 1) / 2
    fixed = (wavelet if run["colour"] == "wavelet" else adain)(content, regression).clamp(0, 1)
    return {"steps": trace.steps, "latent": round_list(z), "image": round_list(fixed.flatten()[::23])}


def supir(nets, levels: np.ndarray, run: dict) -> dict:
    noise = Noise(levels, run["seed"])
    image = torch.tensor(levels / np.float32(255), dtype=torch.float32)[None]
    condition = moments_of(nets["robust"], image)[0] * 0.13025
    regression = ((nets["decoder"](condition / 0.13025) + 1) / 2).clamp(0, 1)
    shape = tuple(condition.shape)
    mean, deviation = moments_of(nets["encoder"], regression)
    target = (mean + deviation * torch.tensor(noise("encode", 1, shape))) * 0.13025

    def read(words):
        first = nets["textA"](torch.tensor([tokenize(words, True)]))
        second, pooled = nets["textB"](torch.tensor([tokenize(words, False)]))
        sizes = embed_time(torch.tensor([1024.0, 1024, 0, 0, 1024, 1024]), 4).reshape(1, -1)
        return torch.cat([first, second], 2), torch.cat([pooled, sizes], 1)

    told, away = read(run["prompt"]), read(run["negative"])
    steps = run["steps"]
    sigmas = [float(SIGMAS[int(999 - 999 / steps * i + 1e-9)]) for i in range(steps)] + [0.0]
    z = torch.tensor(noise("start", 0, shape)) * math.sqrt(1 + sigmas[0] ** 2)
    gamma = min(run["churn"] / steps, math.sqrt(2) - 1)
    trace = Trace()
    for i in range(steps):
        sigma, after = sigmas[i], sigmas[i + 1]
        raised = sigma * (1 + gamma)
        z = z + run["noise"] * math.sqrt(raised**2 - sigma**2) * torch.tensor(noise("churn", i, shape))
        t = int(np.argmin(np.abs(SIGMAS - raised)))
        seen = float(SIGMAS[t])
        strength = torch.tensor(run["strength"])

        def clean(words):
            x, time = z / math.sqrt(seen**2 + 1), torch.tensor([t])
            controls = nets["control"](x, condition, time, *words)
            return z - seen * nets["denoiser"](x, time, *words, strength, *controls)

        scale = (run["cfg"][0] - run["cfg"][1]) * sigma / 14.6146 + run["cfg"][1]
        un, con = clean(away), clean(told)
        x0 = un + scale * (con - un)
        if after > 0.05:
            x0 = x0 - (x0 - target) * min(1.0, (sigma / 14.6146) ** run["power"])
        z = z + (after - raised) * (z - x0) / raised
        trace.add(t, z, x0)
    content = (nets["decoder"](z / 0.13025) + 1) / 2
    return {"steps": trace.steps, "latent": round_list(z), "image": round_list(wavelet(content, regression).clamp(0, 1).flatten()[::23])}


# --- files ------------------------------------------------------------------------------------------------------------------------------------
def export(net, arguments, path: Path, inputs, outputs, free) -> None:
    torch.onnx.export(net, arguments, str(path), opset_version=17, dynamo=False, input_names=inputs, output_names=outputs, dynamic_axes=free)


def port(name: str, shape: list, **more) -> dict:
    return {"name": name, "shape": shape, **more}


def part(folder: Path, file: str) -> dict:
    data = (folder / file).read_bytes()
    floats = [i for i in onnx.load_from_string(data).graph.initializer if i.data_type == 1 and i.dims]
    weights = sum(math.prod(i.dims) for i in floats)
    return {"graph": stated(folder, file), "parameters": {"weights": weights, "allInitializers": weights}}


def stated(folder: Path, file: str) -> dict:
    data = (folder / file).read_bytes()
    return {"file": file, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def picture_port(name: str, low: float) -> dict:
    return port(name, ["n", 3, "h", "w"], dtype="float32", layout="NCHW", range=[low, 1], colour="RGB")


def grid(name: str, channels) -> dict:
    return port(name, ["n", channels, "h", "w"])


SIDES = {0: "n", 2: "h", 3: "w"}


def save_autoencoder(folder: Path, nets: dict) -> dict:
    for name in ("encoder", "robust"):
        if name in nets:
            export(nets[name], (torch.rand(1, 3, 64, 64),), folder / f"{name}.onnx", ["image"], ["moments"], {"image": SIDES, "moments": SIDES})
    export(nets["decoder"], (torch.rand(1, 4, 8, 8),), folder / "decoder.onnx", ["latent"], ["image"], {"latent": SIDES, "image": SIDES})
    encoder = lambda file: {**part(folder, file), "input": picture_port("image", -1), "output": grid("moments", 8), "gives": "moments", "reach": 16}  # noqa: E731
    parts = {
        "encoder": encoder("encoder.onnx"),
        "decoder": {**part(folder, "decoder.onnx"), "input": grid("latent", 4), "output": picture_port("image", -1), "reach": 32},
    }
    return parts | ({"conditionEncoder": encoder("robust.onnx")} if "robust" in nets else {})


def save_text(folder: Path, net, file: str, width: int, pad: str, pooled: int = 0) -> dict:
    names = ["context", "pooled"] if pooled else ["context"]
    export(net, (torch.zeros(1, 77, dtype=torch.int64),), folder / file, ["tokens"], names, {})
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(MERGES) + "\n")
    tokenizer = {"kind": "clip", **stated(folder, "merges.txt"), "length": 77, "pad": pad}
    ports = {"tokens": port("tokens", [1, 77], dtype="int64"), "context": port("context", [1, 77, width])}
    return {**part(folder, file), "tokenizer": tokenizer, **ports, **({"pooled": port("pooled", [1, pooled])} if pooled else {})}


def save_core(folder: Path, nets: dict, context: int, vector: int, widths: list[int]) -> dict:
    """Control graph and denoiser, with every control tensor as a port of its own."""
    x, t, c = torch.rand(1, 4, 8, 8), torch.tensor([7]), torch.rand(1, 77, context)
    told = (c, torch.rand(1, vector)) if vector else (c,)
    names = ["context", "y"] if vector else ["context"]
    controls = [f"control_{i}" for i in range(len(widths))]
    free = {name: SIDES for name in ["x", "hint", "out", *controls]}
    tensors = nets["control"](x, x, t, *told)
    export(nets["control"], (x, x, t, *told), folder / "control.onnx", ["x", "hint", "timesteps", *names], controls, free)
    scale = (torch.tensor(1.0),) if vector else ()
    inputs = ["x", "timesteps", *names, *(["control_scale"] if vector else []), *controls]
    export(nets["denoiser"], (x, t, *told, *scale, *tensors), folder / "denoiser.onnx", inputs, ["out"], free)
    ports = {"latent": grid("x", 4), "time": port("timesteps", [1], dtype="int64"), "context": port("context", [1, 77, context])}
    if vector:
        ports["vector"] = port("y", [1, vector])
    sided = [port(name, ["n", width, f"h{i}", f"w{i}"]) for i, (name, width) in enumerate(zip(controls, widths))]
    return {
        "control": {**part(folder, "control.onnx"), "inputs": {**ports, "condition": grid("hint", 4)}, "outputs": sided},
        "denoiser": {
            **part(folder, "denoiser.onnx"),
            "inputs": {**ports, "controls": sided, **({"controlScale": port("control_scale", [])} if vector else {})},
            "output": grid("out", 4),
            "prediction": "eps",
        },
    }


SCHEDULE = {"law": "scaled-linear", "betaStart": 0.00085, "betaEnd": 0.012}


def manifest(id: str, title: str, parts: dict, scale: float, **more) -> dict:
    return {
        "schema": "ir.model/1", "id": id, "kind": "latent-diffusion", "title": title, "licence": "CC0-1.0",
        "source": "training/export/tiny_ldm.py: random weights", "parts": parts,
        "latent": {"channels": 4, "factor": 8, "normalisation": {"scale": scale}}, "schedule": SCHEDULE,
        "multiple": 64, "maxPixels": 65536, "tile": {"size": 64, "overlap": 32}, **more,
    }


def write(folder: Path, manifest: dict, runs: list[tuple[dict, dict]], size: tuple[int, int]) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    about = {"made by": "python training/export/tiny_ldm.py packages/core/goldens/latent", "date": date.today().isoformat(), "torch": torch.__version__, "dtype": "float32", "picture": list(size)}
    golden = {"meta": about, "runs": [{"settings": settings, **result} for settings, result in runs]}
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    total = sum(f.stat().st_size for f in folder.glob("*.onnx"))
    print(f"{folder.name}: {total} bytes of graphs", [round(r['steps'][-1]['absMean'], 3) for _, r in runs])


def make_diffbir(folder: Path) -> None:
    torch.manual_seed(20)
    levels = (4, 6, 6, 6)
    nets = {"cleaner": Cleaner(), "encoder": Encoder(), "decoder": Decoder(), "text": Text(VOCABULARY, 8)}
    nets |= {"control": Control(levels, 8), "denoiser": DiffbirDenoiser(levels, 8)}
    folder.mkdir(parents=True, exist_ok=True)
    export(nets["cleaner"], (torch.rand(1, 3, 64, 64),), folder / "cleaner.onnx", ["input"], ["output"], {"input": SIDES, "output": SIDES})
    widths = nets["control"].trunk.widths()
    parts = {
        "initial": {"kind": "graph", **part(folder, "cleaner.onnx"), "input": picture_port("input", 0), "output": picture_port("output", 0), "reach": 2},
        **save_autoencoder(folder, nets),
        "text": {"kind": "encoders", "encoders": [save_text(folder, nets["text"], "text.onnx", 8, "zero")]},
        **save_core(folder, nets, 8, 0, [*widths, widths[-1]]),
    }
    size = (88, 56)
    words = {"prompt": "A Photo of the sea's shore, sharp 4k", "negative": "low quality, blurry"}
    first = {"steps": 8, "guidance": 4, "strength": 0.9, "seed": 231, "start": None, "gradient": 0, "window": None, "colour": "wavelet", **words}
    second = {**first, "steps": 10, "guidance": 0, "cosine": 3, "strength": 1.0, "seed": 2**40 + 5, "start": 0.6, "gradient": 0.002, "window": (8, 4, True), "colour": "adain"}
    shared = {"sampler": "ddpm", **words}
    settings = [
        {**shared, "steps": 8, "guidance": 4, "controlScale": 0.9, "colour": "wavelet", "tile": "none"},
        {
            **shared, "steps": 10, "guidance": {"law": "cosine", "scale": 3}, "start": {"fraction": 0.6}, "colour": "adain",
            "restoration": {"kind": "gradient", "scale": 0.002, "weighted": True}, "tile": {"size": 32, "overlap": 16}, "weights": "published",
        },
    ]
    with torch.inference_mode():
        results = [diffbir(nets, picture(*size), run) for run in (first, second)]
    done = [({"seed": str(run["seed"]), **s}, r) for run, s, r in zip((first, second), settings, results)]
    write(folder, manifest("diffbir-tiny", "the ports of DiffBIR v2, random weights", parts, 0.18215, padding="zero"), done, size)


def make_supir(folder: Path) -> None:
    torch.manual_seed(21)
    levels = (4, 6, 8)
    nets = {"encoder": Encoder(), "robust": Encoder(), "decoder": Decoder(), "textA": Text(VOCABULARY, 4), "textB": Text(VOCABULARY, 6, 12)}
    nets |= {"control": Control(levels, 10, 36), "denoiser": SupirDenoiser(levels, 10, 36, modulate=True)}
    folder.mkdir(parents=True, exist_ok=True)
    widths = nets["control"].trunk.widths()
    encoders = [save_text(folder, nets["textA"], "text-a.onnx", 4, "end"), save_text(folder, nets["textB"], "text-b.onnx", 6, "zero", 12)]
    parts = {
        "initial": {"kind": "autoencoder"},
        **save_autoencoder(folder, nets),
        "text": {"kind": "encoders", "encoders": encoders, "separator": "", "sizes": {"values": [1024, 1024, 0, 0, 1024, 1024], "width": 4}},
        **save_core(folder, nets, 10, 36, [*widths, widths[-1]]),
    }
    parts["denoiser"]["levels"] = "nearest"
    size = (64, 128)
    run = {
        "steps": 8, "churn": 5, "noise": 1.01, "cfg": (1.0, 4.0), "power": 4.0, "strength": 0.93, "seed": 1234,
        "prompt": "the blurry photo, sharp", "negative": "painting, low",
    }
    settings = {
        "sampler": {"name": "edm", "churn": 5, "noise": 1.01}, "steps": 8, "spacing": "sgm", "tile": "none", "target": "sample", "controlScale": 0.93,
        "guidance": {"law": "linear", "start": 1, "end": 4, "sigmaMax": 14.6146}, "restoration": {"kind": "pull", "power": 4, "sigmaMax": 14.6146},
        "prompt": run["prompt"], "negative": run["negative"],
    }
    with torch.inference_mode():
        result = supir(nets, picture(*size), run)
    more = {"condition": {"of": "input", "take": "mode"}}
    write(folder, manifest("supir-tiny", "the ports of SUPIR, random weights", parts, 0.13025, **more), [({"seed": str(run["seed"]), **settings}, result)], size)


if __name__ == "__main__":
    out = Path(sys.argv[1])
    make_diffbir(out / "diffbir-tiny")
    make_supir(out / "supir-tiny")
