"""The student as a run: what the teacher says of each token and picture, how far the teacher sets pictures apart, and agreement with itself."""
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cosine_similarity

from ..run import Run
from .bars import Bars
from .student import MULTIPLE, Student
from .views import Groups


def relative_error(told: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
    """Mean squared error over the mean square of what is taught: 1 for a student that says nothing."""
    return ((told - taught) ** 2).sum(-1).mean() / (taught**2).sum(-1).mean()


def chords(vectors: torch.Tensor) -> torch.Tensor:
    """sqrt(1 - cos) of all pairs within (groups, views, d) and of all clean views: spread more evenly than 1 - cos, of which most is next to 0."""
    unit = torch.nn.functional.normalize(vectors, dim=-1)
    within = (unit @ unit.transpose(1, 2)).flatten()
    between = (unit[:, 0] @ unit[:, 0].T).flatten()
    return (1 - torch.cat([within, between])).clamp(min=1e-5).sqrt()


class Others:
    """Embeddings of clean views of the last steps, by which crop they show: pictures that a degraded one must not lie next to."""

    def __init__(self, most: int):
        self.most, self.vectors, self.crops = most, None, None

    def add(self, vectors: torch.Tensor, crops: torch.Tensor) -> None:
        join = lambda old, new: new if old is None else torch.cat([old, new])[-self.most :]
        self.vectors, self.crops = join(self.vectors, vectors), join(self.crops, crops)

    def nearest(self, vectors: torch.Tensor, crops: torch.Tensor) -> torch.Tensor:
        """The largest cosine of each of (groups, views, d) with one of another crop, (groups, views)."""
        cosines = torch.nn.functional.normalize(vectors, dim=-1) @ torch.nn.functional.normalize(self.vectors, dim=-1).T
        same = crops[:, None, None] == self.crops
        return cosines.masked_fill(same, -1).amax(-1)


class StudentRun(Run):
    groups: Groups
    bars: Bars
    others: Others

    def prepare(self, views: Path, bars: Bars) -> None:
        self.groups, self.bars, self.others = Groups(views), bars, Others(self.config["apart"]["others"])

    def build(self) -> Student:
        return Student(self.config["views"]["dimension"], **self.config["network"])

    def update(self) -> dict[str, float]:
        losses = self.losses()
        total = sum(self.config["weights"][name] * loss for name, loss in losses.items())
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        self.apply()
        return {"loss": total.item(), **{name: loss.item() for name, loss in losses.items()}}

    def losses(self) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng([self.config["seed"], self.step])
        views, taught, crops = (torch.from_numpy(a) for a in self.groups.batch(rng, self.config["batch"], self.config["degraded"]))
        shape = taught.shape[:2]
        picture = views.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        with self.autocast():
            embedding, tokens = (output.float().unflatten(0, shape) for output in self.net(picture))
        own, own_tokens = self.mirrored(picture[:: shape[1]])
        self.others.add(own, crops)
        target = taught.mean(2)
        return {
            "tokens": relative_error(tokens, taught),
            "embedding": relative_error(embedding, target),
            "angle": 1 - cosine_similarity(tokens, taught, dim=-1).mean(),
            "relation": (chords(embedding) - chords(target)).abs().mean(),
            "agreement": 1 - cosine_similarity(tokens[:, 0], own_tokens, dim=-1).mean(),
            "apart": self.apart(embedding[:, 1:], own, crops, 1 - cosine_similarity(target[:, 1:], target[:, :1], dim=-1)),
        }

    def mirrored(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Self-distillation: embedding and tokens that the averaged student gives the mirrored pictures, tokens mirrored back."""
        with torch.no_grad(), self.autocast():
            embedding, tokens = (output.float() for output in self.ema(picture.flip(3)))
        side = picture.shape[-1] // MULTIPLE
        return embedding, tokens.unflatten(1, (side, side)).flip(2).flatten(1, 2)

    def apart(self, degraded: torch.Tensor, own: torch.Tensor, crops: torch.Tensor, distance: torch.Tensor) -> torch.Tensor:
        """A degraded view lies nearer to its own picture than to any other by a margin, if the teacher still knows the picture: 0 where it does."""
        hinge = self.config["apart"]
        lead = cosine_similarity(degraded, own[:, None], dim=-1) - self.others.nearest(degraded, crops)
        return ((hinge["margin"] - lead).clamp(min=0) * (distance < hinge["known"])).mean()

    def _average(self, keep: float) -> None:
        """Statistics of the normalisation are averaged already; they are taken as they are. The averaged network never sees a batch."""
        super()._average(keep)
        self.ema.eval()
        for mean, now in zip(self.ema.buffers(), self.net.buffers()):
            mean.copy_(now)

    def measure(self) -> dict:
        return {name: round(value, 4) for name, value in self.bars(self.ema).items()}
