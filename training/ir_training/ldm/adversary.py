"""A small discriminator of patches, spectrally normalised, with hinge losses: it sees about 30 pixels around and judges each 4 x 4 square."""
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm


class Discriminator(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        c = channels
        conv = lambda i, o, stride=1: spectral_norm(nn.Conv2d(i, o, 3, padding=1, stride=stride))
        self.layers = nn.Sequential(
            conv(12, c), nn.LeakyReLU(0.2), conv(c, 2 * c, 2), nn.LeakyReLU(0.2), conv(2 * c, 2 * c), nn.LeakyReLU(0.2), conv(2 * c, 1)
        )

    def forward(self, image):
        return self.layers(F.pixel_unshuffle(image * 2 - 1, 2))


def judge(scores_real: torch.Tensor, scores_made: torch.Tensor) -> torch.Tensor:
    """What the discriminator brings down."""
    return F.relu(1 - scores_real).mean() + F.relu(1 + scores_made).mean()


def deceive(scores_made: torch.Tensor) -> torch.Tensor:
    """What the decoder brings down."""
    return -scores_made.mean()
