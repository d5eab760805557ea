"""What a model costs: parameters, arithmetic, time."""

from __future__ import annotations

import statistics
import time
from math import prod
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, TensorProto

from rtstyle.engines import Engine
from rtstyle.engines.onnxruntime import import_onnxruntime

COUNTED_AT = (480, 640)  # px, height and width
TIMED_AT = (720, 1280)
_PRODUCTS = {"Conv", "ConvTranspose", "MatMul", "Gemm"}


def parameters(model: Path) -> int:
    """Numbers in the graph's float tensors; where the exporter folds layers, a few more than were trained."""
    tensors = onnx.load(model).graph.initializer
    return sum(prod(t.dims) for t in tensors if t.data_type in {TensorProto.FLOAT, TensorProto.FLOAT16})


def gflop(model: Path) -> float:
    """Arithmetic for one frame of 640×480: two operations for each product in convolutions and matrix products.

    Normalisation, activation and resampling are not counted, as is usual. The sizes inside are seen by running it.
    """
    graph = onnx.load(model)
    nodes = [node for node in graph.graph.node if node.op_type in _PRODUCTS]
    shapes = _shapes(graph, sorted({name for node in nodes for name in (*node.input[:2], node.output[0])}))
    total = 0
    for node in nodes:
        data, weight, out = (shapes[name] for name in (*node.input[:2], node.output[0]))
        if node.op_type == "Conv":  # weight (out, in / groups, kh, kw)
            total += prod(out) * prod(weight[1:])
        elif node.op_type == "ConvTranspose":  # weight (in, out / groups, kh, kw)
            total += prod(data) * prod(weight[1:])
        else:
            total += prod(out) * data[-1]
    return 2 * total / 1e9


def megapixels_a_second(engine: Engine, turns: int = 10) -> float:
    """Throughput of the network alone at 1280×720, a frame at a time, by the median of ``turns``."""
    frame = np.random.default_rng(0).integers(0, 256, (1, *TIMED_AT, 3), dtype=np.uint8)
    engine.prepare(*TIMED_AT)
    engine(frame)
    seconds = []
    for _ in range(turns):
        begun = time.perf_counter()
        engine(frame)
        seconds.append(time.perf_counter() - begun)
    return prod(TIMED_AT) / 1e6 / statistics.median(seconds)


def _shapes(model: ModelProto, names: list[str]) -> dict[str, tuple[int, ...]]:
    """Of tensors inside the graph, for one frame of 640×480."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    inside = [name for name in names if name not in shapes]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in inside)
    session = import_onnxruntime().InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    arrays = session.run(inside, {"frames": np.zeros((1, *COUNTED_AT, 3), np.uint8)}) if inside else []
    return shapes | {name: array.shape for name, array in zip(inside, arrays, strict=True)}
