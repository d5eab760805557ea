"""A ``full`` network with fresh weights, for timing where no trained one is at hand: it computes as much."""

from __future__ import annotations

from pathlib import Path

import torch

from training.checkpoint import Checkpoint
from training.export import Artwork, export
from training.nets import make_network
from training.recipe import Recipe


def untrained_full(path: Path) -> Path:
    """Exported as trained ones are."""
    torch.manual_seed(0)
    weights = make_network("full").state_dict()
    recipe = Recipe(network="full", style_images=("none",), data="none", steps=0)
    checkpoint = Checkpoint(
        recipe=recipe,
        step=0,
        vgg="none",
        network=weights,
        average={f"module.{name}": value for name, value in weights.items()},
        optimizer={},
        norm=0.0,
        losses={},
    )
    export(checkpoint, Artwork(names=("untrained",), title="", artist="", year=""), path, photos=())
    return path
