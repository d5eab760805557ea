"""Finds the models and reads what they say of themselves: every ``.onnx`` carries its own metadata."""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.amounts import read_amounts
from rtstyle.errors import ModelError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onnx import ModelProto, ValueInfoProto

CONTRACT = "1"
WEIGHTS = "style_weights"  # the contract's optional input
EXPORT_AGAIN = "export it again with: python -m training export"

_PACKAGE = Path(__file__).parent
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
    mix: tuple[float, ...] = ()  # of the styles inside; empty: what the file itself says
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)  # all, without the prefix


@dataclass(frozen=True, slots=True)
class Mix:
    """Several styles of one network, in parts: ``Mix({"wave": 0.7, "udnie": 0.3})``."""

    parts: Mapping[str, float]  # by name; they are divided by their sum
    network: str | Path | None = None  # the model that holds them; None: the bundled one that does


def list_styles() -> list[Style]:
    """All bundled styles by name. Raises ModelError where one of the files is damaged."""
    return [read_style(path) for path in sorted(_folder().glob("*.onnx"))]


def find_style(name_or_path: str | Path | Mix | Style) -> Style:
    """Take ``wave`` (the lite network), ``wave-full``, the path of an ``.onnx``, or a mix.

    A name that no file has may be that of a style inside one. In words a mix is ``wave=0.7,udnie=0.3``, or
    ``both.onnx:dawn=0.7,dusk=0.3`` of a model that is not bundled. Raises ModelError or UsageError.
    """
    if isinstance(name_or_path, Style):
        return name_or_path
    if isinstance(name_or_path, str) and "=" in name_or_path and not os.path.exists(name_or_path):  # noqa: PTH110 - Path.exists raises for a name that is too long
        name_or_path = _read_mix(name_or_path)
    if isinstance(name_or_path, Mix):
        return _mixed(name_or_path)
    try:
        if isinstance(name_or_path, str) and (bundled := _bundled(name_or_path)):
            return read_style(bundled)
        path = Path(os.path.expanduser(name_or_path))  # noqa: PTH111 - Path.expanduser raises where nobody has that name
        looks_like_a_path = path.suffix.lower() == ".onnx" or len(path.parts) > 1
        if isinstance(name_or_path, Path) or looks_like_a_path or (name_or_path and path.exists()):
            return read_style(path)
    except OSError as error:
        raise ModelError(f"{name_or_path}: cannot be read: {error.strerror}") from error
    if isinstance(name_or_path, str) and (network := _network_with([name_or_path])):
        return _mixed(Mix({name_or_path: 1}, network.path))
    raise ModelError(_unknown(name_or_path))


def model_of(style: Style) -> Path | bytes:
    """What an engine loads: the file, or, for a mix, the model with the mix in it."""
    return load_model(style).SerializeToString() if style.mix else style.path


def load_model(style: Style) -> ModelProto:
    """The network itself, with the mix in it. Raises ModelError."""
    model = _load(style.path)
    if style.mix:
        import numpy as np
        from onnx import numpy_helper

        weights = numpy_helper.from_array(np.asarray(style.mix, np.float32), WEIGHTS)
        (default,) = (tensor for tensor in model.graph.initializer if tensor.name == WEIGHTS)
        default.CopyFrom(weights)
    return model


def read_style(path: Path) -> Style:
    """Read one file's metadata and check its contract. Raises ModelError."""
    model = _load(path)
    metadata = {p.key.removeprefix("rtstyle."): p.value for p in model.metadata_props if p.key.startswith("rtstyle.")}
    _check(path, model, metadata)
    return Style(
        name=path.stem.removesuffix("-lite"),
        path=path,
        size=path.stat().st_size,
        styles=_names(path, metadata.get("styles", "")),
        title=metadata.get("title", ""),
        artist=metadata.get("artist", ""),
        year=metadata.get("year", ""),
        licence=metadata.get("artwork_licence", ""),
        network=metadata.get("network", ""),
        metadata=metadata,
    )


def _folder() -> Path:
    """In a wheel the models lie inside the package, in a checkout beside it."""
    inside = _PACKAGE / "exported"
    return inside if inside.is_dir() else _PACKAGE.parent / "exported"


def _bundled(name: str) -> Path | None:
    if not name or Path(name).name != name:
        return None
    candidates = (_folder() / f"{name}-lite.onnx", _folder() / f"{name}.onnx")
    return next((path for path in candidates if path.is_file()), None)


def _read_mix(text: str) -> Mix:
    network, _, parts = text.rpartition(":")
    return Mix(read_amounts("a mix", [parts]), network or None)


def _mixed(mix: Mix) -> Style:
    names = list(mix.parts)
    network = _network_with(names) if mix.network is None else find_style(mix.network)
    if network is None:
        raise ModelError(
            f"{' and '.join(names)}: no bundled network holds them together; `rtstyle styles` lists what is"
        )
    if missing := sorted(set(names) - set(network.styles)):
        raise ModelError(f"{network.path}: has no style {missing[0]}; it holds {', '.join(network.styles)}")
    total = sum(mix.parts.values())
    if total <= 0:
        raise UsageError(f"a mix of {', '.join(names) or 'no style'}: expected at least one part above 0")
    weights = tuple(mix.parts.get(name, 0) / total for name in network.styles)
    return replace(network, name=_spelt(mix.parts), mix=weights if len(weights) > 1 else ())


def _spelt(parts: Mapping[str, float]) -> str:
    return "+".join(parts) if len(parts) > 1 else next(iter(parts))


def _network_with(names: Sequence[str]) -> Style | None:
    """The smallest bundled network of several styles that holds all of these."""
    found = (style for style in list_styles() if len(style.styles) > 1 and set(names) <= set(style.styles))
    return min(found, key=lambda style: len(style.styles), default=None)


def _unknown(name: str) -> str:
    found = list_styles()
    names = sorted({style.name for style in found} | {name for style in found for name in style.styles})
    nearest = difflib.get_close_matches(name, names, n=1)
    question = f"did you mean {nearest[0]}? " if nearest else ""
    return f"{name}: no such style; {question}there are: {', '.join(names) or 'none, this copy has no models'}"


def _load(path: Path) -> ModelProto:
    import onnx  # 0.1 s that `import rtstyle` need not pay
    from google.protobuf.message import DecodeError

    if path.is_dir():
        raise ModelError(f"{path}: expected an .onnx file, got a folder; name one of the files in it")
    try:
        return onnx.load(path, format="protobuf", load_external_data=False)  # whatever its suffix says
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file; `rtstyle styles` lists the bundled ones") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    except DecodeError as error:
        raise ModelError(
            f"{path}: expected an ONNX model, got a file that is damaged or of another kind; {EXPORT_AGAIN}"
        ) from error


def _check(path: Path, model: ModelProto, metadata: Mapping[str, str]) -> None:
    defaults = {tensor.name for tensor in model.graph.initializer}
    inputs = {value.name: _type_of(value) for value in model.graph.input if value.name not in defaults}
    outputs = {value.name: _type_of(value) for value in model.graph.output}
    for kind, wanted, got in (("input", "frames", inputs), ("output", "stylized", outputs)):
        if list(got) != [wanted] or got[wanted] != _FRAMES:
            said = ", ".join(f"{name} {type_}" for name, type_ in got.items()) or "none"
            raise ModelError(f"{path}: expected the {kind} {wanted} {_FRAMES}, got {said}; {EXPORT_AGAIN}")
    if (contract := metadata.get("contract", "none")) != CONTRACT:
        raise ModelError(f"{path}: expected rtstyle's model contract {CONTRACT}, got {contract}; {EXPORT_AGAIN}")


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
    except json.JSONDecodeError:
        names = None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ModelError(f"{path}: expected rtstyle.styles to be a JSON list of names, got {text!r}; {EXPORT_AGAIN}")
    return tuple(names)
