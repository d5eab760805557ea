"""What is minimised: content, style, total variation and, in videos, the distance from what the flow brings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rtstyle.gatys.recipe import Recipe
from rtstyle.gatys.targets import Region, gram_sums, tapped, weighed
from rtstyle.gatys.tiles import Tile, margin_for, stride_of, tiles
from rtstyle.perceptual import VGG, total_variation

Sums = list[dict[str, Tensor]]  # by region, by layer: (C, C)


@dataclass(frozen=True, slots=True)
class Losses:
    """One evaluation; unweighted but for the total."""

    content: dict[str, float]  # by layer, as are the next
    style: dict[str, float]
    total: float


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What the keyframe before has become, carried here by the flow, and where that can be trusted."""

    picture: Tensor  # (1, 3, H, W)
    trust: Tensor  # (1, 1, H, W), 0 to 1


class Objective:
    """The loss of pictures of one size, and its gradient; whole, or tile by tile with the same result.

    Content losses are mean squares (or, with l1, absolutes) of the difference of feature maps over those of the
    photo's maps, style losses the same of Gram matrices; each is averaged over its layers by weight. Gatys et al.
    (2016, eqs. 1, 4, 5) do not divide; then the weights depend on how the network's weights were scaled. Tiles are
    exact, since Gram matrices take two passes: the sums over all tiles, then their gradient.
    """

    def __init__(
        self,
        vgg: VGG,
        content: Tensor,  # (1, 3, H, W) RGB in [0, 1]
        regions: Sequence[Region],
        recipe: Recipe,
        *,
        memory: Memory | None = None,
        tile: int | None = None,  # px
        saturation: float = 0.0,  # share of values at 0 or 1 that is in the nature of the picture
        half: bool = False,  # features in bf16, for as long as nobody sets it otherwise; the targets are float32
    ) -> None:
        self.vgg, self.recipe, self.memory, self.regions = vgg, recipe, memory, list(regions)
        self.size, self.saturation = (content.shape[2], content.shape[3]), saturation
        self._content_layers = weighed(recipe.content_layers) if recipe.content_weight else {}
        self._style_layers = weighed(recipe.style_layers) if recipe.style_weight and regions else {}
        self._layers = tuple(dict.fromkeys([*self._content_layers, *self._style_layers]))
        self._tiles = tiles(self.size, tile, margin_for(self._layers, vgg.network))
        self._strides = {name: stride_of(name, vgg.network) for name in self._layers}
        self._masks = [
            {name: region.mask_at(self.size, stride) for name, stride in self._strides.items()} for region in regions
        ]
        self._pixels = [{name: self._weight(name, mask) for name, mask in masks.items()} for masks in self._masks]
        self.half = False
        self._wanted = self._content_targets(content)
        self.half = half

    def losses(self, image: Tensor) -> Losses:
        """Evaluate (1, 3, H, W), without a gradient."""
        with torch.no_grad():
            sums, content = self._forward(image)
            style = self._style(sums)
            return _summary(self._total(image, style, content), style, content)

    def gradient(self, image: Tensor) -> tuple[Losses, Tensor]:
        """Evaluate, and give the total's gradient (1, 3, H, W)."""
        if len(self._tiles) > 1:
            return self._tiled_gradient(image)
        leaf = image.detach().requires_grad_()
        sums, content = self._through(leaf, self._tiles[0])
        style = self._style(sums)
        total = self._total(leaf, style, content)
        gradient = torch.autograd.grad(total, leaf)[0] if total.requires_grad else torch.zeros_like(image)
        return _summary(total, style, content), gradient

    def _tiled_gradient(self, image: Tensor) -> tuple[Losses, Tensor]:
        with torch.no_grad():
            sums, content = self._forward(image)
        leaves: Sums = [{name: s.detach().requires_grad_() for name, s in by_layer.items()} for by_layer in sums]
        with torch.enable_grad():
            style = self._style(leaves)
            weighed_style = self.recipe.style_weight * self._mean(style, self._style_layers, image)
        flat = [s for by_layer in leaves for s in by_layer.values()]
        slopes = torch.autograd.grad(weighed_style, flat) if flat else ()
        leaf = image.detach().requires_grad_()
        rest = self._total(leaf, {}, {})
        gradient = torch.autograd.grad(rest, leaf)[0] if rest.requires_grad else torch.zeros_like(image)
        for tile in self._tiles:
            rows, columns = tile.pixels()
            piece = image[..., rows, columns].detach().requires_grad_()
            own, parts = self._through(piece, tile)
            loss = self.recipe.content_weight * self._mean(parts, self._content_layers, piece)
            flat_own = [s for by_layer in own for s in by_layer.values()]
            loss = loss + sum(((slope * s).sum() for slope, s in zip(slopes, flat_own, strict=True)), start=loss * 0)
            if loss.requires_grad:
                gradient[..., rows, columns] += torch.autograd.grad(loss, piece)[0]
        with torch.no_grad():
            return _summary(self._total(image, style, content), style, content), gradient

    def _forward(self, image: Tensor) -> tuple[Sums, dict[str, Tensor]]:
        """Sums and content losses of all tiles."""
        totals: Sums = []
        content: dict[str, Tensor] = {}
        for tile in self._tiles:
            rows, columns = tile.pixels()
            sums, parts = self._through(image[..., rows, columns], tile)
            totals = [_added(a, b) for a, b in zip(totals, sums, strict=True)] if totals else sums
            content = {name: content.get(name, 0) + part for name, part in parts.items()}
        return totals, content

    def _through(self, image: Tensor, tile: Tile) -> tuple[Sums, dict[str, Tensor]]:
        """One tile's share of the Gram sums and of the content losses."""
        sums: Sums = [{} for _ in self._masks]
        content = {}

        def watch(name: str, maps: Tensor) -> Tensor:
            cells = tile.cells(self._strides[name], self.size)
            own = maps
            if len(self._tiles) > 1:  # slicing off nothing would cost a copy on the way back
                own = maps[(..., *tile.own_cells(self._strides[name], self.size))]
            if name in self._content_layers:
                target, strength = self._wanted[name]
                gap = own.float() - target[(..., *cells)].float()
                content[name] = (gap.square() if self.recipe.loss == "mse" else gap.abs()).sum() / strength
            for masks, products in zip(self._masks, sums, strict=True):
                if name in self._style_layers:
                    if own is maps and masks[name] is None:
                        maps, products[name] = tapped(maps)
                    else:
                        products[name] = gram_sums(own, _part(masks[name], cells))
            return maps

        if self._layers:
            self._features(image, watch=watch)
        return sums, content

    def _style(self, sums: Sums) -> dict[str, Tensor]:
        """Style losses by layer, the regions' means by their share of the picture."""
        measure = F.mse_loss if self.recipe.loss == "mse" else F.l1_loss
        losses: dict[str, Tensor] = {}
        for region, by_layer, pixels in zip(self.regions, sums, self._pixels, strict=True):
            for name, total in by_layer.items():
                gram = total / (len(total) * max(pixels[name], 1.0))
                target, strength = region.grams[name], region.strength(name, self.recipe.loss)
                part = region.share * measure(gram, target) / strength
                losses[name] = losses[name] + part if name in losses else part
        return losses

    def _total(self, image: Tensor, style: dict[str, Tensor], content: dict[str, Tensor]) -> Tensor:
        recipe = self.recipe
        total = recipe.content_weight * self._mean(content, self._content_layers, image)
        total = total + recipe.style_weight * self._mean(style, self._style_layers, image)
        if recipe.tv_weight:
            total = total + recipe.tv_weight * total_variation(image)
        if self.memory is not None:
            total = total + recipe.temporal_weight * _temporal(image, self.memory)
        return total

    def _weight(self, layer: str, mask: Tensor | None) -> float:
        """The sum of a mask's squares: all cells of the layer, if there is none."""
        stride = self._strides[layer]
        return float((self.size[0] // stride) * (self.size[1] // stride) if mask is None else mask.square().sum())

    @staticmethod
    def _mean(losses: dict[str, Tensor], weights: dict[str, float], like: Tensor) -> Tensor:
        return sum((weights[name] * loss for name, loss in losses.items()), start=like.new_zeros(()))

    def _content_targets(self, content: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """By layer: the photo's maps, whole, and the sum of their squares (or absolutes)."""
        if not self._content_layers:
            return {}
        pieces: dict[str, Tensor] = {}
        with torch.no_grad():
            for tile in self._tiles:
                rows, columns = tile.pixels()
                features = self._features(content[..., rows, columns], tuple(self._content_layers))
                for name, maps in features.items():
                    stride = self._strides[name]
                    shape = (1, maps.shape[1], self.size[0] // stride, self.size[1] // stride)
                    if name not in pieces:
                        pieces[name] = maps.new_empty(shape).contiguous(memory_format=torch.channels_last)
                    where = tile.cells(stride, self.size)
                    pieces[name][(..., *where)] = maps[(..., *tile.own_cells(stride, self.size))]
        power = torch.square if self.recipe.loss == "mse" else torch.abs
        return {name: (maps, power(maps.float()).sum().clamp_min(1e-12)) for name, maps in pieces.items()}

    def _features(
        self,
        image: Tensor,
        layers: tuple[str, ...] | None = None,
        watch: Callable[[str, Tensor], Tensor] | None = None,
    ) -> dict[str, Tensor]:
        with torch.autocast(image.device.type, dtype=torch.bfloat16, enabled=self.half):
            return self.vgg(image, layers or self._layers, watch)  # type: ignore[no-any-return]  # modules return Any


def _temporal(image: Tensor, memory: Memory) -> Tensor:
    """Ruder et al. (2016), eq. 7: mean squared distance from the warped keyframe where it can be trusted."""
    return (memory.trust * (image - memory.picture).square()).mean()


def _summary(total: Tensor, style: dict[str, Tensor], content: dict[str, Tensor]) -> Losses:
    return Losses(
        content={name: loss.item() for name, loss in content.items()},
        style={name: loss.item() for name, loss in style.items()},
        total=total.item(),
    )


def _part(mask: Tensor | None, cells: tuple[slice, slice]) -> Tensor | None:
    return None if mask is None else mask[(..., *cells)]


def _added(a: dict[str, Tensor], b: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: a[name] + b[name] for name in a}
