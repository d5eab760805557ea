"""A ``full`` network with fresh weights, for timing where no trained one is at hand: it computes as much.

    python benchmarks/untrained.py FOLDER/untrained-full.onnx

Beside it goes its twin in 8 bits, with all convolutions in 8 bits, as trained networks have them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import torch

from rtstyle.export.eight_bits import quantised
from rtstyle.export.graph import baked, folded, save_checked, varied
from rtstyle.export.pictures import made_up
from rtstyle.export.spans import measure
from rtstyle.manifest import sha256_of
from rtstyle.twin import ORIGINAL, twin_path
from training.checkpoint import Checkpoint
from training.export import Artwork, export
from training.nets import make_network
from training.recipe import Recipe


def untrained_full(path: Path) -> Path:
    """Export it as trained ones are, with its twin."""
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
    save_checked(in_8_bits(path), twin_path(path))
    return path


def in_8_bits(path: Path) -> onnx.ModelProto:
    """The same in 8 bits, by a few made-up pictures."""
    model = folded(baked(onnx.load(path)))
    twin = varied(
        quantised(model, measure(model, [np.asarray(picture)[None] for picture in made_up()[:4]]), ()), "int8"
    )
    entry = twin.metadata_props.add()
    entry.key, entry.value = f"rtstyle.{ORIGINAL}", sha256_of(path)
    return twin


if __name__ == "__main__":
    untrained_full(Path(sys.argv[1]))
