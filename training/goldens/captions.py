"""Measured properties and words of pictures made by a formula, for the captioner's tests: `python goldens/captions.py` in training/."""
import json
from pathlib import Path

import numpy as np

from ir_training import caption

OUT = Path(__file__).resolve().parents[2] / "packages/core/goldens/captions.json"


def picture(width: int, height: int, k: int) -> np.ndarray:
    """Waves, a ramp and noise by integer arithmetic, rounded to 8 bit: the test makes the same from width, height and k."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    wave = np.sin(x * (0.05 + 0.06 * k) + c) * np.cos(y * (0.03 + 0.02 * k))
    noise = ((x * 7919 + y * 104729 + c * 1299709 + k * 15485863) % 1009) / 1009 - 0.5
    value = 0.15 + 0.1 * k + 0.25 * wave + 0.1 * x / width * (c - 1) + (0.02 + 0.03 * (k % 3)) * noise
    return (np.floor(np.clip(value, 0, 1) * 255 + 0.5) / 255).astype(np.float32)


def main() -> None:
    cases = []
    for k, (width, height) in enumerate([(32, 32), (64, 48), (97, 65), (120, 40), (50, 77), (128, 128)]):
        properties = caption.measure(picture(width, height, k))
        words = caption.words_of(properties)
        cases.append({"width": width, "height": height, "k": k, "properties": properties, "words": words, "tokens": caption.tokens_of(words).tolist()})
    prompts = ["", "Sharp, bright!", "crisp and noisy", "2 blurry photographs", "sharp " * 20, "sharp-soft GREY gray unheard"]
    tokens = [{"text": text, "tokens": caption.tokenize(text).tolist()} for text in prompts]
    source = "training/goldens/captions.py (float64 NumPy)"
    OUT.write_text(json.dumps({"source": source, "cases": cases, "prompts": tokens, "table": caption.asset()}, indent=1) + "\n")


main()
