"""Checkpoints of trainings that never were."""

from pathlib import Path

import torch

from training.checkpoint import Checkpoint
from training.recipe import Recipe


def checkpoint_of(network: str, data: Path, styles: int = 1) -> Checkpoint:
    """One of random weights, after seven steps."""
    torch.manual_seed(0)
    images = tuple(f"{i}.jpg" for i in range(styles))
    recipe = Recipe(network=network, style_images=images, data=str(data), steps=7)
    state = {
        name: 0.05 * torch.randn_like(weight) + weight for name, weight in recipe.make_network().state_dict().items()
    }
    return Checkpoint(
        recipe=recipe,
        step=7,
        vgg="random",
        network={},
        average={f"module.{name}": weight for name, weight in state.items()},
        optimizer={},
        norm=1.0,
        losses={"style": 1.5},
    )
