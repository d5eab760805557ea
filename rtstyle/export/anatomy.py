"""All about one network: what it declares, what it costs, what runs it, and what it lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtstyle.engines import Engine, open_engine
from rtstyle.engines.choose import OTHERWISE
from rtstyle.engines.onnxruntime import CPU, OnnxRuntimeEngine
from rtstyle.engines.openvino import OpenVinoEngine
from rtstyle.errors import DeviceError, ModelError
from rtstyle.export.graph import baked, of_size
from rtstyle.export.order import Size
from rtstyle.foreign.convention import Convention
from rtstyle.model_file import inputs_of, load_file, metadata_of, opset_of, sha256_of
from rtstyle.style import load_model, read_style
from rtstyle.twin import find_twin

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

_HD = Size(1280, 720)
_PRODUCTS = {"Conv", "ConvTranspose", "MatMul", "Gemm"}
_TRIED_AT = (64, 64)  # pixels
_ENGINES: dict[str, Callable[[bytes], Engine]] = {
    "onnxruntime CPU": lambda model: OnnxRuntimeEngine(model, [(CPU, {})]),
    "OpenVINO": OpenVinoEngine,
    "CUDA": lambda model: open_engine(model, "cuda"),
    "TensorRT": lambda model: open_engine(model, "tensorrt"),
    "CoreML": lambda model: open_engine(model, "coreml"),
    "DirectML": lambda model: open_engine(model, "directml"),
}


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What ``rtstyle inspect`` shows."""

    path: str
    bytes: int
    sha256: str
    contract: str  # rtstyle's; empty: none
    opset: int
    inputs: tuple[str, ...]  # name, type and dimensions
    outputs: tuple[str, ...]
    parameters: int
    operators: Mapping[str, int]
    metadata: Mapping[str, str]
    gflop_720p: float | None = None  # two operations per product; None: it cannot be run
    runs_on: Mapping[str, str] = field(default_factory=dict)  # each engine and what it says: yes, or why not
    lacks: tuple[str, ...] = ()  # for rtstyle to take it as it is
    twin: str = ""  # its 8-bit file


def inspect_model(path: Path, convention: Convention | None = None) -> Anatomy:
    """Look at a network, ours or not, and try it on every engine. Raises ModelError if it is no network at all."""
    file = load_file(path, weights=False)
    known = metadata_of(file)
    gflop, runs_on, lacks, twin = None, {}, _lacks(file, known), None
    try:
        style = read_style(path, convention)
        model, twin = load_model(style), find_twin(style)
        gflop = gflop_of(model, _HD)
        runs_on = {name: _try(make, model.SerializeToString()) for name, make in _ENGINES.items()}
    except ModelError as error:
        lacks = (*lacks, str(error).removeprefix(f"{path}: "))
    return Anatomy(
        path=str(path),
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        contract=known.get("contract", ""),
        opset=opset_of(file),
        inputs=tuple(map(_spelt, inputs_of(file))),
        outputs=tuple(map(_spelt, file.graph.output)),
        parameters=parameters_of(file),
        operators=dict(Counter(node.op_type for node in file.graph.node).most_common()),
        metadata=known or {p.key: p.value for p in file.metadata_props},
        gflop_720p=None if gflop is None else round(gflop, 3),
        runs_on=runs_on,
        lacks=lacks,
        twin=str(twin or ""),
    )


def _spelt(value: ValueInfoProto) -> str:
    from onnx import TensorProto

    tensor = value.type.tensor_type
    dimensions = ", ".join(d.dim_param or (str(d.dim_value) if d.dim_value else "?") for d in tensor.shape.dim)
    return f"{value.name} {TensorProto.DataType.Name(tensor.elem_type).lower()} ({dimensions})"


def _lacks(model: ModelProto, known: Mapping[str, str]) -> tuple[str, ...]:
    """What the contract requires and this model lacks; rtstyle adds it where it can."""
    found = [] if "contract" in known else ["metadata: contract, styles, title, artist, licence"]
    for wanted, values in (("frames", inputs_of(model)), ("stylized", model.graph.output)):
        for value in list(values)[:1]:
            spelt = _spelt(value)
            if not spelt.startswith(f"{wanted} uint8 ("):
                found.append(f"{wanted} uint8 (N, H, W, 3): it has {spelt}")
    return tuple(found)


def parameters_of(model: ModelProto) -> int:
    """Numbers in the graph's weights; where the exporter folds layers, a few more than were trained."""
    from onnx import TensorProto

    numbers = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT8}
    return sum(prod(tensor.dims) for tensor in model.graph.initializer if tensor.data_type in numbers)


def gflop_of(model: ModelProto, size: Size) -> float | None:
    """Two operations for each product of convolutions and matrix products; None where a shape is not known."""
    import onnx

    if model.graph.input[0].type.tensor_type.shape.dim[0].dim_value > 1:
        return None
    graph = onnx.shape_inference.infer_shapes(of_size(baked(model), size)).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.value_info, *graph.input, *graph.output):
        shapes[value.name] = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    total = 0
    for node in (node for node in graph.node if node.op_type in _PRODUCTS):
        if not {*node.input[:2], node.output[0]} <= set(shapes):
            return None
        data, weight, out = (shapes[name] for name in (*node.input[:2], node.output[0]))
        products = {"Conv": prod(out) * prod(weight[1:]), "ConvTranspose": prod(data) * prod(weight[1:])}
        total += products.get(node.op_type, prod(out) * data[-1])
    return 2 * total / 1e9


def _try(make: Callable[[bytes], Engine], model: bytes) -> str:
    try:
        engine = make(model)
    except DeviceError as error:
        return f"no: {error}".removesuffix(OTHERWISE)
    with closing(engine):
        try:
            engine(np.zeros((1, *_TRIED_AT, 3), np.uint8))
        except DeviceError as error:
            return f"no: {error}"
        return f"yes ({engine.name})"
