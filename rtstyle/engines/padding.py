"""Pads pictures as float16 in place of bytes, which onnxruntime's CUDA pads on the CPU. Not run on a GPU yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import ModelProto

# CUDAExecutionProvider has no kernels of these for uint8 (its pad.cc and space_depth_ops.cc).
_NO_BYTES = {"Pad", "DepthToSpace"}


def padding_halves(model: Path | bytes) -> bytes:
    """Return the same network with a cast to float16 before and one to uint8 behind; 0 to 255 are exact in both."""
    import onnx
    from onnx import TensorProto, helper

    network = onnx.load_from_string(model) if isinstance(model, bytes) else onnx.load(model)
    kinds, nodes = _kinds(network), list(network.graph.node)
    del network.graph.node[:]
    for node in nodes:
        if node.op_type not in _NO_BYTES or kinds.get(node.input[0]) != TensorProto.UINT8 or any(node.input[2:]):
            network.graph.node.append(node)
            continue
        given, made = node.input[0], node.output[0]
        node.input[0], node.output[0] = f"{made}/given", f"{made}/made"
        before = helper.make_node("Cast", [given], [node.input[0]], to=TensorProto.FLOAT16)
        behind = helper.make_node("Cast", [node.output[0]], [made], to=TensorProto.UINT8)
        network.graph.node.extend([before, node, behind])
    return bytes(network.SerializeToString())


def _kinds(model: ModelProto) -> dict[str, int]:
    """The element type of every tensor that shape inference knows."""
    from onnx import shape_inference

    graph = shape_inference.infer_shapes(model).graph
    return {value.name: value.type.tensor_type.elem_type for value in (*graph.input, *graph.value_info)}
