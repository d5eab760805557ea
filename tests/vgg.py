"""A network of random weights: small pictures can be painted by it, and nothing has to be downloaded."""

from functools import cache

import numpy as np


@cache
def random_vgg(network="vgg16"):
    """Weights as torchvision draws them, the same every time."""
    import torch
    from torch import nn
    from torchvision.models import vgg16, vgg19

    from rtstyle.perceptual import VggWeights

    torch.manual_seed(0)
    features = {"vgg16": vgg16, "vgg19": vgg19}[network](init_weights=False).features
    for module in features:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
            nn.init.zeros_(module.bias)
    return VggWeights(features.state_dict(), (0.5, 0.4, 0.3), (0.2, 0.2, 0.2), "random", network)


def photo_and_artwork(height=48, width=64):
    """Two unlike pictures (H, W, 3) uint8 RGB: a ramp with a disc, and coloured stripes with grain."""
    rows, columns = np.mgrid[:height, :width]
    photo = np.stack([rows * 3, columns * 3, 255 - rows * 2], axis=-1) % 256
    photo[(rows - height / 2) ** 2 + (columns - width / 2) ** 2 < (height / 4) ** 2] = (220, 180, 40)
    stripes = 128 + 90 * np.sin(columns / 2 + rows / 5)[..., None] * np.array([1, -0.5, 0.3])
    grain = np.random.default_rng(0).normal(0, 12, (height, width, 3))
    return photo.astype(np.uint8), (stripes + grain).clip(0, 255).astype(np.uint8)
