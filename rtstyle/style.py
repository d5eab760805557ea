"""One model file: its metadata, whether it keeps the contract, and its network."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.errors import ModelError, UsageError
from rtstyle.foreign.adapt import adapted
from rtstyle.foreign.convention import Convention
from rtstyle.foreign.probe import read_signature
from rtstyle.model_file import CONTRACT, inputs_of, is_scattered, load_file, metadata_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import ModelProto, ValueInfoProto

MIN_SIZE = 16  # pixels, the contract's
WEIGHTS = "style_weights"  # the contract's optional input

_EXPORT_AGAIN = "export it again with: python -m training export"
_FRAMES = "uint8 (N, H, W, 3)"


@dataclass(frozen=True, slots=True)
class Style:
    """A model file and its metadata; no weights are held."""

    name: str  # what --style takes
    path: Path
    size: int  # bytes
    styles: tuple[str, ...]  # the styles inside; one, unless the network mixes several
    title: str = ""
    artist: str = ""
    year: str = ""
    licence: str = ""  # the artwork's
    network: str = ""
    mix: tuple[float, ...] = ()  # weights of the styles inside; empty: as the file says
    convention: Convention | None = None  # of a network adapted to the contract; None: it keeps it itself
    # All of it, without the prefix:
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


def read_style(path: Path, convention: Convention | None = None) -> Style:
    """Read one file's metadata and check its contract; a network that declares none is a foreign one.

    ``convention``: how a foreign network takes pictures. Raises ModelError, or UsageError for one of rtstyle's.
    """
    model = load_file(path, weights=False)
    metadata = metadata_of(model)
    if "contract" not in metadata:
        read_signature(path, model)
        return Style(path.stem, path, path.stat().st_size, (path.stem,), convention=convention or Convention())
    if convention:
        raise UsageError(
            f"{path}: keeps rtstyle's contract; --input-range, --layout and --channels are for foreign networks"
        )
    static = "variant" in metadata and any(_type_of(value) != _FRAMES for value in model.graph.input[:1])
    _check(path, model, metadata, static=static)
    styles = _names(path, metadata.get("styles", ""))
    weights = [list(tensor.dims) for tensor in model.graph.initializer if tensor.name == WEIGHTS]
    if len(styles) > 1 and weights != [[len(styles)]]:
        raise ModelError(
            f"{path}: expected {WEIGHTS} [{len(styles)}] for the styles that it names, "
            f"got {weights[0] if weights else 'none'}; {_EXPORT_AGAIN}"
        )
    return Style(
        name=path.stem.removesuffix("-lite"),
        path=path,
        size=path.stat().st_size,
        styles=styles,
        title=metadata.get("title", ""),
        artist=metadata.get("artist", ""),
        year=metadata.get("year", ""),
        licence=metadata.get("artwork_licence", ""),
        network=metadata.get("network", ""),
        convention=Convention() if static else None,
        metadata=metadata,
    )


def model_of(style: Style) -> Path | bytes:
    """What an engine loads: the file or, for a mix, the model with the mix applied."""
    return load_model(style).SerializeToString() if style.mix or style.convention else style.path


def load_model(style: Style) -> ModelProto:
    """Return the network, adapted to the contract, with the mix applied. Raises ModelError."""
    model = load_file(style.path)
    if style.mix:
        import numpy as np
        from onnx import numpy_helper

        weights = numpy_helper.from_array(np.asarray(style.mix, np.float32), WEIGHTS)
        (default,) = (tensor for tensor in model.graph.initializer if tensor.name == WEIGHTS)
        default.CopyFrom(weights)
    return adapted(style.path, model, style.convention) if style.convention else model


def _check(path: Path, model: ModelProto, metadata: Mapping[str, str], *, static: bool) -> None:
    if (contract := metadata["contract"]) != CONTRACT:
        raise ModelError(f"{path}: expected rtstyle's model contract {CONTRACT}, got {contract}; {_EXPORT_AGAIN}")
    inputs = {value.name: _type_of(value) for value in inputs_of(model)}
    outputs = {value.name: _type_of(value) for value in model.graph.output}
    for kind, wanted, got in (("input", "frames", inputs), ("output", "stylized", outputs)):
        if list(got) != [wanted] or not (got[wanted] == _FRAMES or (static and got[wanted].startswith("uint8 ("))):
            said = ", ".join(f"{name} {type_}" for name, type_ in got.items()) or "none"
            raise ModelError(f"{path}: expected the {kind} {wanted} {_FRAMES}, got {said}; {_EXPORT_AGAIN}")
    if is_scattered(model):
        raise ModelError(f"{path}: expected all weights in the file itself, got some in other files; {_EXPORT_AGAIN}")


def _type_of(value: ValueInfoProto) -> str:
    """Spell a tensor's type: free dimensions of a picture batch as the contract names them, fixed ones by number."""
    from onnx import TensorProto

    tensor = value.type.tensor_type
    free = ("N", "H", "W", "3") if len(tensor.shape.dim) == len("NHWC") else ()
    sizes = [
        str(d.dim_value) if d.HasField("dim_value") else (free[i] if i < len(free) else "?")
        for i, d in enumerate(tensor.shape.dim)
    ]
    return f"{TensorProto.DataType.Name(tensor.elem_type).lower()} ({', '.join(sizes)})"


def _names(path: Path, text: str) -> tuple[str, ...]:
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):  # RecursionError: a hundred thousand brackets
        names = None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        got = repr(text[:80])
        raise ModelError(f"{path}: expected rtstyle.styles to be a JSON list of names, got {got}; {_EXPORT_AGAIN}")
    return tuple(names)
