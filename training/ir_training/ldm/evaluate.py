"""Round trips and samples on photographs to choose on: PSNR, pictures for `ir score`, a sheet of six, and whether a word moves what it names."""
import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .. import caption, degrade
from ..data import SUFFIXES, read
from ..evaluate import degraded, psnr
from .denoiser import Conditioned
from .latents import Normaliser, encode
from .variants import InitialRestoration
from .schedule import ddim
from .vae import Autoencoder

TASKS = ("sr4", "sigma4")
KINDS = ("photo", "vae", "degraded", "restored", "restored-vae", "cldm")
WORDS = (("sharp", "soft", "sharpness"), ("bright", "dark", "light"))
SHEET = 6
CROP = 192


def content(picture: np.ndarray) -> list[str]:
    """The caption without words for quality: those are the user's wish (caption.QUALITY says why)."""
    quality = {row[0] for name in caption.QUALITY for row in caption.TABLE[name]}
    return [w for w in caption.words_of(caption.measure(picture)) if w not in quality]


def tokens_of_picture(picture: np.ndarray) -> np.ndarray:
    return caption.tokens_of(caption.words_of(caption.measure(picture)))


class Sampler:
    """Autoencoder, denoiser and normalisation as one: pictures in [0, 1], (h, w, 3), sides multiples of 16."""

    def __init__(self, autoencoder: Autoencoder, network: Conditioned, normaliser: Normaliser):
        self.autoencoder, self.network, self.normaliser = autoencoder, network, normaliser

    def round_trip(self, picture: np.ndarray) -> np.ndarray:
        return self.decode(encode(self.autoencoder.encoder, picture))

    def decode(self, latent: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            output = self.autoencoder.decoder(torch.from_numpy(latent[None].astype(np.float32)))
        return degrade.round8(output[0].numpy().transpose(1, 2, 0))

    def sample(self, restored: np.ndarray, words: list[str], steps: int, guidance: float, seed: int) -> np.ndarray:
        """From pure noise by DDIM (eta 0), guided away from the empty prompt where guidance is not 1."""
        hint = torch.from_numpy(self.normaliser(encode(self.autoencoder.encoder, restored)))[None]
        prompts = torch.from_numpy(np.stack([caption.tokens_of(words), caption.tokens_of([])]))

        def velocity(z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            if guidance == 1:
                return self.network(z, hint, t, prompts[:1])
            with_words, without = self.network(z.repeat(2, 1, 1, 1), hint.repeat(2, 1, 1, 1), t.repeat(2), prompts).chunk(2)
            return without + guidance * (with_words - without)

        start = torch.from_numpy(np.random.default_rng(seed).standard_normal(hint.shape, np.float32))
        return self.decode(self.normaliser.back(ddim(velocity, start, steps)[0].numpy()))


def evaluate(sampler: Sampler, restoration: InitialRestoration, options: argparse.Namespace, folder: Path) -> None:
    files = sorted(p for p in options.val.iterdir() if p.suffix.lower() in SUFFIXES)
    files = files[:: max(1, len(files) // options.limit)][: options.limit]
    for task in TASKS:
        figures = [row(sampler, restoration, options, path, task, folder / task) for path in files]
        means = {kind: np.mean([f[kind] for f in figures]) for kind in KINDS[1:]}
        print(f"{task:8s} PSNR " + " ".join(f"{kind} {value:.2f}" for kind, value in means.items()), flush=True)
        sheet(folder / task, [p.stem for p in files[:SHEET]])
    for up, down, name in WORDS:
        print(f"{up}/{down}: moved as promised in {obeyed(sampler, restoration, options, files, up, down, name):.0%}", flush=True)
    print(f"pictures in {folder}; NIQE: ir score {folder}/{TASKS[0]}/cldm --metric niqe, and so for each folder")


def row(sampler: Sampler, restoration: InitialRestoration, options: argparse.Namespace, path: Path, task: str, folder: Path) -> dict[str, float]:
    """All versions of one photograph, written, with their PSNR."""
    photo = whole(path)
    made = {"photo": photo, "vae": sampler.round_trip(photo), "degraded": degraded(photo, task)}
    made["restored"] = restoration(made["degraded"])
    made["restored-vae"] = sampler.round_trip(made["restored"])
    words = content(made["restored"]) + options.prompt.split()
    made["cldm"] = sampler.sample(made["restored"], words, options.sampling, options.guidance, seed=0)
    for kind in KINDS:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.uint8(made[kind] * 255 + 0.5)).save(folder / kind / f"{path.stem}.png")
    return {kind: psnr(made[kind], photo) for kind in KINDS}


def whole(path: Path) -> np.ndarray:
    """Cut at the right and bottom to multiples of 16."""
    picture = read(path).astype(np.float32) / np.float32(255)
    return picture[: picture.shape[0] // 16 * 16, : picture.shape[1] // 16 * 16]


def sheet(folder: Path, names: list[str]) -> None:
    """A row a picture, a column a kind: centre crops beside each other."""
    canvas = Image.new("RGB", (CROP * len(KINDS), CROP * len(names)))
    for y, name in enumerate(names):
        for x, kind in enumerate(KINDS):
            picture = Image.open(folder / kind / f"{name}.png")
            left, top = (picture.width - CROP) // 2, (picture.height - CROP) // 2
            canvas.paste(picture.crop((left, top, left + CROP, top + CROP)), (x * CROP, y * CROP))
    canvas.save(folder / "sheet.png")


def obeyed(sampler: Sampler, restoration: InitialRestoration, options: argparse.Namespace, files: list[Path], up: str, down: str, name: str) -> float:
    """Share of pictures (SR4, 256 x 256, guidance 4, equal noise) where the property is higher with the one word than with the other."""
    hits = []
    for path in files:
        restored = restoration(degraded(whole(path)[:256, :256], "sr4"))
        others = [w for w in content(restored) if w not in [r[0] for r in caption.TABLE[name]]]
        value = lambda word: caption.measure(sampler.sample(restored, others + [word], options.sampling, 4.0, seed=0))[name]
        hits.append(value(up) > value(down))
    return float(np.mean(hits))
