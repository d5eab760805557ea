"""Keeps the photo's colours (Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer")."""

from __future__ import annotations

import torch
from torch import Tensor

from rtstyle.perceptual import luma


def seen(content: Tensor, colors: str) -> Tensor:
    """The photo (1, 3, H, W) as the optimisation is to see it."""
    return luma(content).expand(-1, 3, -1, -1) if colors == "luminance" else content


def recolored(artwork: Tensor, content: Tensor, colors: str) -> Tensor:
    """The artwork (1, 3, H, W) as the optimisation is to see it, by the colours of that photo."""
    if colors == "luminance":
        light, painted = luma(content), luma(artwork)
        painted = (painted - painted.mean()) * (light.std() / painted.std().clamp_min(1e-4)) + light.mean()
        return painted.clamp(0, 1).expand(-1, 3, -1, -1)
    if colors == "covariance":
        return match_covariance(artwork, content)
    if colors == "histogram":
        return match_histograms(artwork, content)
    return artwork


def finished(picture: Tensor, content: Tensor, colors: str) -> Tensor:
    """The final picture: with ``luminance``, the photo's colours and the picture's lightness.

    The paper paints lightness alone; here R, G and B are free, and what colours came of that are dropped.
    """
    if colors != "luminance":
        return picture
    moved: Tensor = content + luma(picture) - luma(content)  # the same on R, G and B leaves Cb and Cr alone
    return torch.clamp(moved, 0, 1)


def match_covariance(artwork: Tensor, content: Tensor) -> Tensor:
    """The artwork with mean and covariance of the photo's RGB (section 4.1, by the symmetric square root)."""
    mean_a, root_a = _statistics(artwork)
    mean_c, root_c = _statistics(content)
    transform: Tensor = root_c @ torch.linalg.inv(root_a)
    flat = artwork[0].flatten(1).double()
    moved: Tensor = (transform @ (flat - mean_a) + mean_c).clamp(0, 1)
    return moved.float().view_as(artwork)


def match_histograms(artwork: Tensor, content: Tensor) -> Tensor:
    """The artwork with the photo's histogram in each of R, G and B, as far as equal values stay equal."""
    matched = torch.empty_like(artwork)
    for channel in range(3):
        values, targets = artwork[0, channel].flatten(), content[0, channel].flatten().sort().values
        _, where, counts = values.unique(return_inverse=True, return_counts=True)
        middles = 2 * counts.cumsum(0) - counts - 1  # of each value's ranks, twice
        ranks = middles * (len(targets) - 1) // max(2 * len(values) - 2, 1)  # whole: float32 counts to 17 million
        matched[0, channel] = targets[ranks][where].reshape(artwork.shape[2:])
    return matched


def _statistics(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (3, 1) and symmetric square root (3, 3) of the covariance of RGB, in float64."""
    flat = image[0].flatten(1).double()
    covariance = flat.cov() + 1e-6 * torch.eye(3, dtype=torch.float64, device=image.device)
    values, vectors = torch.linalg.eigh(covariance)
    return flat.mean(dim=1, keepdim=True), vectors @ values.clamp_min(0).sqrt().diag() @ vectors.T
