"""Losses of features (Gatys et al. 2016; Johnson et al. 2016, section 3.2), and of pixels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rtstyle.perceptual.luma import luma
from rtstyle.perceptual.vgg import VGG


def gram_matrix(features: Tensor) -> Tensor:
    """Gram matrices (N, C, C) of feature maps (N, C, H, W), divided by C·H·W (Johnson et al. 2016, eq. 3).

    In float32 whatever the maps are: their sums overflow in fp16 and lose their digits in bf16.
    """
    n, c, h, w = features.shape
    with torch.autocast(features.device.type, enabled=False):
        flat = features.float().reshape(n, c, h * w)
        return flat @ flat.transpose(1, 2) / (c * h * w)


def total_variation(images: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels of images (N, 3, H, W)."""
    return (images[..., 1:, :] - images[..., :-1, :]).square().mean() + (
        images[..., :, 1:] - images[..., :, :-1]
    ).square().mean()


def lattice(images: Tensor, periods: Sequence[int] = (2, 4, 8, 12, 16)) -> Tensor:
    """Mean power of what repeats exactly every 2, 4, 8, 12 or 16 px in images (N, 3, H, W).

    A network that works at a fraction of the resolution can only fill a smooth area with patterns of its
    own strides; this sees them and hardly anything else: blocks of 8×8 periods are averaged into one, in
    which strokes cancel out and a lattice stays. What is slower than the period is taken off before.
    """
    power = images.new_zeros(())
    for period in periods:
        smooth = _box_mean(images, period + 1)
        sharp = images[..., period // 2 : -(period // 2), period // 2 : -(period // 2)] - smooth
        rows, columns = (size // (8 * period) for size in sharp.shape[2:])
        if rows == 0 or columns == 0:
            continue  # too small a picture to tell this period from chance
        blocks = sharp[..., : rows * 8 * period, : columns * 8 * period].unflatten(2, (rows, 8, period))
        folded = blocks.unflatten(5, (columns, 8, period)).mean(dim=(3, 6))  # (N, 3, rows, p, columns, p)
        power = power + folded.square().mean()
    return power


def tone(images: Tensor, photos: Tensor) -> Tensor:
    """1 minus the correlation of light and dark, seen from afar, of images and photos (N, 3, H, W); mean over N.

    Gram matrices do not care where an artwork's light and dark parts go; left alone, they become blotches on
    every even wall and sky. Correlation leaves palette and contrast free. Luminance (BT.601) in cells of 16 px.
    """
    return 1 - F.cosine_similarity(_from_afar(images), _from_afar(photos), dim=1, eps=1e-3).mean()


def calm(images: Tensor, photos: Tensor) -> Tensor:
    """Mean power of what is finer than 16 px in images (N, 3, H, W), where the photos have nothing as fine.

    A network can tell one spot of an even sky from another by its grain alone; what it draws there is its own
    pattern, not the artwork's. A place counts half where the photo's fine detail is 4 grey levels strong.
    """
    detail = _box_mean(F.pad(_fine(photos).square().mean(dim=1, keepdim=True), (8, 8, 8, 8), mode="replicate"), 17)
    even = 1 / (1 + detail / (4 / 255) ** 2)
    return (even * _fine(images).square()).mean()


def palette(images: Tensor, quantiles: Tensor) -> Tensor:
    """Sliced Wasserstein distance (Rabin et al. 2011), squared, of the colours of images (N, 3, H, W) to ``quantiles``.

    Of colours seen from afar, in cells of 16 px, and of all images together: each is free to be light or dark.
    Gram matrices are content when strokes have the artwork's colours; even skies, which ``calm`` keeps free of
    strokes, would stay as grey as the photo's.
    """
    return F.mse_loss(colour_quantiles(images, quantiles.shape[1]), quantiles)


def colour_quantiles(images: Tensor, count: int = 256) -> Tensor:
    """(13, count): images (N, 3, H, W) in cells of 16 px, their colours sorted along thirteen directions.

    The directions are those from a cell of the RGB cube to its 26 neighbours, opposite ones taken once.
    """
    neighbours = itertools.product((-1.0, 0.0, 1.0), repeat=3)
    directions = F.normalize(images.new_tensor([n for n in neighbours if n > (0, 0, 0)]))  # (13, 3)
    colours = F.avg_pool2d(images.float(), 16).permute(1, 0, 2, 3).flatten(1)  # (3, cells)
    along = (directions @ colours).sort(dim=1).values.unsqueeze(1)
    return F.interpolate(along, count, mode="linear", align_corners=True).squeeze(1)


def _fine(images: Tensor) -> Tensor:
    """What differs from the mean of the 17×17 px around it, (N, 3, H - 16, W - 16)."""
    return images[..., 8:-8, 8:-8] - _box_mean(images, 17)


def _box_mean(images: Tensor, size: int) -> Tensor:
    """Mean of the size×size px around each pixel that has them; by rows and by columns, which is much faster."""
    return F.avg_pool2d(F.avg_pool2d(images, (size, 1), stride=1), (1, size), stride=1)


def _from_afar(images: Tensor) -> Tensor:
    """Luminance (N, cells) of 16×16 cells, less its mean."""
    cells = F.avg_pool2d(luma(images.float()), 16).flatten(1)
    return cells - cells.mean(dim=1, keepdim=True)


class PerceptualLoss(nn.Module):
    """How far pictures are from their photos in content and from an artwork in style.

    The artworks' Gram matrices are taken once, when the loss is made. Johnson et al. (2016) add the layers'
    style losses as they are, as ``plain`` does; Gram matrices of deep layers are a thousand times smaller, so that
    light, colour and grain count, and hardly any line. ``overall`` divides their sum by the artwork's own, so that 1
    is as far away as no features at all, whatever the artwork's contrast; ``relative`` divides each layer's by its own.
    """

    def __init__(
        self,
        vgg: VGG,
        artworks: Sequence[Tensor],  # (1, 3, H, W) RGB in [0, 1] each
        *,
        content_layers: Mapping[str, float],  # weight by layer
        style_layers: Mapping[str, float],
        distance: Callable[[Tensor, Tensor], Tensor] = F.mse_loss,
        scale: str = "overall",
    ) -> None:
        super().__init__()
        self.vgg = vgg
        self.content_layers = dict(content_layers)
        self.style_layers = dict(style_layers)
        self.distance = distance
        with torch.no_grad():
            features = [vgg(artwork) for artwork in artworks]
            self.targets = [{name: gram_matrix(maps[name]) for name in self.style_layers} for maps in features]
            self.style_weights = [self._weights(targets, scale) for targets in self.targets]

    def forward(self, images: Tensor, photos: Tensor, style: int = 0) -> dict[str, Tensor]:
        """Content and style, unweighted, of images (N, 3, H, W) made from photos (N, 3, H, W), RGB in [0, 1]."""
        with torch.no_grad():
            wanted = self.vgg(photos, layers=tuple(self.content_layers))
        features = self.vgg(images)
        content = [
            weight * self.distance(features[name].float(), wanted[name].float())
            for name, weight in self.content_layers.items()
        ]
        per_style = [
            weight * self._style(features[name], self.targets[style][name])
            for name, weight in self.style_weights[style].items()
        ]
        return {"content": torch.stack(content).sum(), "style": torch.stack(per_style).sum()}

    def _style(self, features: Tensor, target: Tensor) -> Tensor:
        gram = gram_matrix(features)
        return self.distance(gram, target.expand_as(gram))

    def _weights(self, targets: Mapping[str, Tensor], scale: str) -> dict[str, Tensor | float]:
        """Each layer's, given the artwork's Gram matrices."""
        if scale == "plain":
            return dict(self.style_layers)
        own = {name: self.distance(target, torch.zeros_like(target)) for name, target in targets.items()}
        if scale == "overall":
            total = torch.stack([weight * own[name] for name, weight in self.style_layers.items()]).sum()
            own = dict.fromkeys(own, total)
        return {name: weight / own[name] for name, weight in self.style_layers.items()}
