"""Paints a picture from coarse to fine; start reading here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from rtstyle.errors import UsageError
from rtstyle.gatys.colors import recolored, seen
from rtstyle.gatys.memory import tile_for
from rtstyle.gatys.objective import Memory, Objective
from rtstyle.gatys.pictures import resized, saturation
from rtstyle.gatys.recipe import Recipe
from rtstyle.gatys.run import Painting, Place, Run, Step
from rtstyle.gatys.sizes import Size, by_short_side
from rtstyle.gatys.targets import Region, blended, style_grams
from rtstyle.perceptual import VGG, VggWeights

_NOTHING = 0.05  # of a mask
_SMOOTH = 1e3  # weight of the total variation, at least, where few pixels are free: dots fit their Gram matrices best


@dataclass(frozen=True, slots=True, eq=False)
class Artwork:
    """A style, how much of it, and where: all three as tensors (1, C, H, W) in [0, 1]."""

    image: Tensor
    weight: float = 1.0
    mask: Tensor | None = None  # (1, 1, H, W) of any size; None: everywhere
    where: str = "mask"  # what error messages call the mask


@dataclass(frozen=True, slots=True)
class Part:
    """Rows and columns of a picture of ``size`` (height, width)."""

    size: Size
    where: tuple[slice, slice]

    @classmethod
    def whole(cls, size: Size) -> Self:
        """All of it."""
        return cls(size, (slice(0, size[0]), slice(0, size[1])))


class Painter:
    """Paints pictures in one set of artworks. The weights say which network sees them."""

    def __init__(self, artworks: Sequence[Artwork], recipe: Recipe, weights: VggWeights, *, half: bool = False) -> None:
        self.artworks, self.recipe, self._half = list(artworks), recipe, half
        layers = [name for name, _ in (*recipe.content_layers, *recipe.style_layers)]
        self.vgg = VGG(layers, weights, average_pooling=recipe.pooling == "average", edge="replicate")
        self._grams: dict[tuple[int, int], dict[str, Tensor]] = {}  # by artwork and short side
        self._palette: Tensor | None = None  # whose colours they are of

    def paint(
        self,
        content: Tensor,  # (1, 3, H, W) RGB in [0, 1], of the size to paint
        start: Tensor,  # (1, 3, H, W)
        *,
        memory: Memory | None = None,
        place: Place | None = None,
        progress: Callable[[Step], None] | None = None,
    ) -> Painting:
        """Minimise from ``start``, or go on at ``place``; Ctrl-C ends it with what there is.

        Raises UsageError where nothing is left of a mask in that size.
        """
        check_masks(self.artworks, (content.shape[2], content.shape[3]))
        run = Run(self.objective, self.recipe, content, self.seen(start), memory=memory, progress=progress)
        try:
            run.go(place)
        except KeyboardInterrupt:
            if not run.has_begun:
                raise
            return run.painting(stopped=True)
        return run.painting()

    def seen(self, picture: Tensor) -> Tensor:
        """The picture (1, 3, H, W) as the optimisation is to see it: without a style, as it is."""
        return seen(picture, self.recipe.colors) if self._has_style else picture

    def objective(
        self,
        content: Tensor,
        *,
        memory: Memory | None = None,
        full_side: int | None = None,
        part: Part | None = None,
        palette: Tensor | None = None,
        where: Tensor | None = None,
    ) -> Objective:
        """The loss of pictures of the size of ``content``.

        ``full_side``: the short side, in px, of the picture that will be painted in the end. ``part``: the content
        is that part of a picture, and the artworks have the size that goes with the whole. ``palette`` (1, 3, H, W):
        whose colours they take on, the content's unless it is given. ``where`` (1, 1, H, W), 0 to 1: only there is
        the style looked at.
        """
        self.vgg.to(content.device)
        part = part or Part.whole((content.shape[2], content.shape[3]))
        photo, regions, recipe = self.seen(content), [], self.recipe
        if self._has_style:
            regions = self._regions(content if palette is None else palette, part, full_side or min(part.size))
        if where is not None:
            share = float(where.mean())  # a pixel's style weighs what it does in a whole picture
            regions = [replace(r, mask=_both(r.mask, where), share=share * r.share) for r in regions]
            recipe = replace(recipe, tv_weight=max(recipe.tv_weight, _SMOOTH))
        return Objective(
            self.vgg,
            photo,
            regions,
            recipe,
            memory=memory,
            tile=tile_for((content.shape[2], content.shape[3]), recipe, content.device),
            saturation=max(saturation(picture) for picture in (photo, *(a.image for a in self.artworks))),
            half=self._half,
        )

    @property
    def _has_style(self) -> bool:
        return bool(self.artworks and self.recipe.style_weight)

    def _regions(self, palette: Tensor, part: Part, full_side: int) -> list[Region]:
        """One for all artworks without a mask, and one for each with that is seen; together they weigh 1."""
        short = min(part.size)
        if self.recipe.style_size is not None:
            short = self.recipe.style_size * short // full_side
        grams = [self._grams_at(index, short, palette) for index in range(len(self.artworks))]
        weights = [artwork.weight for artwork in self.artworks]
        if all(artwork.mask is None for artwork in self.artworks):
            return [Region(blended(grams, weights))]
        masks = [None if a.mask is None else resized(a.mask, part.size) for a in self.artworks]
        covered = sum((mask for mask in masks if mask is not None), start=palette.new_zeros(1, 1, *part.size))
        rest = (1 - covered).clamp(0, 1)
        areas = [rest if mask is None else mask for mask in masks]
        total = sum(weight for area, weight in zip(areas, weights, strict=True) if is_somewhere(area))
        return [
            Region(gram, area[..., *part.where], weight / total)
            for gram, area, weight in zip(grams, areas, weights, strict=True)
            if is_somewhere(area[..., *part.where])
        ]

    def _grams_at(self, index: int, short: int, palette: Tensor) -> dict[str, Tensor]:
        if palette is not self._palette and self.recipe.colors != "style":
            self._grams, self._palette = {}, palette
        if (index, short) not in self._grams:
            artwork = recolored(self.artworks[index].image, palette, self.recipe.colors)
            self._grams[index, short] = self._grams_of(artwork, short)
        return self._grams[index, short]

    def _grams_of(self, artwork: Tensor, short: int) -> dict[str, Tensor]:
        size = by_short_side((artwork.shape[2], artwork.shape[3]), max(16, short))
        return style_grams(self.vgg, resized(artwork, size), [name for name, _ in self.recipe.style_layers])


def check_masks(artworks: Sequence[Artwork], size: Size) -> None:
    """Raise UsageError where nothing is left of a mask in a picture of that size."""
    for artwork in artworks:
        if artwork.mask is not None and not is_somewhere(resized(artwork.mask, size)):
            expected = "expected white where the style applies"
            raise UsageError(f"{artwork.where}: {expected}, got black everywhere at {size[1]}×{size[0]}")


def is_somewhere(mask: Tensor) -> bool:
    """Whether it covers anything: what JPEG makes of black, or takes from white, is nothing."""
    return bool((mask > _NOTHING).any())


def _both(mask: Tensor | None, where: Tensor) -> Tensor:
    return where if mask is None else mask * where


def white_noise(like: Tensor, seed: int) -> Tensor:
    """Uniform noise of the shape of ``like`` (1, 3, H, W), the same for the same seed on every device."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(like.shape, generator=generator).to(like.device)
