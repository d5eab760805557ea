"""What a picture looks like to VGG: features, Gram matrices and the losses made of them. Needs torch."""

import os

# Feature maps in pages of 2 MB, where the system has them: pages of 4 KB took a fifth of all time. Read by PyTorch
# when it first takes memory.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

from rtstyle.perceptual.layers import layer_index, paper_name
from rtstyle.perceptual.losses import (
    PerceptualLoss,
    calm,
    colour_quantiles,
    gram_matrix,
    lattice,
    palette,
    tone,
    total_variation,
)
from rtstyle.perceptual.luma import luma
from rtstyle.perceptual.vgg import VGG
from rtstyle.perceptual.weights import VggWeights, find_vgg16, find_vgg19

__all__ = [
    "VGG",
    "PerceptualLoss",
    "VggWeights",
    "calm",
    "colour_quantiles",
    "find_vgg16",
    "find_vgg19",
    "gram_matrix",
    "lattice",
    "layer_index",
    "luma",
    "palette",
    "paper_name",
    "tone",
    "total_variation",
]
