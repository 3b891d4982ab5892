"""Exports learned metrics and encoders from their official packages as ONNX graphs that `ir models add` installs, each checked against PyTorch.

    python -m pip install torch==2.14.1 torchvision==0.29.1 onnx==1.23.2 onnxruntime==1.32.0 lpips==0.1.4 DISTS-pytorch==0.1 transformers==5.24.0
    python training/export/metrics.py lpips-alex OUT.onnx          also lpips-vgg, lpips-squeeze; --map adds the spatial map
    python training/export/metrics.py dists OUT.onnx
    python training/export/metrics.py dinov2 OUT.onnx --model facebook/dinov2-base
    ir models add OUT.onnx --id lpips-alex --licence BSD-2-Clause --source "PerceptualSimilarity v0.1"

Weights come from where the packages fetch them. `--random SEED` takes random ones instead: enough to prove the exporter, and no metric. Whatever a graph has to
know of ranges and normalisation is inside: LPIPS takes RGB in [-1, 1], the others RGB in [0, 1].
"""
import argparse
import sys

import numpy as np
import onnxruntime
import torch
from torch import nn

OPSET = 17
# Largest deviation of a number from PyTorch's, relative to the largest magnitude in the output: float32 sums taken in another order.
BOUND = 2e-4


class Lpips(nn.Module):
    """lpips.LPIPS v0.1; the map is the sum over layers of their maps brought to the size of the picture."""

    def __init__(self, backbone: str, with_map: bool, random: bool):
        super().__init__()
        import lpips

        self.net = lpips.LPIPS(net=backbone, version="0.1", pnet_rand=random, verbose=False)
        self.with_map = with_map

    def forward(self, a, b):
        distance = self.net(a, b).reshape(-1)
        if not self.with_map:
            return distance
        self.net.spatial = True
        spatial = self.net(a, b)
        self.net.spatial = False
        return distance, spatial


class Dists(nn.Module):
    def __init__(self, random: bool):
        super().__init__()
        import torchvision
        from DISTS_pytorch import DISTS_pt

        vgg16 = torchvision.models.vgg16
        if random:
            DISTS_pt.models.vgg16 = lambda pretrained: vgg16(weights=None)
        self.net = DISTS_pt.DISTS(load_weights=not random)

    def forward(self, a, b):
        return self.net(a, b, require_grad=True).reshape(-1)


class DinoV2(nn.Module):
    """transformers' Dinov2Model: normalised class token and patch tokens, row by row. Registers, where a model has them, are left out."""

    def __init__(self, model: str, random: bool):
        super().__init__()
        from transformers import AutoConfig, AutoModel, Dinov2Config, Dinov2Model

        if random:
            self.net = Dinov2Model(Dinov2Config(hidden_size=48, num_hidden_layers=3, num_attention_heads=3, image_size=518, attn_implementation="eager"))
            nn.init.normal_(self.net.embeddings.position_embeddings)  # zeros would hide an error in their interpolation
        else:
            config = AutoConfig.from_pretrained(model, attn_implementation="eager")
            self.net = AutoModel.from_pretrained(model, config=config)
        self.registers = getattr(self.net.config, "num_register_tokens", 0)
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, image):
        tokens = self.net(pixel_values=(image - self.mean) / self.std).last_hidden_state
        return tokens[:, 0], tokens[:, 1 + self.registers:]


PAIR = {"inputs": ["a", "b"], "outputs": ["distance"], "sizes": [(64, 64), (97, 70), (128, 161)]}
ENCODER = {"inputs": ["image"], "outputs": ["embedding", "tokens"], "sizes": [(224, 224), (98, 140), (518, 518), (280, 224)]}


def build(args):
    random = args.random is not None
    if random:
        torch.manual_seed(args.random)
    if args.what.startswith("lpips-"):
        plan = {**PAIR, "outputs": ["distance", "map"]} if args.map else PAIR
        return Lpips(args.what[len("lpips-"):], args.map, random), plan, (-1, 1)
    if args.what == "dists":
        return Dists(random), PAIR, (0, 1)
    return DinoV2(args.model, random), ENCODER, (0, 1)


def pictures(names, size, value_range, seed):
    low, high = value_range
    generator = torch.Generator().manual_seed(seed)
    return [low + (high - low) * torch.rand(1, 3, *size, generator=generator) for _ in names]


def export(module, plan, value_range, path):
    free = {name: {0: "n", 2: "h", 3: "w"} for name in plan["inputs"]}
    shapes = {"distance": {0: "n"}, "map": {0: "n", 2: "h", 3: "w"}, "embedding": {0: "n"}, "tokens": {0: "n", 1: "t"}}
    # Traced at a size that no other number of the network equals, so that nothing of it is taken for a constant unnoticed.
    example = tuple(pictures(plan["inputs"], plan["sizes"][1], value_range, 0))
    torch.onnx.export(
        module, example, path, opset_version=OPSET, input_names=plan["inputs"], output_names=plan["outputs"],
        dynamic_axes={**free, **{name: shapes[name] for name in plan["outputs"]}}, dynamo=False,
    )


def check(module, plan, value_range, path):
    """Every number of every output against PyTorch, at several sizes."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    worst = 0.0
    for seed, size in enumerate(plan["sizes"]):
        feeds = pictures(plan["inputs"], size, value_range, seed + 1)
        expected = module(*feeds)
        got = session.run(plan["outputs"], {name: feed.numpy() for name, feed in zip(plan["inputs"], feeds)})
        for name, e, g in zip(plan["outputs"], expected if isinstance(expected, tuple) else (expected,), got):
            e = e.numpy()
            if e.shape != g.shape:
                sys.exit(f"{name} at {size}: expected shape {e.shape}, got {g.shape}")
            deviation = float(np.max(np.abs(e - g)) / np.max(np.abs(e)))
            print(f"{name:9} at {size[0]}x{size[1]}: {e.size} numbers, largest deviation {deviation:.1e}, first {e.flat[0]:.7f}")
            worst = max(worst, deviation)
    if not worst <= BOUND:
        sys.exit(f"expected every number within {BOUND} of PyTorch's, got {worst}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["lpips-alex", "lpips-vgg", "lpips-squeeze", "dists", "dinov2"])
    parser.add_argument("out")
    parser.add_argument("--model", default="facebook/dinov2-base", help="for dinov2: a model of the hub, or a folder")
    parser.add_argument("--map", action="store_true", help="for lpips: also the spatial map")
    parser.add_argument("--random", type=int, metavar="SEED", help="random weights instead of the real ones")
    args = parser.parse_args()
    with torch.no_grad():
        module, plan, value_range = build(args)
        module.eval()  # the whole, or the exporter would switch its dropout on again afterwards
        export(module, plan, value_range, args.out)
        check(module, plan, value_range, args.out)


main()
