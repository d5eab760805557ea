"""Reads an untrusted ``.onnx`` file: nothing in it is run, and only files beside it are opened."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from rtstyle.errors import ModelError, first_line

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

CONTRACT = "1"  # the version that we write and take
MAX_BYTES = 2**31 - 1  # bytes; protobuf holds no more
STANDARD = {"", "ai.onnx"}  # domain of ONNX's own operators

_OURS = "rtstyle."  # prefix of our metadata
_CONTROL = re.compile(r"[\0-\x08\x0b-\x1f\x7f-\x9f]")  # a terminal would obey
_AGAIN = "copy or download it again, or export it anew with: python -m training export"


def load_file(path: Path, *, weights: bool = True) -> ModelProto:
    """Read a network; ``weights``: including those in files beside it. Raises ModelError, one sentence."""
    import onnx  # 0.1 s that `import rtstyle` is spared
    from google.protobuf.message import DecodeError

    try:
        if path.is_dir():
            raise ModelError(f"{path}: expected an .onnx file, got a folder; name one of the files in it")
        _check_size(path, path.stat().st_size)
        model = onnx.load(path, format="protobuf", load_external_data=False)  # whatever its suffix says
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file; `rtstyle styles` lists the bundled ones") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    except DecodeError as error:
        raise ModelError(f"{path}: expected an ONNX model, got {_instead(path)}") from error
    texts: list[str | bytes] = []
    _collect_texts(model, texts)
    if garbled := next((text for text in texts if isinstance(text, bytes) or _CONTROL.search(text)), None):
        raise ModelError(f"{path}: expected names and metadata that are text, got {garbled[:50]!r}; {_AGAIN}")
    files = _files_beside(path, model)
    if files and weights:
        _load_weights(path, model, files)
    return model


def _instead(path: Path) -> str:
    """What the file is instead, and what to do about it."""
    import cv2

    if cv2.haveImageReader(str(path)):
        return f"a picture; use it with `rtstyle keyframe --style-image {path}`, or train a style: docs/training.md"
    return f"a file that is damaged or of another kind; {_AGAIN}"


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def metadata_of(model: ModelProto) -> dict[str, str]:
    """What rtstyle has noted in it, by name."""
    return {p.key.removeprefix(_OURS): p.value for p in model.metadata_props if p.key.startswith(_OURS)}


def set_metadata(model: ModelProto, metadata: Mapping[str, str]) -> None:
    """Note this in it, in place of all that it says, also in other programs' keys."""
    from onnx import helper

    helper.set_model_props(model, {f"{_OURS}{name}": value for name, value in metadata.items()})


def opset_of(model: ModelProto) -> int:
    """The version of ONNX's own operators."""
    return max((opset.version for opset in model.opset_import if opset.domain in STANDARD), default=0)


def inputs_of(model: ModelProto) -> list[ValueInfoProto]:
    """The actual inputs: older exporters list the weights among them too."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants]


def is_scattered(model: ModelProto) -> bool:
    """Whether weights lie in other files."""
    from onnx.external_data_helper import uses_external_data

    return any(map(uses_external_data, _tensors(model)))


def _collect_texts(message: Message, into: list[str | bytes]) -> None:
    """All names and metadata; bytes where they are no UTF-8. Notes for people are left out."""
    for field, value in message.ListFields():
        if field.name == "doc_string":
            continue
        if field.type == field.TYPE_STRING:
            into += [value] if isinstance(value, str | bytes) else value
        elif field.type == field.TYPE_MESSAGE:
            for one in [value] if hasattr(value, "ListFields") else value:
                _collect_texts(one, into)


def _check_size(path: Path, size: int) -> None:
    if not size:
        raise ModelError(f"{path}: expected an ONNX model, got an empty file; {_AGAIN}")
    if size > MAX_BYTES:
        raise ModelError(
            f"{path}: expected less than 2 GB, which is all that an .onnx can hold, got {size / 1e9:.1f} GB"
        )


def _files_beside(path: Path, model: ModelProto) -> set[str]:
    """Names of the files that weights lie in. Raises ModelError for one that is not in the model's own folder."""
    from onnx.external_data_helper import uses_external_data

    locations = {
        entry.value
        for tensor in _tensors(model)
        if uses_external_data(tensor)
        for entry in tensor.external_data
        if entry.key == "location"
    }
    for location in locations:
        parts = {*PurePosixPath(location).parts, *PureWindowsPath(location).parts}
        absolute = PurePosixPath(location).is_absolute() or PureWindowsPath(location).anchor
        if absolute or ".." in parts or not (path.parent / location).resolve().is_relative_to(path.parent.resolve()):
            raise ModelError(f"{path}: expected its weights in files beside it, got {location!r}; it was not opened")
    return locations


def _load_weights(path: Path, model: ModelProto, files: set[str]) -> None:
    from onnx.checker import ValidationError
    from onnx.external_data_helper import load_external_data_for_model

    try:
        _check_size(path, path.stat().st_size + sum((path.parent / name).stat().st_size for name in files))
        _check_lengths(path, model)
        load_external_data_for_model(model, str(path.parent))
    except OSError as error:
        raise ModelError(f"{path}: its weights cannot be read: {error.filename}: {error.strerror}") from error
    except (ValidationError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: its weights cannot be read: {first_line(error)}") from error


def _check_lengths(path: Path, model: ModelProto) -> None:
    """Raise ValueError for a file that ends before its last weight; not every onnx notices."""
    from onnx.external_data_helper import uses_external_data

    for tensor in filter(uses_external_data, _tensors(model)):
        told = {entry.key: entry.value for entry in tensor.external_data}
        end = int(told.get("offset", 0)) + int(told.get("length", 0))
        if end > (path.parent / told["location"]).stat().st_size:
            raise ValueError(f"{told['location']} ends too early")


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    """All constants, including those in functions, in the branches of an ``If``, and sparse ones."""
    yield from _in_graph(model.graph)
    for function in model.functions:
        yield from _in_nodes(function.node)


def _in_graph(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _in_nodes(graph.node)


def _in_nodes(nodes: Iterable[NodeProto]) -> Iterator[TensorProto]:
    for attribute in (attribute for node in nodes for attribute in node.attribute):
        yield from (*_given(attribute, "t"), *attribute.tensors)
        for sparse in (*_given(attribute, "sparse_tensor"), *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        for inner in (*_given(attribute, "g"), *attribute.graphs):
            yield from _in_graph(inner)


def _given(message: Message, field: str) -> list[Any]:
    """The field's value, if it has one: to ask for one that is absent makes it, which takes a while."""
    return [getattr(message, field)] if message.HasField(field) else []
