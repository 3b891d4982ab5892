"""The product's noise in numpy (docs/conventions.md): Philox 4x32-10 by seed, stream, step and position, and the streams of a picture."""
import hashlib
import struct

import numpy as np

MASK = np.uint64(0xFFFFFFFF)
SHIFT = np.uint64(32)


def philox(counter: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """Ten rounds over counters [n, 4]."""
    c = counter.astype(np.uint64)
    k0, k1 = key
    for _ in range(10):
        p0, p1 = c[:, 0] * np.uint64(0xD2511F53), c[:, 2] * np.uint64(0xCD9E8D57)
        c = np.stack(
            [(p1 >> SHIFT) ^ c[:, 1] ^ np.uint64(k0), p1 & MASK, (p0 >> SHIFT) ^ c[:, 3] ^ np.uint64(k1), p0 & MASK], axis=1
        )
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def normals(length: int, seed: int, stream: int, step: int) -> np.ndarray:
    """Standard normals at positions 0 .. length - 1, float32."""
    blocks = (length + 3) // 4
    counter = np.zeros((blocks, 4), dtype=np.uint64)
    counter[:, 0] = np.arange(blocks)
    counter[:, 2], counter[:, 3] = step, stream
    u = (philox(counter, (seed & 0xFFFFFFFF, seed >> 32)).astype(np.float64) + 0.5) * 2.0**-32
    r0, r1 = np.sqrt(-2 * np.log(u[:, 0])), np.sqrt(-2 * np.log(u[:, 2]))
    a0, a1 = 2 * np.pi * u[:, 1], 2 * np.pi * u[:, 3]
    n = np.stack([r0 * np.cos(a0), r0 * np.sin(a0), r1 * np.cos(a1), r1 * np.sin(a1)], axis=1)
    return n.reshape(-1)[:length].astype(np.float32)


def image_hash(levels: np.ndarray) -> str:
    """Of an opaque 8-bit picture [3, height, width]."""
    channels, height, width = levels.shape
    head = b"ir.image/1\n" + struct.pack("<5I", width, height, channels, 8, 0)
    return hashlib.sha256(head + levels.astype(np.uint8).tobytes()).hexdigest()


def stream(picture: str, purpose: str) -> int:
    return struct.unpack("<I", hashlib.sha256(f"ir.stream/1\n{picture}\n{purpose}".encode()).digest()[:4])[0]


class Noise:
    """Fields of one picture and seed, shaped like a latent."""

    def __init__(self, levels: np.ndarray, seed: int):
        self.picture, self.seed = image_hash(levels), seed

    def __call__(self, purpose: str, step: int, shape: tuple[int, ...]) -> np.ndarray:
        length = int(np.prod(shape))
        return normals(length, self.seed, stream(self.picture, f"sampler/{purpose}"), step).reshape(shape)
