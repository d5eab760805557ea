"""The loss that models are judged by, whatever they were trained with."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rtstyle.perceptual import VGG, VggWeights, gram_matrix
from training.recipe import CONTENT_LAYERS, STYLE_LAYERS

(_CONTENT,) = CONTENT_LAYERS


class Criterion:
    """Content and style loss of Johnson et al. (2016) on VGG-16, every layer's weight 1.

    Both are means of squared differences, of feature maps and of the entries of Gram matrices / CHW, where the
    paper sums over the entries. In float32, which was the fastest without a bf16 unit.
    """

    def __init__(self, vgg: VggWeights, artwork: Tensor) -> None:  # (1, 3, H, W) RGB in [0, 1]
        self._vgg = VGG((*CONTENT_LAYERS, *STYLE_LAYERS), vgg)
        with torch.no_grad():
            features: dict[str, Tensor] = self._vgg(artwork)
            self._grams = {name: gram_matrix(features[name]) for name in STYLE_LAYERS}

    def content_of(self, photo: Tensor) -> Tensor:
        """What ``__call__`` compares with: the photo's feature map."""
        with torch.no_grad():
            features: dict[str, Tensor] = self._vgg(photo, (_CONTENT,))
        return features[_CONTENT]

    def __call__(self, image: Tensor, content: Tensor) -> tuple[Tensor, Tensor]:
        """(content loss, style loss) of an image (1, 3, H, W) RGB in [0, 1]."""
        features: dict[str, Tensor] = self._vgg(image)
        style = torch.stack([F.mse_loss(gram_matrix(features[name]), self._grams[name]) for name in STYLE_LAYERS]).sum()
        return F.mse_loss(features[_CONTENT], content), style
