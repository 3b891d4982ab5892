"""Latents encoded once, kept in half precision: z_0 = E(I_x) of every photograph, and by rounds c_f = E(M_phi(D(I_x))) with one degradation each
and z_0 of one altered target each. Resumable photograph by photograph; the denoiser trains on the rounds that are complete.
"""
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch

from .. import caption
from .variants import InitialRestoration, alter, choose, degrade_by
from .vae import FACTOR, Encoder

WINDOWS = 3  # captions are measured on 3 x 3 overlapping windows
WINDOW = 256  # pixels


def encode(encoder: Encoder, picture: np.ndarray) -> np.ndarray:
    """RGB (h, w, 3) in [0, 1] to (latent, h / 8, w / 8)."""
    with torch.inference_mode():
        return encoder(torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)))[0].numpy()


def fingerprint(encoder: Encoder) -> str:
    digest = hashlib.sha256()
    for tensor in encoder.state_dict().values():
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def captions(picture: np.ndarray) -> np.ndarray:
    """uint8 (3, 3, 16): tokens of each window."""
    starts = np.linspace(0, picture.shape[0] - WINDOW, WINDOWS).astype(int)
    cut = lambda y, x: picture[y : y + WINDOW, x : x + WINDOW]
    words = [[caption.tokens_of(caption.words_of(caption.measure(cut(y, x)))) for x in starts] for y in starts]
    return np.array(words, np.uint8)


class Store:
    """Arrays in one folder, made once and filled in place; `done` marks what is written."""

    def __init__(self, folder: Path, made_by: dict[str, str], photographs: int, latent: int, side: int):
        """`made_by`: fingerprints of the networks; latents of others are refused."""
        self.folder, self.count = folder, photographs
        self.shape = (photographs, latent, side, side)
        folder.mkdir(parents=True, exist_ok=True)
        about = {"made_by": made_by, "shape": list(self.shape)}
        meta = folder / "about.json"
        if meta.exists() and json.loads(meta.read_text()) != about:
            raise SystemExit(f"expected latents of the autoencoder and the initial restoration as they are now, got others; remove {folder} to encode again")
        meta.write_text(json.dumps(about) + "\n")

    def array(self, name: str, dtype=np.float16, shape: tuple | None = None) -> np.ndarray:
        path = self.folder / f"{name}.npy"
        if path.exists():
            return np.lib.format.open_memmap(path, "r+")
        return np.lib.format.open_memmap(path, "w+", dtype=dtype, shape=shape or self.shape)

    def words(self, name: str) -> np.ndarray:
        return self.array(name, np.uint8, (self.count, WINDOWS, WINDOWS, caption.LENGTH))

    def done(self, name: str) -> np.ndarray:
        return self.array(name, bool, (self.count,))

    def rounds(self) -> list[int]:
        """The complete ones."""
        numbers = sorted(int(p.stem[5:]) for p in self.folder.glob("done-*.npy") if p.stem != "done-photo")
        return [n for n in numbers if self.done(f"done-{n}").all()]


def fill(store: Store, mark: str, crops: np.ndarray, make) -> None:
    """`make(i, picture)` for every photograph that is not marked yet."""
    done, began = store.done(mark), time.time()
    for i in np.flatnonzero(~done):
        make(i, crops[i].astype(np.float32) / np.float32(255))
        done[i] = True
        if (i + 1) % 50 == 0 or i + 1 == len(done):
            print(f"{mark} {i + 1} of {len(done)}, {(time.time() - began) / 60:.1f} min", flush=True)


def build(store: Store, config: dict, encoder: Encoder, crops: np.ndarray, restoration: InitialRestoration, rounds: int) -> None:
    photo, photo_words = store.array("photo"), store.words("photo-words")

    def whole(i: int, x: np.ndarray) -> None:
        photo[i], photo_words[i] = encode(encoder, x), captions(x)

    fill(store, "done-photo", crops, whole)
    normalise(store, photo)
    for number in range(rounds):
        hint, altered, words = store.array(f"hint-{number}"), store.array(f"altered-{number}"), store.words(f"altered-words-{number}")

        def one(i: int, x: np.ndarray) -> None:
            rng = np.random.default_rng([config["seed"], number, int(i)])
            hint[i] = encode(encoder, restoration(degrade_by(choose(config["latents"]["degradations"], rng), x, rng)))
            other = alter(choose(config["latents"]["alterations"], rng), x, rng)
            altered[i], words[i] = encode(encoder, other), captions(other)

        fill(store, f"done-{number}", crops, one)


def normalise(store: Store, photo: np.ndarray) -> None:
    """Mean and deviation per channel over all photographs: the denoiser sees (z - mean) / deviation."""
    wide = photo[:].astype(np.float64)
    values = {"mean": wide.mean((0, 2, 3)).round(5).tolist(), "deviation": wide.std((0, 2, 3)).round(5).tolist()}
    (store.folder / "normalise.json").write_text(json.dumps(values) + "\n")


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
    """Batches of latent windows (z_0, c_f, tokens) from the complete rounds: a function of (seed, step) alone."""

    def __init__(self, folder: Path, config: dict):
        self.config, self.side = config, config["patch"]
        self.normaliser = Normaliser(folder / "normalise.json")
        about = json.loads((folder / "about.json").read_text())
        rounds = Store(folder, about["made_by"], *about["shape"][:3]).rounds()
        if not rounds:
            raise SystemExit(f"expected a complete round of latents in {folder}; run latents first")
        open_all = lambda name: [np.load(folder / f"{name}-{n}.npy", mmap_mode="r") for n in rounds]
        self.photo, self.words = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("photo", "photo-words"))
        self.hints, self.altered, self.altered_words = (open_all(name) for name in ("hint", "altered", "altered-words"))

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        number, i = int(rng.integers(len(self.hints))), int(rng.integers(len(self.photo)))
        room = self.photo.shape[2] - self.side
        y, x = int(rng.integers(room + 1)), int(rng.integers(room + 1))
        cut = lambda latents: self.normaliser(latents[i, :, y : y + self.side, x : x + self.side])
        altered = rng.random() < self.config["altered"]
        words = (self.altered_words[number] if altered else self.words)[i]
        nearest = [round(at / max(1, room) * (WINDOWS - 1)) for at in (y, x)]
        clean = cut(self.altered[number] if altered else self.photo)
        return clean, self.hint(cut(self.hints[number]), rng), self.prompt(words[nearest[0], nearest[1]], rng)

    def hint(self, hint: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """c_f, in a share of cases gone or under noise: else it would be trusted blindly."""
        fate = rng.random()
        if fate < self.config["hint_dropped"]:
            return np.zeros_like(hint)
        if fate < self.config["hint_dropped"] + self.config["hint_noised"]:
            level = np.float32(rng.uniform(0.3, 1))
            return np.sqrt(1 - level**2) * hint + level * rng.standard_normal(hint.shape, np.float32)
        return hint

    def prompt(self, tokens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The target's words, some left out, in any order; in a share of cases none."""
        kept = tokens[(tokens > 0) & (rng.random(len(tokens)) >= self.config["word_dropped"])]
        if rng.random() < self.config["prompt_empty"]:
            kept = kept[:0]
        return np.concatenate([rng.permutation(kept), np.zeros(len(tokens) - len(kept))]).astype(np.int64)

    def batch(self, step: int, size: int) -> tuple[np.ndarray, ...]:
        """z_0, c_f, tokens, noise and times of one batch."""
        rng = np.random.default_rng([self.config["seed"], step])
        clean, hint, tokens = (np.stack(a) for a in zip(*[self.sample(rng) for _ in range(size)]))
        noise = rng.standard_normal(clean.shape, np.float32)
        return clean, hint.astype(np.float32), tokens, noise, rng.integers(0, 1000, size).astype(np.float32)


def side_of(crops: np.ndarray) -> int:
    return crops.shape[1] // FACTOR
