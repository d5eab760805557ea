"""``float``: float32 (N, 3, H, W) in and out, 0 to 255, RGB, as the classic models have it.

For runtimes that do not support uint8 graphs, or compute them wrongly, as OpenCV 5's DNN module does (docs/LOG.md).
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtstyle.export.graph import folded, in_float32, runner, save_checked, varied
from rtstyle.export.order import Made, Order, Run
from rtstyle.export.spans import attribute_of
from rtstyle.model_file import metadata_of, set_metadata

if TYPE_CHECKING:
    from collections.abc import MutableSequence

    from onnx import GraphProto, ModelProto

    from rtstyle.frames import Images

SUFFIX = ".onnx"
SEVERAL = False

_INSIDE = {"frames": "frames/nhwc", "stylized": "stylized/nhwc"}


def make(order: Order, folder: Path) -> Made:
    path = folder / order.name
    save_checked(planar(in_float32(order)), path)
    notes = () if order.size else ("OpenCV's DNN module wants a fixed size: --size WxH.",)
    return Made((in_planes(runner(path)),), notes)


def planar(model: ModelProto) -> ModelProto:
    """The same network without a single uint8: what was rounded by a cast is rounded by ``Floor``."""
    from onnx import TensorProto, helper

    changed = copy.deepcopy(model)
    graph = changed.graph
    sizes = [d.dim_value or d.dim_param for d in graph.input[0].type.tensor_type.shape.dim]
    _retype(graph)
    n, height, width, channels = sizes
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [n, channels, height, width]) for name in _INSIDE]
    graph.input[0].CopyFrom(values[0])
    graph.output[0].CopyFrom(values[1])
    to_pixels = helper.make_node("Transpose", ["frames"], [_INSIDE["frames"]], perm=[0, 2, 3, 1])
    to_planes = helper.make_node("Transpose", [_INSIDE["stylized"]], ["stylized"], perm=[0, 3, 1, 2])
    graph.node.insert(0, to_pixels)
    graph.node.append(to_planes)
    result = folded(changed)
    kept = {name: value for name, value in metadata_of(result).items() if name != "contract"}  # which it does not keep
    set_metadata(result, kept)
    return varied(result, "float")


def in_planes(run: Run) -> Run:
    """Pictures as the contract has them, through a network that wants float planes."""

    def through(images: Images) -> Images:
        planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32)
        return np.asarray(run(planes)).transpose(0, 2, 3, 1).round().clip(0, 255).astype(np.uint8)  # type: ignore[arg-type]

    return through


def _retype(graph: GraphProto) -> None:
    """Make everything float that is uint8, here and in the branches of an ``If``."""
    from onnx import AttributeProto, TensorProto

    del graph.value_info[:]
    for value in graph.output:
        if value.type.tensor_type.elem_type == TensorProto.UINT8:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
    for node in graph.node:
        _rename(node.input)
        _rename(node.output)
        if node.op_type == "Cast" and attribute_of(node, "to", 0) == TensorProto.UINT8:
            node.op_type = "Floor"
            del node.attribute[:]
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                _retype(attribute.g)


def _rename(names: MutableSequence[str]) -> None:
    for i, name in enumerate(names):
        names[i] = _INSIDE.get(name, name)
