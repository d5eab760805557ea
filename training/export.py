"""A checkpoint becomes one self-contained ONNX file under the model contract, checked against PyTorch."""

from __future__ import annotations

import itertools
import json
import subprocess
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from rtstyle.engines.onnxruntime import import_onnxruntime
from rtstyle.errors import ModelError, SourceError, UsageError
from rtstyle.frames import Images
from rtstyle.model_file import CONTRACT, set_metadata
from rtstyle.output_file import OutputFile
from rtstyle.sources.photo_folder import spread
from rtstyle.style import WEIGHTS
from training.checkpoint import Checkpoint
from training.nets import Network
from training.recipe import in_utf8

OPSET = 17
TOLERANCE = 1  # grey level
CHECK_SIZES = ((1, 240, 320), (2, 480, 640), (3, 117, 131))  # (N, H, W); the last one odd


@dataclass(frozen=True, slots=True, kw_only=True)
class Artwork:
    """What people are told about the pictures behind a model."""

    names: tuple[str, ...]  # of the styles
    title: str
    artist: str
    year: str
    licence: str


class _Quantised(nn.Module):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor, style_weights: Tensor | None = None) -> Tensor:
        return self.network.quantised(frames, style_weights)


def export(
    checkpoint: Checkpoint,
    artwork: Artwork,
    path: Path,
    *,
    photos: Iterable[Images],
    measured: Sequence[Mapping[str, Any]] = (),
    overwrite: bool = False,
) -> int:
    """Write the model and return the largest difference to PyTorch seen, in grey levels (0 or 1).

    ``measured``: what an evaluation found out about each style, for the metadata.

    Compared on random frames at three sizes and on every batch of ``photos``, in each style. Raises ModelError,
    and leaves no file, when they differ by more; SinkError when the file cannot be written.
    """
    file = OutputFile(path, overwrite=overwrite)
    network = checkpoint.recipe.make_network()
    if len(artwork.names) != network.styles:
        raise UsageError(f"{len(artwork.names)} names of styles: expected {network.styles}, one for each artwork")
    if twice := [name for i, name in enumerate(artwork.names) if name in artwork.names[:i]]:
        raise UsageError(f"two styles are called {twice[0]}: expected a --name of its own for each artwork")
    if len(artwork.names) > 1 and (odd := [name for name in artwork.names if set(name) & {",", "="}]):
        raise UsageError(
            f"a style is called {odd[0]!r}: expected a --name without , or =, which separate the styles of --mix"
        )
    network.load_state_dict(checkpoint.averaged)
    facts = metadata(checkpoint, artwork, network, measured)
    network.finish()
    network.eval()
    model = _graph(network, facts)
    rng = np.random.default_rng(0)
    random = (rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in CHECK_SIZES)
    worst = _difference(network, model, (*random, *photos))
    if worst > TOLERANCE:
        raise ModelError(f"{path}: PyTorch and onnxruntime differ by {worst} grey levels, expected at most {TOLERANCE}")
    with file.written() as temporary:
        temporary.write_bytes(model)
    return worst


def real_frames(photos: Sequence[Path]) -> Iterator[Images]:
    """Some of the photos, one batch for each of the check's three sizes."""
    some = [photo for _, photo in spread(photos, sum(n for n, _, _ in CHECK_SIZES))]
    if not some:
        raise SourceError("no photos to check the model with: name a folder with --photos")
    for position, (n, height, width) in enumerate(CHECK_SIZES):
        chosen = [some[(position + i) % len(some)] for i in range(n)]
        yield np.stack([np.asarray(cv2.resize(photo, (width, height)), np.uint8) for photo in chosen])


def metadata(
    checkpoint: Checkpoint, artwork: Artwork, network: Network, measured: Sequence[Mapping[str, Any]]
) -> Mapping[str, str]:
    """The model's metadata; the one truth about it."""
    recipe = checkpoint.recipe
    facts = {
        "contract": CONTRACT,
        "styles": json.dumps(artwork.names),
        "title": artwork.title,
        "artist": artwork.artist,
        "year": artwork.year,
        "artwork_licence": artwork.licence,
        "network": recipe.network,
        "parameters": str(sum(p.numel() for p in network.parameters())),
        "steps": str(checkpoint.step),
        "dataset": recipe.dataset,
        "photo_list": checkpoint.photo_list,
        "command": recipe.command,
        "style_size": str(recipe.style_size),
        "weights": json.dumps(recipe.weights),
        "vgg": checkpoint.vgg,
        "losses": json.dumps({name: float(f"{value:.5g}") for name, value in checkpoint.losses.items()}),
        "evaluation": json.dumps(measured) if measured else "",
        "commit": _commit(),
        "created": datetime.now(UTC).date().isoformat(),
    }
    return {name: in_utf8(value) for name, value in facts.items()}


def _graph(network: Network, facts: Mapping[str, str]) -> bytes:
    graph = onnx.load_from_string(_trace(network))
    if network.styles > 1:  # the first style, unless the input is given
        graph.graph.initializer.append(numpy_helper.from_array(_one_style(network, 0).numpy(), WEIGHTS))
    shape = graph.graph.output[0].type.tensor_type.shape  # the tracer cannot tell it
    for dimension, name in zip(shape.dim, ("N", "H", "W"), strict=False):
        dimension.dim_param = name
    shape.dim[3].dim_value = 3
    set_metadata(graph, facts)
    onnx.checker.check_model(graph, full_check=True)
    return bytes(graph.SerializeToString())


def _trace(network: Network) -> bytes:
    dynamic = {0: "N", 1: "H", 2: "W"}
    frames = torch.zeros(1, 64, 72, 3, dtype=torch.uint8)
    several = network.styles > 1
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's remarks on sizes, and that it is the older of two
        torch.onnx.export(
            _Quantised(network).eval(),
            (frames, _one_style(network, 0)) if several else (frames,),
            file.name,
            input_names=["frames", WEIGHTS] if several else ["frames"],
            output_names=["stylized"],
            dynamic_axes={"frames": dynamic, "stylized": dynamic},
            opset_version=OPSET,
            dynamo=False,  # the newer exporter pins the sizes that the padding is computed from
        )
        return Path(file.name).read_bytes()


def _difference(network: Network, model: bytes, batches: Iterable[Images]) -> int:
    """The largest over all frames and styles, and over the styles' even mix."""
    session = import_onnxruntime().InferenceSession(model, providers=["CPUExecutionProvider"])
    styles = range(network.styles)
    even = torch.full((network.styles,), 1 / network.styles)
    mixes = [*(_one_style(network, i) for i in styles), even] if network.styles > 1 else [None]
    worst = 0
    for frames, mix in itertools.product(batches, mixes):
        (got,) = session.run(None, {"frames": frames} | ({} if mix is None else {WEIGHTS: mix.numpy()}))
        with torch.no_grad():
            expected = network.quantised(torch.from_numpy(frames), mix).numpy()
        if got.shape != expected.shape:
            raise ModelError(f"onnxruntime gives {got.shape}, expected {expected.shape}")
        worst = max(worst, int(np.abs(got.astype(np.int16) - expected.astype(np.int16)).max()))
    return worst


def _one_style(network: Network, index: int) -> Tensor:
    return torch.eye(network.styles)[index]


def _commit() -> str:
    """The commit of the code that made the model, or `unknown` outside a checkout or without git."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:  # no git
        return "unknown"
    return result.stdout.strip() or "unknown"
