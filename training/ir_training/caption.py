"""The captioner T (Eq. 6): measured properties of a picture, put into words by fixed thresholds, and the words as tokens.

Everything another implementation needs stands in TABLE, WORDS and `measure_all`: plain sums over float64 arrays, no resampling filter, no random
number. `asset()` writes the table and the vocabulary as JSON beside the exported graphs, and the product reads its thresholds from there.
"""
import numpy as np
import torch

from .data import planes

LENGTH = 16
PAD = 0
BLOCK = 8

# property -> rows (word, from, below): the first row that holds gives the word; no row, no word. Thresholds are near the 20th and 80th
# percentile of the training photographs for content, and apart sharp from softened, clean from noisy and compressed ones for quality.
TABLE = {
    "light": [("dark", None, 0.25), ("dim", 0.25, 0.36), ("bright", 0.6, None)],
    "contrast": [("flat", None, 0.11), ("contrasty", 0.24, None)],
    "saturation": [("grey", None, 0.06), ("muted", 0.06, 0.1), ("colourful", 0.33, None)],
    "warmth": [("cool", None, -0.08), ("warm", 0.2, None)],
    "green": [("purple", None, -0.04), ("green", 0.06, None)],
    "texture": [("plain", None, 0.018), ("busy", 0.05, None)],
    "direction": [("horizontal", None, -0.28), ("vertical", 0.28, None)],
    "sharpness": [("soft", None, 0.6), ("sharp", 0.7, None)],
    "grain": [("grainy", 0.014, None)],
    "blockiness": [("blocky", 1.5, None)],
}
# What blur, noise and compression change: measured in I_reg it is a fault, not the target's property; at inference a wish of the user's.
QUALITY = ("texture", "sharpness", "grain", "blockiness")
WORDS = [row[0] for rows in TABLE.values() for row in rows]
VOCABULARY = ["<pad>", *WORDS]  # a word's id is its place here
IDS = {word: i for i, word in enumerate(VOCABULARY) if i != PAD}
ALIASES = {
    "blurry": "soft", "blurred": "soft", "crisp": "sharp", "detailed": "sharp", "noisy": "grainy", "compressed": "blocky", "light": "bright",
    "colorful": "colourful", "vivid": "colourful", "gray": "grey", "smooth": "plain", "textured": "busy",
}


def luma(pictures: torch.Tensor) -> torch.Tensor:
    """(n, 3, h, w) to (n, h, w), float64."""
    red, green, blue = pictures.double().unbind(1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def reduced(y: torch.Tensor, n: int) -> torch.Tensor:
    """Means of n x n squares; what does not fill one at the right and bottom is left out."""
    h, w = y.shape[1] // n, y.shape[2] // n
    return y[:, : h * n, : w * n].reshape(-1, h, n, w, n).mean((2, 4))


def gradients(y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Forward differences to the right and downwards."""
    return y.diff(dim=2), y.diff(dim=1)


def mean(a: torch.Tensor) -> torch.Tensor:
    return a.flatten(1).mean(1)


def strength(y: torch.Tensor) -> torch.Tensor:
    """Mean absolute gradient."""
    dx, dy = gradients(y)
    return (mean(dx.abs()) + mean(dy.abs())) / 2


def grain(y: torch.Tensor) -> torch.Tensor:
    """Deviation of noise, from the quietest quarter of the 8 x 8 blocks, by the mixed difference (blind to edges along the axes)."""
    mixed = (y[:, :-1, :-1] - y[:, 1:, :-1] - y[:, :-1, 1:] + y[:, 1:, 1:]) / 2
    deviations = reduced(mixed**2, BLOCK).sqrt().flatten(1).sort(1).values
    return mean(deviations[:, : max(1, deviations.shape[1] // 4)])


def blockiness(y: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference across the borders of the 8 x 8 grid over that elsewhere; the grid starts at the picture's corner."""
    across = elsewhere = 1e-4
    for d in (gradients(y)[0].abs(), gradients(y)[1].abs().mT):
        border = torch.arange(d.shape[2], device=d.device) % BLOCK == BLOCK - 1
        across = across + mean(d[:, :, border])
        elsewhere = elsewhere + mean(d[:, :, ~border])
    return across / elsewhere


def measure_all(pictures: torch.Tensor) -> dict[str, torch.Tensor]:
    """Properties of RGB pictures in [0, 1], (n, 3, height, width), at least 32 x 32, float64 (n); every one a mean, so that size matters little."""
    y = luma(pictures)
    red, green, blue = (mean(plane) for plane in pictures.double().unbind(1))
    half = reduced(y, 2)
    gx, gy = (mean(d**2) for d in gradients(half))
    return {
        "light": mean(y),
        "contrast": y.flatten(1).std(1, correction=0),
        "saturation": mean(pictures.double().amax(1) - pictures.double().amin(1)),
        "warmth": red - blue,
        "green": green - (red + blue) / 2,
        "texture": strength(half),
        "direction": (gx - gy) / (gx + gy + 1e-8),
        "sharpness": (strength(y) + 1e-5) / (strength(half) + 1e-5),
        "grain": grain(y),
        "blockiness": blockiness(y),
    }


def measure(picture: np.ndarray) -> dict[str, float]:
    """The properties of one picture, (height, width, 3)."""
    values = measure_all(planes(picture))
    return {name: float(value[0]) for name, value in values.items()}


def words_of(properties: dict[str, float]) -> list[str]:
    """The caption: at most one word a property, in the table's order."""
    words = []
    for name, rows in TABLE.items():
        value = properties[name]
        words += [w for w, low, high in rows if (low is None or value >= low) and (high is None or value < high)][:1]
    return words


def tokens_of(words: list[str]) -> np.ndarray:
    """int64 (16): ids of known words in the order given, aliases resolved, unknown ones and those beyond the 16th left out, filled up with 0."""
    ids = [IDS[word] for word in (ALIASES.get(w, w) for w in words) if word in IDS][:LENGTH]
    return np.array(ids + [PAD] * (LENGTH - len(ids)), np.int64)


def tokenize(text: str) -> np.ndarray:
    """Tokens of a prompt: lower case, cut at everything that is not a letter; no words, the empty prompt."""
    return tokens_of("".join(c if c.isalpha() else " " for c in text.lower()).split())


def asset() -> dict:
    """What the product needs to write captions and to read prompts."""
    rows = {name: [{"word": w, "from": low, "below": high} for w, low, high in rows] for name, rows in TABLE.items()}
    return {"schema": "ir.caption/1", "length": LENGTH, "pad": PAD, "words": IDS, "aliases": ALIASES, "quality": list(QUALITY), "properties": rows}
