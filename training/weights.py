"""Trained weights, and networks, of checkpoints and of models that were exported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from onnx import numpy_helper
from torch import Tensor

from rtstyle.errors import ModelError
from rtstyle.model_file import load_file, metadata_of
from training.checkpoint import Checkpoint
from training.nets import DoublingConv, Network, make_network

CHANNELS = 3  # of a painting
PREFIX = "network."  # of the weights' names in an exported graph


def read_weights(path: Path) -> dict[str, Tensor]:
    """To train on: the averaged weights in a ``.ckpt``, or those in an ``.onnx`` of ours.

    Raises ModelError for other files.
    """
    weights = _stored(path)
    if _is_finished(weights):
        paint = weights["paint.weight"]
        weights["paint.weight"] = DoublingConv(paint.shape[1], CHANNELS).unfolded(paint)
        weights["paint.bias"] = weights["paint.bias"][:CHANNELS]
    return weights


def read_network(path: Path) -> Network:
    """To paint with: the network of one style that is in such a file. Raises ModelError, also for several styles."""
    weights = _stored(path)
    name, stem, blocks = ("lite", "stem", "deep") if "stem.weight" in weights else ("full", "stem.0", "body")
    count = len({weight.split(".")[1] for weight in weights if weight.startswith(f"{blocks}.")})
    network = make_network(name, width=len(weights[f"{stem}.weight"]), blocks=count)
    if _is_finished(weights):
        network.finish()
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelError(
            f"{path}: expected a teacher of one style, got one of several; name another network"
        ) from error
    return network.eval().requires_grad_(False)


def _stored(path: Path) -> dict[str, Tensor]:
    if path.suffix.lower() != ".onnx":
        return Checkpoint.load(path).averaged
    model = load_file(path)
    if variant := metadata_of(model).get("variant"):
        raise ModelError(f"{path}: is an export of another model as {variant}; name the original")
    weights = {
        tensor.name.removeprefix(PREFIX): torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in model.graph.initializer
        if tensor.name.startswith(PREFIX)
    }
    if not weights:
        raise ModelError(f"{path}: its weights have lost their names; use the checkpoint it was exported from")
    return weights


def _is_finished(weights: Mapping[str, Tensor]) -> bool:
    """Whether they are a ``lite`` network's as it is exported."""
    return len(weights.get("paint.weight", ())) == 4 * CHANNELS
