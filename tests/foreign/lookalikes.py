"""Networks as others make them, with random weights: what is known of the originals is their form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper, save

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 6  # channels


def zoo(path: Path, *, scales: str = "constant", height: int = 224, width: int = 224) -> Path:
    """As the fast-neural-style models of the ONNX model zoo.

    Opset 9, IR 3 with the weights among the inputs, ``input1`` and ``output1`` float (1, 3, 224, 224) of 0 to 255,
    reflecting ``Pad``, ``InstanceNormalization``, and ``Upsample`` by ``scales`` that are a ``constant`` or computed
    from ``shapes``.
    """
    body = _Body()
    x = _convolved(body, "input1", 3, WIDTH, 9, stride=1)
    x = _convolved(body, x, WIDTH, WIDTH, 3, stride=2)
    x = _convolved(body, x, WIDTH, WIDTH, 3, stride=2)
    inner = _convolved(body, x, WIDTH, WIDTH, 3, stride=1)
    x = body.node("Add", x, inner)
    for _ in range(2):
        x = body.node("Upsample", x, _scales(body, x, scales), mode="nearest")
        x = _convolved(body, x, WIDTH, WIDTH, 3, stride=1)
    _convolved(body, x, WIDTH, 3, 9, stride=1, last=True, output="output1")
    inputs = [_value("input1", [1, 3, height, width])]
    inputs += [_value(t.name, list(t.dims), t.data_type) for t in body.weights]
    return _saved(path, body, inputs, [_value("output1", [1, 3, height, width])], opset=9, ir=3)


def unit(path: Path, *, squash: str = "Sigmoid", layout: str = "nhwc", dims: tuple[Any, ...] = ("N", "H", "W")) -> Path:
    """A network of 0 to 1 (``Sigmoid``) or -1 to 1 (``Tanh``) whose three colours are treated differently."""
    body = _Body()
    n, height, width = dims
    shape = [n, height, width, 3] if layout == "nhwc" else [n, 3, height, width]
    x = body.node("Transpose", "x", perm=[0, 3, 1, 2]) if layout == "nhwc" else "x"
    kernel = np.zeros((3, 3, 3, 3), np.float32)
    for i, gain in enumerate((1.0, 2.0, -1.0)):
        kernel[i, i, 1, 1] = gain
    y = body.node("Conv", x, body.weight(kernel), pads=[1, 1, 1, 1])
    squashed = body.node(squash, y, output="y" if layout == "nchw" else "")
    if layout == "nhwc":
        body.node("Transpose", squashed, perm=[0, 2, 3, 1], output="y")
    return _saved(path, body, [_value("x", shape)], [_value("y", shape)], opset=13, ir=7)


def baked(path: Path, *, height: int = 32, width: int = 48, count: int | str = 1) -> Path:
    """A network that can paint one size only: a number in its middle says so. ``count``: frames at a time, if fixed."""
    body = _Body()
    y = body.node("Sub", body.weight(np.float32(255)), "x")
    flat = body.node("Reshape", y, body.weight(np.array([-1, 3 * height * width], np.int64)))
    body.node("Reshape", flat, body.weight(np.array([-1, 3, height, width], np.int64)), output="y")
    shape = [count, 3, height, width]
    return _saved(path, body, [_value("x", shape)], [_value("y", shape)], opset=13, ir=7)


def counted(path: Path, *, count: int) -> Path:
    """A network of any size that can paint so many frames at a time only."""
    body = _Body()
    y = body.node("Sub", body.weight(np.float32(255)), "x")
    y = body.node("Conv", y, body.weight(np.eye(3, dtype=np.float32)[..., None, None]))  # which changes nothing
    body.node("Reshape", y, body.weight(np.array([count, 0, 0, 0], np.int64)), output="y")  # 0: as it is
    shape = [count, 3, "H", "W"]
    return _saved(path, body, [_value("x", shape)], [_value("y", shape)], opset=13, ir=7)


class _Body:
    """Nodes and weights, named as they come."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []
        self.random = np.random.default_rng(0)

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: object) -> str:
        name = output or str(len(self.nodes) + 1000)  # as old PyTorch named them
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def weight(self, values: np.ndarray | np.generic) -> str:
        name = f"weight{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name


def _convolved(
    body: _Body, x: str, channels: int, out: int, kernel: int, *, stride: int, last: bool = False, output: str = ""
) -> str:
    margin = kernel // 2
    x = body.node("Pad", x, mode="reflect", pads=[0, 0, margin, margin] * 2)
    weights = body.random.normal(0, (channels * kernel**2) ** -0.5, (out, channels, kernel, kernel))
    bias = np.full(out, 127 if last else 0, np.float32)
    weights = (weights * (40 if last else 1)).astype(np.float32)
    sizes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "dilations": [1, 1], "group": 1, "pads": [0] * 4}
    y = body.node("Conv", x, body.weight(weights), body.weight(bias), output=output, **sizes)
    if last:
        return y
    ones, zeros = np.ones(out, np.float32), np.zeros(out, np.float32)
    y = body.node("InstanceNormalization", y, body.weight(ones), body.weight(zeros), epsilon=1e-5)
    return body.node("Relu", y)


def _scales(body: _Body, x: str, kind: str) -> str:
    """1, 1, 2, 2; from ``shapes``: twice the sides over the sides, as PyTorch 1.0 wrote it down."""
    if kind == "constant":
        return body.node("Constant", value=numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32)))
    parts = [body.node("Constant", value=numpy_helper.from_array(np.ones(2, np.float32)))]
    for axis in (2, 3):
        index = body.node("Constant", value=numpy_helper.from_array(np.int64(axis)))
        side = body.node("Gather", body.node("Shape", x), index, axis=0)
        two = body.node("Constant", value=numpy_helper.from_array(np.float32(2)))
        wide = body.node("Floor", body.node("Mul", body.node("Cast", side, to=TensorProto.FLOAT), two))
        scale = body.node("Div", wide, body.node("Cast", side, to=TensorProto.FLOAT))
        parts.append(body.node("Unsqueeze", scale, axes=[0]))
    return body.node("Concat", *parts, axis=0)


def _value(name: str, shape: list[Any], kind: int = TensorProto.FLOAT) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _saved(
    path: Path, body: _Body, inputs: list[ValueInfoProto], outputs: list[ValueInfoProto], *, opset: int, ir: int
) -> Path:
    graph = helper.make_graph(body.nodes, "torch-jit-export", inputs, outputs, initializer=body.weights)
    model: ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    save(model, path)
    return path
