"""What a picture looks like to VGG: features, Gram matrices and the losses made of them. Needs torch."""

from rtstyle.perceptual.layers import layer_index
from rtstyle.perceptual.losses import PerceptualLoss, Terms, calm, gram_matrix, lattice, tone, total_variation
from rtstyle.perceptual.vgg import VGG16
from rtstyle.perceptual.weights import VggWeights, find_vgg16

__all__ = [
    "VGG16",
    "PerceptualLoss",
    "Terms",
    "VggWeights",
    "calm",
    "find_vgg16",
    "gram_matrix",
    "lattice",
    "layer_index",
    "tone",
    "total_variation",
]
