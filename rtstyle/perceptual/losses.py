"""Content, style and total variation losses (Gatys et al. 2016; Johnson et al. 2016, section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rtstyle.perceptual.vgg import VGG16


class Terms(NamedTuple):
    """The losses, unweighted."""

    content: Tensor
    style: Tensor
    variation: Tensor
    lattice: Tensor
    tone: Tensor
    calm: Tensor


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


def lattice(images: Tensor, periods: Sequence[int] = (4, 8, 12, 16)) -> Tensor:
    """Mean power of what repeats exactly every 4, 8, 12 or 16 px in images (N, 3, H, W).

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


def _fine(images: Tensor) -> Tensor:
    """What differs from the mean of the 17×17 px around it, (N, 3, H - 16, W - 16)."""
    return images[..., 8:-8, 8:-8] - _box_mean(images, 17)


def _box_mean(images: Tensor, size: int) -> Tensor:
    """Mean of the size×size px around each pixel that has them; by rows and by columns, which is much faster."""
    return F.avg_pool2d(F.avg_pool2d(images, (size, 1), stride=1), (1, size), stride=1)


def _from_afar(images: Tensor) -> Tensor:
    """Luminance (N, cells) of 16×16 cells, less its mean."""
    weights = images.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    cells = F.avg_pool2d((images.float() * weights).sum(dim=1), 16).flatten(1)
    return cells - cells.mean(dim=1, keepdim=True)


class PerceptualLoss(nn.Module):
    """How far pictures are from their photos in content and from an artwork in style.

    The artwork's Gram matrices are taken once, when the loss is made. Johnson et al. (2016) add the layers'
    style losses as they are; Gram matrices of deep layers are a thousand times smaller, so that only colour and
    grain would count. We divide each by its artwork's own mean square: 1 is as far away as a black picture.
    """

    def __init__(
        self,
        vgg: VGG16,
        artwork: Tensor,  # (1, 3, H, W) RGB in [0, 1]
        *,
        content_layers: Sequence[str],
        style_layers: Mapping[str, float],  # weight by layer
    ) -> None:
        super().__init__()
        self.vgg = vgg
        self.content_layers = tuple(content_layers)
        self.style_layers = dict(style_layers)
        with torch.no_grad():
            features = vgg(artwork)
            self.targets = {name: gram_matrix(features[name]) for name in self.style_layers}
            self.scales = {name: 1 / target.square().mean() for name, target in self.targets.items()}

    def forward(self, images: Tensor, photos: Tensor) -> Terms:
        """The losses of images (N, 3, H, W) made from photos (N, 3, H, W), both RGB in [0, 1]."""
        with torch.no_grad():
            wanted = self.vgg(photos)
        features = self.vgg(images)
        content = sum(
            (F.mse_loss(features[name].float(), wanted[name].float()) for name in self.content_layers),
            start=images.new_zeros(()),
        )
        style = sum(
            (weight * self._style(name, features[name]) for name, weight in self.style_layers.items()),
            start=images.new_zeros(()),
        )
        return Terms(
            content, style, total_variation(images), lattice(images), tone(images, photos), calm(images, photos)
        )

    def _style(self, layer: str, features: Tensor) -> Tensor:
        target = self.targets[layer].expand(len(features), -1, -1)
        return F.mse_loss(gram_matrix(features), target) * self.scales[layer]
