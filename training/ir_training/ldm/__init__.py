"""The small conditional latent diffusion model: one command a part, and `all` for the whole."""
import argparse
import json
from pathlib import Path

import numpy as np
import torch

from ..evaluate import degraded, pictures
from ..run import Run, complete
from . import adopt, evaluate, export, latents
from .variants import InitialRestoration
from .runs import DecoderRun, DenoiserRun, VaeRun
from .vae import Autoencoder

HELD_OUT = ("sr4", "sigma4")


class Model:
    """The configuration's parts, each made when it is asked for and from what has to come before it."""

    def __init__(self, options: argparse.Namespace, config: dict, packed: Path):
        self.options, self.config, self.packed = options, config, packed
        self.folder = options.runs / config["id"]
        self.latents = self.folder / "latents"

    def autoencoder(self) -> Autoencoder:
        """As annealed, before the decoder's finishing."""
        return self.loaded(VaeRun(self.config, "vae", self.folder)).ema.eval()

    def finished(self) -> Autoencoder:
        """With the finished decoder; without it where there is none yet, saying so."""
        run = DecoderRun(self.config, "decoder", self.folder, self.autoencoder())
        if run.load(self.options.checkpoint):
            run.autoencoder.decoder = run.ema
        else:
            print(f"no {run.folder / self.options.checkpoint}: the decoder as it is before its finishing", flush=True)
        return run.autoencoder.eval()

    def loaded(self, run: Run) -> Run:
        if not run.load("annealed.pt"):
            raise SystemExit(f"expected a checkpoint at {run.folder / 'annealed.pt'}; train and anneal {run.name} first")
        return run

    def restoration(self) -> InitialRestoration:
        return InitialRestoration(self.options.models, self.options.device)

    def part(self, name: str) -> Run:
        """Ready to train."""
        if name == "vae":
            run = VaeRun(self.config, name, self.folder)
            run.prepare(self.options, self.packed)
        elif name == "decoder":
            run = DecoderRun(self.config, name, self.folder, self.autoencoder())
            run.prepare(self.options, self.packed)
        else:
            run = DenoiserRun(self.config, name, self.folder)
            run.prepare(self.latents)
            run.held_out = self.held_out()
        return run

    def train(self, name: str, anneal: bool) -> None:
        run = self.part(name)
        print(f"{name} {'resumed' if run.load('steady.pt') else 'started'} at step {run.step}", flush=True)
        run.train(self.options.steps, anneal, self.options.minutes)

    def encode(self, rounds: int | None) -> None:
        crops = np.load(self.packed, mmap_mode="r")
        encoder = self.autoencoder().encoder
        channels = self.config["parts"]["vae"]["network"]["latent"]
        restoration = self.restoration()
        drawn = {"seed": self.config["seed"], **{k: v for k, v in self.config["latents"].items() if k != "rounds"}}
        made_by = {
            "encoder": latents.fingerprint(encoder), "restoration": restoration.fingerprint, "photographs": latents.fingerprint_of(self.packed),
            "device": self.options.device, "drawn": drawn,
        }
        store = latents.Store(self.latents, made_by, len(crops), channels, latents.side_of(crops))
        latents.build(store, self.config, encoder, crops, restoration, rounds or self.config["latents"]["rounds"])

    def held_out(self) -> tuple[np.ndarray, ...]:
        """Normalised z_0, c_f and tokens of 12 crops to choose on, by SR4 and blur 4; kept beside the latents."""
        file = self.latents / "held-out.npz"
        if not file.exists():
            encoder, restoration = self.autoencoder().encoder, self.restoration()
            normaliser = latents.Normaliser(self.latents / latents.NORMALISATION)
            clean, hint, tokens = [], [], []
            for x in pictures(self.options.val, 12, 256):
                for task in HELD_OUT:
                    clean.append(normaliser(latents.encode(encoder, x)))
                    hint.append(normaliser(latents.encode(encoder, restoration(degraded(x, task)))))
                    tokens.append(evaluate.tokens_of_picture(x))
            np.savez(file, clean=np.stack(clean), hint=np.stack(hint), tokens=np.stack(tokens))
        with np.load(file) as held:
            return held["clean"], held["hint"], held["tokens"]

    def sampler(self) -> "evaluate.Sampler":
        run = DenoiserRun(self.config, "denoiser", self.folder)
        if not run.load(self.options.checkpoint):
            raise SystemExit(f"expected a checkpoint at {run.folder / self.options.checkpoint}; train the denoiser first")
        return evaluate.Sampler(self.finished(), run.ema.eval(), latents.Normaliser(self.latents / latents.NORMALISATION))

    def adopt(self) -> None:
        """Checkpoints from the exported graphs, of the part told or of all."""
        makes = {
            "vae": (lambda: VaeRun(self.config, "vae", self.folder), {"encoder": "encoder", "decoder": "decoder"}),
            "decoder": (lambda: DecoderRun(self.config, "decoder", self.folder, self.autoencoder()), {"decoder": ""}),
            "denoiser": (lambda: DenoiserRun(self.config, "denoiser", self.folder), {"denoiser": "denoiser", "text": "text"}),
        }
        for name in [self.options.part] if self.options.part else makes:
            make, networks = makes[name]
            folder = self.options.models / self.config["id"]
            adopt.adopt(make(), folder, networks, self.config)
            if name == "denoiser":
                latents.keep_normalisation(self.latents, json.loads((folder / "training.json").read_text())["latent"])

    def all(self) -> None:
        """Every part, or the one told, with the configuration's numbers of steps; goes on where it was interrupted."""
        for name in [self.options.part] if self.options.part else ("vae", "decoder", "denoiser"):
            if name == "denoiser":
                self.encode(None)
            complete(lambda: self.part(name), self.folder / name, self.config["parts"][name]["plan"])
        if not self.options.part:
            Run.device = "cpu"
            export.export(self)


def main(options: argparse.Namespace, config: dict, packed: Path) -> None:
    model = Model(options, config, packed)
    if options.command in ("train", "anneal"):
        model.train(options.part, options.command == "anneal")
    elif options.command == "latents":
        model.encode(options.rounds)
    elif options.command == "evaluate":
        evaluate.evaluate(model.sampler(), model.restoration(), options, model.folder / "evaluate")
    elif options.command == "export":
        export.export(model)
    elif options.command == "adopt":
        model.adopt()
    else:
        model.all()
