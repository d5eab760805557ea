"""Weights to begin with: from a checkpoint, or from a model that was exported."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from rtstyle.errors import ModelError
from rtstyle.styles import read_style
from training.checkpoint import Checkpoint

PREFIX = "network."  # of the weights' names in an exported graph


def read_weights(path: Path) -> dict[str, Tensor]:
    """Of a ``.ckpt`` the averages, of an ``.onnx`` of ours what it computes with. Raises ModelError for other files."""
    if path.suffix.lower() != ".onnx":
        return Checkpoint.load(path).averaged
    read_style(path)
    graph = onnx.load(path, load_external_data=False).graph
    weights = {
        tensor.name.removeprefix(PREFIX): torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in graph.initializer
        if tensor.name.startswith(PREFIX)
    }
    if not weights:
        raise ModelError(f"{path}: its weights have lost their names; begin with the checkpoint it was exported from")
    return weights
