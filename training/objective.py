"""What a network is trained for: the losses of one step, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rtstyle.perceptual import (
    VGG,
    PerceptualLoss,
    VggWeights,
    calm,
    colour_quantiles,
    lattice,
    palette,
    tone,
    total_variation,
)
from training.data import read_artwork
from training.nets import Network
from training.recipe import WEIGHTS, Recipe
from training.temporal import feature_incoherence, filmed, incoherence
from training.weights import read_network

CROPPED = 16  # px, for the loss on borders


class Objective(nn.Module):
    """A network and its losses as one module, so that distributed training sees one forward pass a step.

    The network's convolutions and VGG's run in ``precision``, normalisations and Gram matrices in float32, as do
    the losses of pixels: colours that bf16 cannot tell apart are sorted wrongly. What weighs 0 is not computed.
    """

    def __init__(
        self, network: Network, recipe: Recipe, vgg: VggWeights | None, *, device: str, precision: torch.dtype
    ) -> None:
        """``vgg``: needed by a recipe that ``needs_vgg``; raises ValueError without."""
        super().__init__()
        self.network = network
        self.weights = dict.fromkeys(WEIGHTS, 0.0) | recipe.weights
        self.precision = precision
        artworks = [read_artwork(Path(image), recipe.style_size).to(device) for image in recipe.style_images]
        self.perceptual = None
        if recipe.needs_vgg:
            if vgg is None:
                raise ValueError("content and style: expected VGG's weights, got none")
            layers = tuple(dict.fromkeys((*recipe.content_layers, *recipe.style_layers)))
            self.perceptual = PerceptualLoss(
                VGG(layers, vgg).to(device),
                artworks,
                content_layers=recipe.content_layers,
                style_layers=recipe.style_layers,
                distance=F.mse_loss if recipe.distance == "mse" else F.l1_loss,
                scale=recipe.gram,
            )
        self.teachers = [read_network(Path(teacher)).to(device) for teacher in recipe.teachers]
        self.quantiles = [colour_quantiles(artwork) for artwork in artworks]

    def forward(self, photos: Tensor, seeds: Sequence[int], style: int) -> dict[str, Tensor]:
        """The losses, unweighted, of photos (N, H, W, 3) uint8 painted in one style; a seed for each photo's film."""
        styles = self.network.styles
        mix = F.one_hot(torch.tensor(style), styles).float().to(photos.device) if styles > 1 else None
        pair = filmed(photos, seeds)
        paintings, features = self._paint(pair.before, mix)
        terms: dict[str, Tensor] = {}
        if self.teachers:
            terms["teacher"] = F.mse_loss(paintings, _channels_first(self.teachers[style](pair.before)))
        before = _channels_first(pair.before)
        if self.perceptual is not None:
            with self._autocast(photos):
                terms |= self.perceptual(paintings, before, style)
        terms |= self._of_pixels(paintings, before, style)
        if self.weights["border"]:
            terms["border"] = self._border(pair.before, paintings, mix)
        if self.weights["temporal"] or self.weights["features"]:
            later, later_features = self._paint(pair.after, mix)
            terms["temporal"] = incoherence(paintings, later, pair)
            stride, margin = self.network.stride, self.network.margin
            terms["features"] = feature_incoherence(features, later_features, pair, stride=stride, margin=margin)
        return terms

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """The weighted sum that is minimised."""
        return torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()

    def _paint(self, photos: Tensor, mix: Tensor | None) -> tuple[Tensor, Tensor]:
        """Paintings (N, 3, H, W) in [0, 1] and deep features."""
        with self._autocast(photos):
            paintings, features = self.network.with_features(photos, mix)
        return _channels_first(paintings), features

    def _autocast(self, photos: Tensor) -> torch.autocast:
        return torch.autocast(photos.device.type, self.precision, enabled=self.precision != torch.float32)

    def _of_pixels(self, paintings: Tensor, photos: Tensor, style: int) -> dict[str, Tensor]:
        losses: dict[str, Callable[[], Tensor]] = {
            "variation": lambda: total_variation(paintings),
            "lattice": lambda: lattice(paintings),
            "tone": lambda: tone(paintings, photos),
            "calm": lambda: calm(paintings, photos),
            "palette": lambda: palette(paintings, self.quantiles[style]),
        }
        return {name: loss() for name, loss in losses.items() if self.weights[name]}

    def _border(self, photos: Tensor, paintings: Tensor, mix: Tensor | None) -> Tensor:
        """Our own: the painting of a crop should be the crop of the painting.

        Without it a network learns to put the colours that it owes the Gram matrices where they disturb least,
        along the border.
        """
        inside = slice(CROPPED, -CROPPED)
        cropped, _ = self._paint(photos[:, inside, inside], mix)
        return F.mse_loss(cropped, paintings[:, :, inside, inside].detach())


def _channels_first(images: Tensor) -> Tensor:
    """(N, H, W, 3) in [0, 255] → (N, 3, H, W) in [0, 1]."""
    return images.permute(0, 3, 1, 2).float() / 255
