"""Content, style and total variation losses (Gatys et al. 2016; Johnson et al. 2016, section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rtstyle.perceptual.vgg import VGG16


class Terms(NamedTuple):
    """The three losses, unweighted."""

    content: Tensor
    style: Tensor
    variation: Tensor


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


class PerceptualLoss(nn.Module):
    """How far pictures are from their photos in content and from an artwork in style.

    The artwork's Gram matrices are taken once, when the loss is made.
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
            (
                weight * F.mse_loss(gram_matrix(features[name]), self.targets[name].expand(len(images), -1, -1))
                for name, weight in self.style_layers.items()
            ),
            start=images.new_zeros(()),
        )
        return Terms(content, style, total_variation(images))
