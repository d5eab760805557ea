"""Tiny models: one that keeps the contract, and one for every way to break it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper, save

if TYPE_CHECKING:
    from pathlib import Path

OPSET = 17


def make_model(path: Path, *, kind: str = "invert", name: str = "test", **metadata: str) -> Path:
    """Write a model to ``path`` and return it.

    ``invert`` (255 - x), ``identity``, ``blur`` (a float network whose pixels depend on their neighbours, with the
    instance normalisation of the real ones) and ``mix`` (with the optional input style_weights) keep the contract.
    ``float_nchw``, ``wrong_names``, ``extra_input`` and ``no_metadata`` break it, and ``unknown_operator`` keeps it but
    cannot be run. ``metadata`` goes on top, its keys without the prefix.
    """
    nodes, constants = _BODIES[kind]()
    inputs, outputs = _signature(kind)
    graph = helper.make_graph(nodes, name, inputs, outputs, initializer=constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    if kind != "no_metadata":
        helper.set_model_props(model, _metadata(name, metadata))
    save(model, path)
    return path


def _metadata(name: str, more: dict[str, str]) -> dict[str, str]:
    fields = {
        "contract": "1",
        "styles": json.dumps([name]),
        "title": f"The {name.title()}",
        "artist": "Nobody",
        "year": "2024",
        "artwork_licence": "CC0-1.0",
        "network": "lite",
        "parameters": "0",
        **more,
    }
    return {f"rtstyle.{key}": value for key, value in fields.items()}


def _signature(kind: str) -> tuple[list[ValueInfoProto], list[ValueInfoProto]]:
    value, uint8, float32 = helper.make_tensor_value_info, TensorProto.UINT8, TensorProto.FLOAT
    nhwc = ["N", "H", "W", 3]
    if kind == "float_nchw":
        nchw = [1, 3, 224, 224]
        return [value("frames", float32, nchw)], [value("stylized", float32, nchw)]
    if kind == "wrong_names":
        return [value("input1", uint8, nhwc)], [value("output1", uint8, nhwc)]
    inputs = [value("frames", uint8, nhwc)]
    if kind == "mix":
        inputs.append(value("style_weights", float32, [2]))
    if kind == "extra_input":
        inputs.append(value("mask", uint8, nhwc))
    return inputs, [value("stylized", uint8, nhwc)]


Body = tuple[list[NodeProto], list[TensorProto]]


def _invert() -> Body:
    """255 - x. In float, because onnxruntime has no uint8 Sub."""
    white = numpy_helper.from_array(np.float32(255), "white")
    return [
        helper.make_node("Cast", ["frames"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["white", "x"], ["y"]),
        helper.make_node("Cast", ["y"], ["stylized"], to=TensorProto.UINT8),
    ], [white]


def _rename(source: str = "frames", target: str = "stylized") -> Body:
    return [helper.make_node("Identity", [source], [target])], []


def _blur() -> Body:
    """Convolve to 8 channels, normalise, convolve back to 3, squash, round."""
    random = np.random.default_rng(0)
    arrays = {
        "k1": random.normal(0, 0.3, (8, 3, 3, 3)).astype(np.float32),
        "k2": random.normal(0, 0.3, (3, 8, 3, 3)).astype(np.float32),
        "ones": np.ones(8, np.float32),
        "zeros": np.zeros(8, np.float32),
        "white": np.float32(255),
    }
    node = helper.make_node
    nodes = [
        node("Transpose", ["frames"], ["nchw"], perm=[0, 3, 1, 2]),
        node("Cast", ["nchw"], ["x"], to=TensorProto.FLOAT),
        node("Div", ["x", "white"], ["x1"]),
        node("Conv", ["x1", "k1"], ["a"], pads=[1, 1, 1, 1]),
        node("InstanceNormalization", ["a", "ones", "zeros"], ["b"]),
        node("Relu", ["b"], ["c"]),
        node("Conv", ["c", "k2"], ["d"], pads=[1, 1, 1, 1]),
        node("Sigmoid", ["d"], ["e"]),
        node("Mul", ["e", "white"], ["f"]),
        node("Round", ["f"], ["g"]),
        node("Cast", ["g"], ["h"], to=TensorProto.UINT8),
        node("Transpose", ["h"], ["stylized"], perm=[0, 2, 3, 1]),
    ]
    return nodes, [numpy_helper.from_array(array, name) for name, array in arrays.items()]


def _mix() -> Body:
    """The first style leaves the picture as it is, the second halves it; the first is the default."""
    weights = numpy_helper.from_array(np.array([1, 0], np.float32), "style_weights")
    scales = numpy_helper.from_array(np.array([1, 0.5], np.float32), "scales")
    node = helper.make_node
    nodes = [
        node("Cast", ["frames"], ["x"], to=TensorProto.FLOAT),
        node("MatMul", ["style_weights", "scales"], ["w"]),
        node("Mul", ["x", "w"], ["y"]),
        node("Cast", ["y"], ["stylized"], to=TensorProto.UINT8),
    ]
    return nodes, [weights, scales]


def _erf() -> Body:
    """An operator that engines know and converters often do not."""
    node = helper.make_node
    return [
        node("Cast", ["frames"], ["x"], to=TensorProto.FLOAT),
        node("Erf", ["x"], ["y"]),
        node("Cast", ["y"], ["stylized"], to=TensorProto.UINT8),
    ], []


def _unknown_operator() -> Body:
    return [helper.make_node("Paint", ["frames"], ["stylized"])], []


_BODIES = {
    "invert": _invert,
    "identity": _rename,
    "blur": _blur,
    "mix": _mix,
    "float_nchw": _rename,
    "wrong_names": lambda: _rename("input1", "output1"),
    "extra_input": _rename,
    "no_metadata": _invert,
    "erf": _erf,
    "unknown_operator": _unknown_operator,
}
