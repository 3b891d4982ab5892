"""The three parts as runs: the autoencoder (Eq. 5), the decoder's finishing, the denoiser with its text encoder (Eq. 8 and 9)."""
import argparse
from pathlib import Path

import numpy as np
import torch

from .. import caption
from ..data import Patches, planes
from ..evaluate import pictures, psnr
from ..run import Run
from . import adversary, schedule, statistics
from .denoiser import Conditioned
from .latents import Windows
from .vae import Autoencoder, Decoder


class Pictures(Run):
    """What the two parts that train on pictures share. The picture to be kept is the mixture's degraded one: latents must carry soft and
    noisy pictures as well as photographs.
    """

    patches: Patches
    val: Path

    def prepare(self, options: argparse.Namespace, packed: Path) -> None:
        self.patches = Patches(packed, self.config["mixture"], self.config["patch"], self.config["seed"])
        self.val = options.val

    def picture(self) -> torch.Tensor:
        kept = self.tensor(self.patches.batch(self.step, self.config["batch"])[0])
        return kept.contiguous(memory_format=torch.channels_last)

    def measure(self) -> dict:
        """Of the round trip over 12 crops: PSNR (8 bit), and how far local statistics are from the photographs'."""
        values = []
        with torch.inference_mode():
            for x in pictures(self.val, 12, 256):
                target = planes(x).to(self.device)
                output = (self.round_trip(target).clamp(0, 1) * 255).round() / 255
                values.append((psnr(output.cpu().numpy(), target.cpu().numpy()), statistics.loss(output, target).item()))
        return {"psnr": round(float(np.mean([v[0] for v in values])), 3), "statistics": round(float(np.mean([v[1] for v in values])), 4)}

    def round_trip(self, picture: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


class VaeRun(Pictures):
    def build(self) -> Autoencoder:
        return Autoencoder(**self.config["network"])

    def loss(self) -> torch.Tensor:
        """Eq. 5 as L1 plus squared L2, both per sample, and a small pull of the latent to 0."""
        picture = self.picture()
        with self.autocast():
            output, latent = self.compiled(picture)
        error = output.float() - picture
        return error.abs().mean() + self.config["squared"] * (error**2).mean() + self.config["pull"] * (latent.float() ** 2).mean()

    def round_trip(self, picture: torch.Tensor) -> torch.Tensor:
        return self.ema(picture)[0]


class DecoderRun(Pictures):
    """The finishing: the encoder stays, the decoder learns to make texture. Each term's gradient is taken at the picture and scaled to its
    share of that of L1, by running norms: shares mean the same whatever the terms' units, and all go through the decoder in one pass.
    """

    def __init__(self, config: dict, name: str, folder: Path, autoencoder: Autoencoder):
        self.autoencoder, self.network = autoencoder, config["parts"]["vae"]["network"]
        super().__init__(config, name, folder)
        self.encoder = autoencoder.encoder.eval().requires_grad_(False).to(self.device)
        self.critic = adversary.Discriminator(self.config["discriminator"]["channels"]).to(self.device, memory_format=torch.channels_last)
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), lr=self.config["discriminator"]["lr"], betas=(0.5, 0.99))
        self.norms: dict[str, float] = {}

    def prepare(self, options: argparse.Namespace, packed: Path) -> None:
        super().prepare(options, packed)
        with torch.no_grad():
            sample = self.tensor(self.patches.batch(0, 64)[0])
            self.deviation = self.encoder(sample).std((0, 2, 3), keepdim=True)

    def build(self) -> Decoder:
        decoder = Decoder(self.network["latent"], **self.network["decoder"])
        decoder.load_state_dict(self.autoencoder.decoder.state_dict())
        return decoder

    def state(self) -> dict:
        return {**super().state(), "critic": self.critic.state_dict(), "critic_optimizer": self.critic_optimizer.state_dict(), "norms": self.norms}

    def restore(self, state: dict) -> None:
        super().restore(state)
        self.critic.load_state_dict(state["critic"])
        self.critic_optimizer.load_state_dict(state["critic_optimizer"])
        self.norms = state["norms"]

    def set_rate(self, factor: float) -> None:
        super().set_rate(factor)
        for group in self.critic_optimizer.param_groups:
            group["lr"] = self.config["discriminator"]["lr"] * factor

    def latent(self, picture: torch.Tensor) -> torch.Tensor:
        """With a little noise, so that the decoder bears what a sampler gives it."""
        with torch.no_grad(), self.autocast():
            latent = self.encoder(picture).float()
        noise = np.random.default_rng([self.config["seed"], self.step, 1]).standard_normal(latent.shape, np.float32)
        return latent + self.config["latent_noise"] * self.deviation * self.tensor(noise)

    def update(self) -> dict[str, torch.Tensor]:
        picture = self.picture()
        latent = self.latent(picture).contiguous(memory_format=torch.channels_last)
        with self.autocast():
            output = self.compiled(latent).float()
        made = output.detach().requires_grad_()
        terms = {"l1": (made - picture).abs().mean(), "statistics": statistics.loss(made, picture)}
        with self.autocast():
            terms["adversarial"] = adversary.deceive(self.critic(made).float())
        self.optimizer.zero_grad(set_to_none=True)
        output.backward(self._shares(terms, made))
        self.apply()
        critic = self._teach_critic(picture, made.detach())
        return {"loss": terms["l1"].detach(), "statistics": terms["statistics"].detach(), "critic": critic}

    def _shares(self, terms: dict[str, torch.Tensor], made: torch.Tensor) -> torch.Tensor:
        gradients = {name: torch.autograd.grad(term, made)[0] for name, term in terms.items()}
        for name, gradient in gradients.items():
            now = gradient.norm().item()
            self.norms[name] = 0.98 * self.norms.get(name, now) + 0.02 * now
        shares = {**self.config["shares"]}
        if self.step < self.config["discriminator"]["from"]:
            shares["adversarial"] = 0.0
        return sum(shares[name] * self.norms["l1"] / (self.norms[name] + 1e-12) * gradients[name] for name in terms)

    def _teach_critic(self, picture: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
        with self.autocast():
            scores = self.critic(torch.cat([picture, made])).float()
        loss = adversary.judge(*scores.chunk(2))
        self.critic_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimizer.step()
        return loss.detach()

    def round_trip(self, picture: torch.Tensor) -> torch.Tensor:
        return self.ema(self.encoder(picture))


class DenoiserRun(Run):
    windows: Windows
    held_out: tuple[np.ndarray, ...] | None = None

    def prepare(self, folder: Path) -> None:
        self.windows = Windows(folder, self.config, self.device)

    def build(self) -> Conditioned:
        text = {"vocabulary": len(caption.WORDS) + 1, **self.config["text"]}
        return Conditioned({**self.config["network"], "context": text["width"]}, text)

    def loss(self) -> torch.Tensor:
        """Eq. 9 with t uniform, in the v-parameterisation."""
        clean, hint, tokens, noise, t = self.windows.batch(self.step, self.config["batch"])
        z, velocity = schedule.diffuse(clean, noise, t)
        flat = lambda a: a.contiguous(memory_format=torch.channels_last)
        with self.autocast():
            told = self.compiled(flat(z), flat(hint), t, tokens)
        return ((told.float() - velocity) ** 2).mean()

    def measure(self) -> dict | None:
        """Eq. 9 on windows of photographs to choose on, at five times, each with one fixed noise; None until `held_out` is set."""
        if self.held_out is None:
            return None
        clean, hint, tokens = (self.tensor(a) for a in self.held_out)
        noise = self.tensor(np.random.default_rng(0).standard_normal(clean.shape, np.float32))
        losses = {}
        with torch.inference_mode():
            for time in (100, 300, 500, 700, 900):
                t = torch.full((len(clean),), float(time), device=self.device)
                z, velocity = schedule.diffuse(clean, noise, t)
                losses[f"t{time}"] = round(((self.ema(z, hint, t, tokens) - velocity) ** 2).mean().item(), 4)
        return losses
