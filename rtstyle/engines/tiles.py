"""Paints pictures too large for memory in tiles, without visible seams."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rtstyle.engines.onnxruntime import cpu_session, values_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import GraphProto, ModelProto

    from rtstyle.engines.engine import Engine
    from rtstyle.frames import Image

    Statistics = dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]

MAX_PIXELS = 24_000_000  # pixels painted in one go
_TILE, _MARGIN = 1536, 128  # pixels; multiples of any network's stride; the margin exceeds its receptive field
_CROP, _CROPS = 256, 8  # pixels of a crop; crops per side of the sample (many small ones cover more)

# An instance normalisation uses each picture's own mean and variance. With statistics of their own, tiles would differ
# in colour and contrast. So every layer's statistics are taken once, from a sample of crops from all over the picture,
# and used for all tiles: the result differs from the exact whole only by the sampling.


def paint_in_tiles(image: Image, model: Path | bytes, open_engine: Callable[[bytes], Engine]) -> Image:
    """(H, W, 3) uint8 RGB to the same, whatever its size. Raises DeviceError."""
    import onnx

    graph = onnx.load_from_string(model) if isinstance(model, bytes) else onnx.load(model)
    statistics = _statistics(graph, _sample(image)) if _norms(graph.graph) else {}
    engine = open_engine(_freeze(graph, statistics).SerializeToString())
    try:
        return _paint(image, engine)
    finally:
        engine.close()


def _paint(image: Image, engine: Engine) -> Image:
    painted = np.empty_like(image)
    for (top, bottom), (left, right) in _cells(*image.shape[:2]):
        y, x = max(top - _MARGIN, 0), max(left - _MARGIN, 0)
        tile = image[y : bottom + _MARGIN, x : right + _MARGIN]
        done = engine(np.ascontiguousarray(tile)[None])[0]
        painted[top:bottom, left:right] = done[top - y : bottom - y, left - x : right - x]
    return painted


def _cells(height: int, width: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            yield (top, min(top + _TILE, height)), (left, min(left + _TILE, width))


def _sample(image: Image) -> Image:
    """Crops from all over the picture, side by side."""
    height, width = image.shape[:2]
    tops, lefts = (np.linspace(0, max(side - _CROP, 0), _CROPS).astype(int) for side in (height, width))
    return np.concatenate(
        [np.concatenate([image[y : y + _CROP, x : x + _CROP] for x in lefts], axis=1) for y in tops], axis=0
    )


def _norms(graph: GraphProto) -> list[Any]:
    return [node for node in graph.node if node.op_type == "InstanceNormalization"]


def _statistics(model: ModelProto, sample: Image) -> Statistics:
    """Mean and variance of each channel entering every normalisation, by the name of its output."""
    from onnx import helper

    measured = copy.deepcopy(model)
    graph, names = measured.graph, []
    for node in _norms(graph):
        mean, square, power = (f"{node.output[0]}/{what}" for what in ("mean", "square", "power"))
        graph.node.append(helper.make_node("GlobalAveragePool", [node.input[0]], [mean]))  # the same in every opset
        graph.node.append(helper.make_node("Mul", [node.input[0], node.input[0]], [square]))
        graph.node.append(helper.make_node("GlobalAveragePool", [square], [power]))
        names.append((node.output[0], mean, power))
    for _, *outputs in names:
        graph.output.extend(helper.make_tensor_value_info(name, 1, None) for name in outputs)
    session = cpu_session(measured)
    wanted = [name for _, *outputs in names for name in outputs]
    values = dict(zip(wanted, values_of(session, wanted, {"frames": sample[None]}), strict=True))
    found: Statistics = {}
    for name, mean, power in names:
        average = np.asarray(values[mean], np.float64).ravel()
        variance = np.maximum(np.asarray(values[power], np.float64).ravel() - average**2, 0)
        found[name] = average, variance
    return found


def _freeze(model: ModelProto, statistics: Statistics) -> ModelProto:
    """Fix the statistics of every normalisation: (x - mean) / deviation · weight + bias."""
    from onnx import helper, numpy_helper

    frozen = copy.deepcopy(model)
    graph = frozen.graph
    nodes = list(graph.node)
    del graph.node[:]
    channels = numpy_helper.from_array(np.array([1, -1, 1, 1], np.int64), "tiles/channels")
    graph.initializer.append(channels)
    for node in nodes:
        if node.op_type != "InstanceNormalization":
            graph.node.append(node)
            continue
        (x, weight, bias), (y,) = node.input, node.output
        mean, variance = statistics[y]
        epsilon = next((attribute.f for attribute in node.attribute if attribute.name == "epsilon"), 1e-5)
        for name, values in (("mean", mean), ("sharpness", 1 / np.sqrt(variance + epsilon))):
            array = values.reshape(1, -1, 1, 1).astype(np.float32)
            graph.initializer.append(numpy_helper.from_array(array, f"{y}/{name}"))
        graph.node.extend(
            [
                helper.make_node("Reshape", [weight, channels.name], [f"{y}/weight"]),
                helper.make_node("Reshape", [bias, channels.name], [f"{y}/bias"]),
                helper.make_node("Mul", [f"{y}/weight", f"{y}/sharpness"], [f"{y}/scale"]),
                helper.make_node("Sub", [x, f"{y}/mean"], [f"{y}/centred"]),
                helper.make_node("Mul", [f"{y}/centred", f"{y}/scale"], [f"{y}/scaled"]),
                helper.make_node("Add", [f"{y}/scaled", f"{y}/bias"], [y]),
            ]
        )
    return frozen
