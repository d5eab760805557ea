"""The artworks' Gram matrices, and where in the picture each of them counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from rtstyle.gatys.recipe import Layers
from rtstyle.perceptual import VGG

_ROWS = 1 << 14  # of maps in bf16 that are made float32 at a time: what is made is still in the cache when it is used


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A part of the picture, or all of it, and the style that it is to have."""

    grams: dict[str, Tensor]  # by layer: (C, C), over C·H·W
    mask: Tensor | None = None  # (1, 1, H, W), 0 to 1; None: everywhere
    share: float = 1.0  # of the style loss

    def mask_at(self, size: tuple[int, int], stride: int) -> Tensor | None:
        """The mask of a layer's map, (1, 1, H/stride, W/stride), the means of what its cells cover."""
        if self.mask is None:
            return None
        device = next(iter(self.grams.values())).device
        return F.adaptive_avg_pool2d(self.mask.to(device), (size[0] // stride, size[1] // stride))

    def strength(self, layer: str, loss: str) -> Tensor:
        """What the layer's loss is divided by: the target's own mean square, or absolute."""
        gram = self.grams[layer]
        return (gram.square() if loss == "mse" else gram.abs()).mean().clamp_min(1e-12)


def gram_sums(features: Tensor, mask: Tensor | None) -> Tensor:
    """Inner products (C, C) of channels (1, C, H, W), weighed by a mask (1, 1, H, W) if there is one, in float32.

    Gatys et al. (2017, eq. 6): the maps are multiplied by the mask before. Divide by C and the mask's sum of
    squares. On channels_last maps nothing is copied but the product with the mask.
    """
    with torch.autocast(features.device.type, enabled=False):
        maps = features.float() if mask is None else features.float() * mask
        return _Products.apply(_rows(maps))  # type: ignore[no-any-return]  # torch's


def tapped(maps: Tensor) -> tuple[Tensor, Tensor]:
    """The maps (1, C, H, W), for the later layers to take, and their inner products (C, C).

    As ``gram_sums``; but the products' gradient is added in place to the one that comes back through those layers,
    instead of in a second buffer as large; in bf16, if the maps are.
    """
    if not maps.is_contiguous(memory_format=torch.channels_last):
        return maps, gram_sums(maps, None)
    with torch.autocast(maps.device.type, enabled=False):
        return _Tap.apply(maps)  # type: ignore[no-any-return]  # torch's


class _Products(torch.autograd.Function):
    """``flat.T @ flat`` of (HW, C). autograd takes it for a product of two, and multiplies twice on its way back."""

    @staticmethod
    def forward(ctx: Any, flat: Tensor) -> Tensor:  # noqa: ANN401 - torch's
        ctx.save_for_backward(flat)
        return flat.T @ flat

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> Tensor:  # noqa: ANN401 - torch's
        (flat,) = ctx.saved_tensors
        gradient: Tensor = flat @ (slope + slope.T)
        return gradient


class _Tap(torch.autograd.Function):
    """A way through, and products; see ``tapped``."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401 - torch's
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(maps)
        return maps.view_as(maps), _products(_rows(maps))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, through: Tensor | None, slope: Tensor | None) -> Tensor | None:  # noqa: ANN401 - torch's
        (maps,) = ctx.saved_tensors
        if slope is None:
            return through
        if through is None:
            through = torch.zeros_like(maps)
        through = through.contiguous(memory_format=torch.channels_last)
        _rows(through).addmm_(_rows(maps), (slope + slope.T).to(maps.dtype))
        return through


def _products(flat: Tensor) -> Tensor:
    """``flat.T @ flat`` of (HW, C) in float32: of sums over a whole picture a loss compares small differences."""
    if flat.dtype == torch.float32:
        return flat.T @ flat
    total = flat.new_zeros(flat.shape[1], flat.shape[1], dtype=torch.float32)
    for part in flat.split(_ROWS) if flat.is_cpu else (flat,):
        wide = part.float()
        total.addmm_(wide.T, wide)
    return total


def _rows(maps: Tensor) -> Tensor:
    """A view (HW, C) of maps (1, C, H, W) that are channels_last."""
    return maps.permute(0, 2, 3, 1).flatten(0, 2)


def style_grams(vgg: VGG, artwork: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Gram matrices over C·H·W of an artwork (1, 3, H, W), by layer."""
    with torch.no_grad():
        features = vgg(artwork, tuple(layers))
        return {name: gram_sums(maps, None) / maps[0].numel() for name, maps in features.items()}


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
