"""Temporal coherence without flow data: photos moved by known random warps, and what their paintings owe each other.

ReCoNet (Gao et al. 2018) learns from videos with optical flow. We move photos ourselves, so that the flow is exact:
a background that turns, zooms and ripples, and before it a spot of the photo upside down that moves by itself, so
that there is something to occlude. Noise and a change of light come on top (noise resilience, Element AI 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from rtstyle.perceptual import luma

SHIFT = 10.0  # px, largest of either layer
RIPPLE = 2.0  # px
TURN = 0.05  # rad
ZOOM = 0.05
LIGHT = 0.1  # largest relative change of exposure
NOISE = 4.0  # grey levels, largest standard deviation
ROUNDING = 1e-3


class Pair(NamedTuple):
    """Two frames of a film that was never shot."""

    before: Tensor  # (N, H, W, 3) uint8 RGB
    after: Tensor  # the same
    grid: Tensor  # (N, H, W, 2) where each pixel of after was before, in [-1, 1] as grid_sample wants it
    visible: Tensor  # (N, 1, H, W) in {0, 1}: it was to be seen before, and nothing else in its place
    lighter: Tensor  # (N, 1, H, W) what light added to its luminance, in [-1, 1]


def filmed(photos: Tensor, seeds: Sequence[int]) -> Pair:
    """Two frames each of photos (N, H, W, 3) uint8; a photo's own seed decides all that happens to it."""
    draws = [_draw(torch.Generator().manual_seed(seed), *photos.shape[1:3]) for seed in seeds]
    background, foreground, spot, light, noise = (
        torch.stack(parts).to(photos.device) for parts in zip(*draws, strict=True)
    )
    images = photos.permute(0, 3, 1, 2).float() / 255
    upside_down = images.flip(2)
    before = torch.where(spot > 0, upside_down, images)

    moved_spot = _sample(spot, foreground, "nearest")
    grid = torch.where(moved_spot.permute(0, 2, 3, 1) > 0, foreground, background)
    of_spot, covered = (_sample(spot, layer, "bilinear") for layer in (foreground, background))
    other = torch.where(moved_spot > 0, 1 - of_spot, covered)  # how much of what was there is the other layer's
    inside = (grid.abs() <= 1).all(dim=3).unsqueeze(1)
    behind, in_front = _sample(images, background, "bicubic"), _sample(upside_down, foreground, "bicubic")
    after = torch.where(moved_spot > 0, in_front, behind).clamp(0, 1)
    lit = (after * light).clamp(0, 1)
    return Pair(
        _bytes(before), _bytes(lit + noise), grid, (inside & (other < ROUNDING)).float(), luma(lit) - luma(after)
    )


def incoherence(before: Tensor, after: Tensor, pair: Pair) -> Tensor:
    """Mean squared difference of paintings (N, 3, H, W) in [0, 1] along the flow, where it was visible before.

    A change of light may show in their luminance (ReCoNet, eq. 6: the relative luminance constraint).
    """
    error = after - _sample(before, pair.grid, "bilinear") - pair.lighter
    return (pair.visible * error.square()).mean()


def feature_incoherence(before: Tensor, after: Tensor, pair: Pair, *, stride: int, margin: int) -> Tensor:
    """The same of a network's deep features (N, C, h, w), without light (ReCoNet, eq. 7), relative to their power.

    They stand ``stride`` px apart and begin ``margin`` px outside the picture; compared at as many places inside.
    """
    h, w = (size // stride for size in pair.visible.shape[2:])
    still = torch.eye(2, 3, device=before.device).expand(len(before), 2, 3)
    places = F.affine_grid(still, [len(before), 1, h, w], align_corners=False)
    came_from = F.interpolate(pair.grid.permute(0, 3, 1, 2), (h, w), mode="area").permute(0, 2, 3, 1)
    visible = F.interpolate(pair.visible, (h, w), mode="area")

    def at(features: Tensor, grid: Tensor) -> Tensor:
        picture = grid.new_tensor(pair.visible.shape[:1:-1])  # (W, H)
        padded = stride * grid.new_tensor(features.shape[:1:-1])
        return _sample(features, (picture * (grid + 1) + 2 * margin) / padded - 1, "bilinear")

    error = at(after, places) - at(before, came_from)
    return (visible * error.square()).mean() / before.detach().square().mean()


def _draw(generator: torch.Generator, h: int, w: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """One photo's chances: two warps (H, W, 2), the spot (1, H, W), light (1, 1, 1) and noise (3, H, W)."""
    background, foreground = (_warp(generator, h, w) for _ in range(2))
    light = 1 + LIGHT * _uniform(generator, 1, 1, 1)
    noise = NOISE / 255 * torch.rand(1, generator=generator) * torch.randn(3, h, w, generator=generator)
    return background, foreground, _spot(generator, h, w), light, noise


def _warp(generator: torch.Generator, h: int, w: int) -> Tensor:
    """A random similarity with ripples as a sampling grid (H, W, 2)."""
    size = torch.tensor([w / 2, h / 2])
    angle, zoom = TURN * _uniform(generator, 1), 1 + ZOOM * _uniform(generator, 1)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    right, down = (SHIFT * _uniform(generator, 2) / size).split(1)
    matrix = torch.cat([cos, -sin, right, sin, cos, down]).view(1, 2, 3)
    ripple = F.interpolate(_uniform(generator, 1, 2, 5, 5), (h, w), mode="bicubic", align_corners=True)
    grid = F.affine_grid(matrix, [1, 1, h, w], align_corners=False) + RIPPLE * ripple.permute(0, 2, 3, 1) / size
    return grid.squeeze(0)


def _spot(generator: torch.Generator, h: int, w: int) -> Tensor:
    """An ellipse (1, H, W) in {0, 1}, anywhere, a tenth to a third as wide as the picture."""
    centre, radius = 0.8 * _uniform(generator, 2), 0.1 + 0.25 * torch.rand(2, generator=generator)
    still = F.affine_grid(torch.eye(2, 3).unsqueeze(0), [1, 1, h, w], align_corners=False)
    return (((still - centre) / radius).square().sum(dim=3) < 1).float()


def _uniform(generator: torch.Generator, *shape: int) -> Tensor:
    """In [-1, 1)."""
    return 2 * torch.rand(shape, generator=generator) - 1


def _sample(images: Tensor, grid: Tensor, mode: str) -> Tensor:
    return F.grid_sample(images, grid, mode=mode, padding_mode="border", align_corners=False)


def _bytes(images: Tensor) -> Tensor:
    """(N, 3, H, W) in [0, 1] → (N, H, W, 3) uint8."""
    return (images.permute(0, 2, 3, 1) * 255).round().clamp(0, 255).to(torch.uint8)
