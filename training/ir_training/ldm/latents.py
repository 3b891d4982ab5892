"""Latents encoded once, kept in half precision, by rounds. A round holds of every photograph one view: its z_0 = E(I_x), its c_f = E(M_phi(D(I_x)))
with one degradation, and z_0 of one target altered to fit its words, with the captions of both. A round is a function of (seed, number) alone;
interrupted, the command goes on; the denoiser trains on the rounds that are complete.
"""
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch

from .. import caption
from ..data import planes
from .variants import InitialRestoration, alter, choose, degrade_by, halved, view
from .vae import FACTOR, Encoder

WINDOWS = 3  # captions are measured on 3 x 3 overlapping windows
WINDOW = 256  # pixels
CHUNK = 8  # photographs at a time
KINDS = ("photo", "hint", "altered")
NORMALISATION = "normalise.json"


@torch.inference_mode()
def encode_all(encoder: Encoder, pictures: torch.Tensor) -> torch.Tensor:
    """(n, 3, h, w) in [0, 1] to (n, latent, h / 8, w / 8)."""
    with halved(pictures.device.type):
        return encoder(pictures.contiguous(memory_format=torch.channels_last)).float()


def encode(encoder: Encoder, picture: np.ndarray) -> np.ndarray:
    """RGB (h, w, 3) in [0, 1] to (latent, h / 8, w / 8)."""
    device = next(encoder.parameters()).device
    return encode_all(encoder, planes(picture).to(device))[0].cpu().numpy()


def fingerprint(encoder: Encoder) -> str:
    digest = hashlib.sha256()
    for tensor in encoder.state_dict().values():
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def captions(pictures: torch.Tensor) -> np.ndarray:
    """uint8 (n, 3, 3, 16): tokens of each window."""
    starts = np.linspace(0, pictures.shape[2] - WINDOW, WINDOWS).astype(int)
    cuts = torch.stack([pictures[:, :, y : y + WINDOW, x : x + WINDOW] for y in starts for x in starts], 1).flatten(0, 1)
    measured = {name: values.tolist() for name, values in caption.measure_all(cuts).items()}
    words = [caption.words_of({name: values[k] for name, values in measured.items()}) for k in range(len(cuts))]
    return np.stack([caption.tokens_of(w) for w in words]).astype(np.uint8).reshape(-1, WINDOWS, WINDOWS, caption.LENGTH)


def fingerprint_of(file: Path) -> str:
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:16]


class Store:
    """Arrays in one folder, made once and filled in place; `done` marks what is written."""

    def __init__(self, folder: Path, made_by: dict[str, str], photographs: int, latent: int, side: int):
        """`made_by`: fingerprints of networks and photographs, what is drawn, the device; latents of others are refused."""
        self.folder, self.count = folder, photographs
        self.shape = (photographs, latent, side, side)
        folder.mkdir(parents=True, exist_ok=True)
        about = {"made_by": made_by, "shape": list(self.shape)}
        meta = folder / "about.json"
        if meta.exists() and json.loads(meta.read_text()) != about:
            raise SystemExit(f"expected latents of networks, photographs, configuration and device as they are now, got others; remove {folder} to encode again")
        meta.write_text(json.dumps(about) + "\n")

    def array(self, name: str, dtype=np.float16, shape: tuple | None = None) -> np.ndarray:
        path = self.folder / f"{name}.npy"
        if path.exists():
            return np.lib.format.open_memmap(path, "r+")
        return np.lib.format.open_memmap(path, "w+", dtype=dtype, shape=shape or self.shape)

    def latents(self, number: int) -> dict[str, np.ndarray]:
        return {kind: self.array(f"{kind}-{number}") for kind in KINDS}

    def words(self, name: str) -> np.ndarray:
        return self.array(name, np.uint8, (self.count, WINDOWS, WINDOWS, caption.LENGTH))

    def done(self, number: int) -> np.ndarray:
        return self.array(f"done-{number}", bool, (self.count,))

    def rounds(self) -> list[int]:
        """The complete ones."""
        numbers = sorted(int(p.stem[5:]) for p in self.folder.glob("done-*.npy"))
        return [n for n in numbers if self.done(n).all()]


def build(store: Store, config: dict, encoder: Encoder, crops: np.ndarray, restoration: InitialRestoration, rounds: int) -> None:
    began = time.time()
    for number in range(rounds):
        done = store.done(number)
        for at in np.array_split(np.flatnonzero(~done), max(1, -(-np.sum(~done) // CHUNK))):
            if len(at):
                make(store, number, at, config, encoder, crops, restoration)
                done[at] = True
        if number == 0:
            normalise(store)
        print(f"round {number + 1} of {rounds}, {(time.time() - began) / 60:.1f} min", flush=True)


def make(store: Store, number: int, at: np.ndarray, config: dict, encoder: Encoder, crops: np.ndarray, restoration: InitialRestoration) -> None:
    """The photographs `at` of one round."""
    settings, made = config["latents"], []
    for i in at:
        rng = np.random.default_rng([config["seed"], number, int(i)])
        picture = view(crops, int(i), settings["views"], rng, restoration.device)
        degraded = degrade_by(choose(settings["degradations"], rng), picture, rng)
        made.append((picture, degraded, alter(choose(settings["alterations"], rng), picture, rng)))
    pictures, degraded, altered = (torch.stack(kind) for kind in zip(*made))
    encoded = zip(KINDS, (pictures, restoration.batch(degraded), altered))
    latents = store.latents(number)
    for kind, batch in encoded:
        latents[kind][at] = encode_all(encoder, batch).half().cpu().numpy()
    for name, batch in (("words", pictures), ("altered-words", altered)):
        store.words(f"{name}-{number}")[at] = captions(batch)


def normalise(store: Store) -> None:
    """Mean and deviation per channel over the first round's photographs: the denoiser sees (z - mean) / deviation. Made once, for its weights belong to it."""
    if not (store.folder / NORMALISATION).exists():
        wide = store.array("photo-0")[:].astype(np.float64)
        keep_normalisation(store.folder, {"mean": wide.mean((0, 2, 3)).round(5).tolist(), "deviation": wide.std((0, 2, 3)).round(5).tolist()})


def keep_normalisation(folder: Path, latent: dict) -> None:
    """`mean` and `deviation` into the folder of latents; others than those that are there are refused."""
    file, values = folder / NORMALISATION, {name: latent[name] for name in ("mean", "deviation")}
    if file.exists() and json.loads(file.read_text()) != values:
        raise SystemExit(f"expected in {file} the mean and deviation of the graphs, got others; remove {folder} to encode again")
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(values) + "\n")


class Normaliser:
    """Between the autoencoder's latents and the denoiser's."""

    def __init__(self, file: Path):
        if not file.exists():
            raise SystemExit(f"expected {file}; run latents first")
        self.values = json.loads(file.read_text())
        shaped = lambda name: np.array(self.values[name], np.float32)[:, None, None]
        self.mean, self.deviation = shaped("mean"), shaped("deviation")

    def __call__(self, latent: np.ndarray) -> np.ndarray:
        return (latent.astype(np.float32) - self.mean) / self.deviation

    def back(self, latent: np.ndarray) -> np.ndarray:
        return latent * self.deviation + self.mean


class Windows:
    """Batches of latent windows (z_0, c_f, tokens, noise, t) from the complete rounds, all of which lie on the device: a function of (seed, step)
    and the kind of device alone.
    """

    def __init__(self, folder: Path, config: dict, device: str):
        self.config, self.side, self.device = config, config["patch"], device
        normaliser = Normaliser(folder / NORMALISATION)
        self.mean, self.deviation = (torch.from_numpy(a).to(device) for a in (normaliser.mean, normaliser.deviation))
        about = json.loads((folder / "about.json").read_text())
        store = Store(folder, about["made_by"], *about["shape"][:3])
        rounds = store.rounds()
        if not rounds:
            raise SystemExit(f"expected a complete round of latents in {folder}; run latents first")
        gather = lambda name: np.stack([np.load(folder / f"{name}-{n}.npy") for n in rounds])
        windows = lambda kind: torch.from_numpy(gather(kind)).to(device).unfold(3, self.side, 1).unfold(4, self.side, 1)
        self.latents = {kind: windows(kind) for kind in KINDS}  # views: (round, photograph, channel, y, x, side, side)
        self.words = np.stack([gather("words"), gather("altered-words")])
        self.shape = (len(rounds), store.count)

    def batch(self, step: int, size: int) -> tuple[torch.Tensor, ...]:
        rng = np.random.default_rng([self.config["seed"], step])
        chance = torch.Generator(self.device).manual_seed(int(rng.integers(2**62)))
        room = self.latents["photo"].shape[3]
        number, i, y, x = (rng.integers(n, size=size) for n in (*self.shape, room, room))
        altered = rng.random(size) < self.config["altered"]
        nearest = [np.rint(at / max(1, room - 1) * (WINDOWS - 1)).astype(int) for at in (y, x)]
        tokens = self.prompt(self.words[altered.astype(int), number, i, nearest[0], nearest[1]], rng)
        number, i, y, x, altered, tokens, t = (
            torch.from_numpy(a).to(self.device) for a in (number, i, y, x, altered, tokens, rng.integers(0, 1000, size).astype(np.float32))
        )
        cut = lambda kind: (self.latents[kind][number, i, :, y, x].float() - self.mean) / self.deviation
        clean = torch.where(altered[:, None, None, None], cut("altered"), cut("photo"))
        normal = lambda: torch.randn(clean.shape, generator=chance, device=self.device)
        return clean, self.hint(cut("hint"), rng, normal()), tokens, normal(), t

    def hint(self, hint: torch.Tensor, rng: np.random.Generator, noise: torch.Tensor) -> torch.Tensor:
        """c_f, in a share of cases gone or under noise: else it would be trusted blindly."""
        fate = rng.random(len(hint))
        dropped = self.config["hint_dropped"]
        noised = (fate >= dropped) & (fate < dropped + self.config["hint_noised"])
        level = np.where(noised, rng.uniform(0.3, 1, len(hint)), 0)
        kept = np.where(fate < dropped, 0, np.sqrt(1 - level**2))
        of_hint, of_noise = (torch.from_numpy(a.astype(np.float32)).to(self.device)[:, None, None, None] for a in (kept, level))
        return of_hint * hint + of_noise * noise

    def prompt(self, tokens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n, 16): the targets' words, some left out, in any order; in a share of cases none."""
        kept = (tokens > 0) & (rng.random(tokens.shape) >= self.config["word_dropped"])
        kept &= rng.random((len(tokens), 1)) >= self.config["prompt_empty"]
        order = np.argsort(np.where(kept, rng.random(tokens.shape), 2), axis=1)
        return np.take_along_axis(np.where(kept, tokens, 0), order, 1).astype(np.int64)


def side_of(crops: np.ndarray) -> int:
    return crops.shape[1] // FACTOR
