"""EfficientNet-Lite0 as the product runs it (the graph's own embedding and tokens of whole pictures, RGB in [0, 1]), and a basis in which its
vectors need fewer numbers.
"""
from pathlib import Path

import numpy as np
import onnxruntime


class Teacher:
    def __init__(self, path: Path, threads: int = 1):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uint8 pictures (n, h, w, 3) to embeddings (n, d) and tokens (n, t, d)."""
        image = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), np.float32) / np.float32(255)
        return tuple(self.session.run(["embedding", "tokens"], {"image": image}))


def basis(tokens: np.ndarray, dimension: int) -> np.ndarray:
    """Of tokens (n, d) the directions with the most energy about 0, (d, dimension): products of vectors, and so cosines, change least."""
    values, vectors = np.linalg.eigh(tokens.T.astype(np.float64) @ tokens)
    kept = vectors[:, ::-1][:, :dimension]
    print(f"{dimension} of {len(values)} directions keep {values[::-1][:dimension].sum() / values.sum():.2%} of the energy", flush=True)
    return kept.astype(np.float32)


def one_minus_cos(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    return 1 - (a * b).sum(-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))
