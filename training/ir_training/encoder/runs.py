"""The student as a run: what the teacher says of each token and picture, how far the teacher sets pictures apart, and agreement with itself."""
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cosine_similarity, normalize

from ..run import Run
from .bars import Bars
from .student import MULTIPLE, Student
from .views import Groups

SETTLE = 30  # batches


def relative_error(told: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
    """Mean squared error over the mean square of what is taught: 1 for a student that says nothing."""
    return ((told - taught) ** 2).sum(-1).mean() / (taught**2).sum(-1).mean()


def chords(vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """sqrt(1 - cos) of all pairs within each of (groups, views, d), and of all clean views: spread more evenly than 1 - cos."""
    unit = normalize(vectors, dim=-1)
    return tuple((1 - cosines).clamp(min=1e-5).sqrt() for cosines in (unit @ unit.transpose(1, 2), unit[:, 0] @ unit[:, 0].T))


def relation(told: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
    """How differently (groups, views, d) lie to each other: within groups, and between pictures with half its weight."""
    within, between = ((a - b).abs().mean() for a, b in zip(chords(told), chords(taught)))
    return (2 * within + between) / 3


def telling(right: torch.Tensor, wrong: torch.Tensor, temperature: float, known: torch.Tensor) -> torch.Tensor:
    """How surely a degraded view is told to be of its own picture (cosine `right`, [...]) and of no other (`wrong`, [..., others]): InfoNCE over those
    whose picture the teacher still knows.
    """
    logits = torch.cat([right[..., None], wrong], -1) / temperature
    return (-logits.log_softmax(-1)[..., 0] * known).sum() / known.sum().clamp(min=1)


class Weighted(Run):
    """A run whose loss is the configuration's weights times several named ones, and whose network normalises by statistics."""

    def losses(self) -> dict[str, torch.Tensor]:
        raise NotImplementedError

    def update(self) -> dict[str, torch.Tensor]:
        losses = self.losses()
        total = sum(self.config["weights"][name] * loss for name, loss in losses.items())
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        self.apply()
        return {"loss": total.detach(), **{name: loss.detach() for name, loss in losses.items()}}

    def _average(self, keep: float) -> None:
        """Statistics follow the weights they belong to."""
        super()._average(keep)
        self.ema.eval()
        for mean, now in zip(self.ema.buffers(), self.net.buffers()):
            mean.copy_(mean.lerp(now, 1 - keep) if mean.is_floating_point() else now)


class Others:
    """Embeddings of clean views of the last steps, by which crop they show: pictures that a degraded one must not lie next to."""

    def __init__(self, most: int):
        self.most, self.vectors, self.crops = most, None, None

    def add(self, vectors: torch.Tensor, crops: torch.Tensor) -> None:
        join = lambda old, new: new if old is None else torch.cat([old, new])[-self.most :]
        self.vectors, self.crops = join(self.vectors, vectors), join(self.crops, crops)

    def cosines(self, vectors: torch.Tensor, crops: torch.Tensor) -> torch.Tensor:
        """Of each of (groups, views, d) with each that is kept, (groups, views, kept); -1 with those of its own crop."""
        found = normalize(vectors, dim=-1) @ normalize(self.vectors, dim=-1).T
        return found.masked_fill(crops[:, None, None] == self.crops, -1)


class StudentRun(Weighted):
    groups: Groups
    bars: Bars
    others: Others

    def prepare(self, views: Path, bars: Bars) -> None:
        self.groups, self.bars, self.others = Groups(views), bars, Others(self.config["apart"]["others"])

    def build(self) -> Student:
        return Student(self.config["views"]["dimension"], **self.config["network"])

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
            "angle": 1 - cosine_similarity(tokens, taught, dim=-1).mean(),
            "relation": relation(embedding, target),
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
        settings = self.config["apart"]
        right = cosine_similarity(degraded, own[:, None], dim=-1)
        return telling(right, self.others.cosines(degraded, crops), settings["temperature"], distance < settings["known"])

    def settle(self) -> None:
        """The averaged network's own statistics for its normalisation: averages of other networks' statistics are a little wrong for it."""
        norms = [m for m in self.ema.modules() if isinstance(m, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d))]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the plain mean over batches
        self.ema.train()
        with torch.no_grad(), self.autocast():
            for k in range(SETTLE):
                views = self.groups.batch(np.random.default_rng([self.config["seed"], k, 1]), self.config["batch"], self.config["degraded"])[0]
                self.ema(torch.from_numpy(views).flatten(0, 1).contiguous(memory_format=torch.channels_last))
        self.ema.eval()

    def save(self, checkpoint: str) -> None:
        self.settle()
        super().save(checkpoint)

    def measure(self) -> dict:
        self.settle()
        return self.bars(self.bars.told(lambda picture: self.ema(picture)[0]))
