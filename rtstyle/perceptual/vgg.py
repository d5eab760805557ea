"""VGG-16 as a set of named feature maps (Simonyan & Zisserman 2015, configuration D)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models import vgg16

from rtstyle.perceptual.layers import layer_index
from rtstyle.perceptual.weights import VggWeights


class VGG16(nn.Module):
    """The named feature maps of pictures; frozen, cut off behind the deepest layer asked for."""

    mean: Tensor
    std: Tensor

    def __init__(self, layers: Sequence[str], weights: VggWeights) -> None:
        super().__init__()
        self.taps = {layer_index(name): name for name in layers}
        features = vgg16(weights=None).features
        features.load_state_dict(weights.state)
        self.features = features[: max(self.taps) + 1]
        for module in self.features:
            if isinstance(module, nn.ReLU):
                module.inplace = False  # a conv's output may be a tap of its own
        self.register_buffer("mean", torch.tensor(weights.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(weights.std).view(1, 3, 1, 1))
        self.requires_grad_(requires_grad=False)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Feature maps (N, C, H', W') by layer name, of images (N, 3, H, W) RGB in [0, 1]."""
        taps = {}
        x = (images - self.mean) / self.std
        for index, module in enumerate(self.features):
            x = module(x)
            if index in self.taps:
                taps[self.taps[index]] = x
        return taps
