"""The artworks' Gram matrices, and where in the picture each of them counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rtstyle.gatys.recipe import Layers
from rtstyle.perceptual import VGG


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A part of the picture, or all of it, and the style that it is to have."""

    grams: dict[str, Tensor]  # by layer: (C, C), over C·H·W
    mask: Tensor | None = None  # (1, 1, H, W), 0 to 1; None: everywhere
    share: float = 1.0  # of the style loss

    def mask_at(self, size: tuple[int, int], stride: int) -> Tensor:
        """The mask of a layer's map, (1, 1, H/stride, W/stride), the means of what its cells cover."""
        device = next(iter(self.grams.values())).device
        cells = size[0] // stride, size[1] // stride
        if self.mask is None:
            return torch.ones(1, 1, *cells, device=device)
        return F.adaptive_avg_pool2d(self.mask.to(device), cells)

    def strength(self, layer: str, loss: str) -> Tensor:
        """What the layer's loss is divided by: the target's own mean square, or absolute."""
        gram = self.grams[layer]
        return (gram.square() if loss == "mse" else gram.abs()).mean().clamp_min(1e-12)


def gram_sums(features: Tensor, mask: Tensor) -> Tensor:
    """Inner products (C, C) of channels (1, C, H, W) weighed by a mask (1, 1, H, W), in float32.

    Gatys et al. (2017, eq. 6): the maps are multiplied by the mask before. Divide by C and the mask's sum of
    squares. On channels_last maps nothing is copied but the product with the mask.
    """
    with torch.autocast(features.device.type, enabled=False):
        flat = (features.float() * mask)[0].permute(1, 2, 0).flatten(0, 1)  # (HW, C)
        return flat.T @ flat


def style_grams(vgg: VGG, artwork: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Gram matrices over C·H·W of an artwork (1, 3, H, W), by layer."""
    with torch.no_grad():
        features = vgg(artwork, tuple(layers))
        return {name: gram_sums(maps, maps.new_ones(1, 1, 1, 1)) / maps[0].numel() for name, maps in features.items()}


def blended(grams: Sequence[dict[str, Tensor]], weights: Sequence[float]) -> dict[str, Tensor]:
    """The weighted mean of several styles' Gram matrices: as near to all of them as a picture can get."""
    total = sum(weights)
    return {
        name: torch.stack([weight / total * gram[name] for gram, weight in zip(grams, weights, strict=True)]).sum(0)
        for name in grams[0]
    }


def weighed(layers: Layers) -> dict[str, float]:
    """Weights by layer that sum to 1."""
    total = sum(weight for _, weight in layers)
    return {name: weight / total for name, weight in layers}
