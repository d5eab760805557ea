"""The same network in an order that engines for CPUs are fast at."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from rtstyle.errors import RtstyleError
from rtstyle.export.graph import runner
from rtstyle.export.spans import makers

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto

# What PyTorch makes of `squeeze(1)`, and how `full` ends, from behind.
_QUESTION = {"then_branch": ["Squeeze"], "else_branch": ["Identity"]}
_END = ["Cast", "Add", "Slice", "Slice", "Transpose", "Add", "Mul", "Tanh", "Conv"]
_ODD = (1, 21, 35, 3)  # a picture to compare on, where the network takes any
_SAME = 1  # grey level


def rearranged(model: ModelProto) -> ModelProto:
    """``full`` without a branch at its beginning, and painting cells of 2×2 pixels at its end where it painted pixels.

    Other networks, and what would not give the same result, are left unchanged.
    """
    plain = _squeezed(model)
    cells = _painting_cells(plain)
    shape = [d.dim_value or size for d, size in zip(model.graph.input[0].type.tensor_type.shape.dim, _ODD, strict=True)]
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    try:
        before = runner(plain)(picture).astype(np.int16)
        after = runner(cells)(picture)
    except RtstyleError:  # some paint nothing that small
        return plain
    return cells if before.shape == after.shape and np.abs(before - after).max() <= _SAME else plain


def _squeezed(model: ModelProto) -> ModelProto:
    """Replace the exporter's `If` (squeeze or identity) by its `Squeeze`.

    Later nodes assume it anyway, and the `If` keeps OpenVINO from quantising the first convolution.
    """
    from onnx import helper

    changed = copy.deepcopy(model)
    for node in changed.graph.node:
        branches = {one.name: one.g for one in node.attribute if one.HasField("g")}
        if {name: [one.op_type for one in graph.node] for name, graph in branches.items()} == _QUESTION:
            (squeeze,), constants = branches["then_branch"].node, branches["then_branch"].initializer
            changed.graph.initializer.extend(constants)
            node.CopyFrom(helper.make_node("Squeeze", list(squeeze.input), list(node.output), name=node.name))
    return changed


def _painting_cells(model: ModelProto) -> ModelProto:
    """Twelve channels at every other pixel in place of three at each, since engines compute 16 at a time.

    The pixels are laid out when they are bytes.
    """
    from onnx import helper, numpy_helper

    changed = copy.deepcopy(model)
    chain = _way_back(changed)
    if [node.op_type for node in chain] != _END:
        return changed
    cast, half, crop, other_crop, transpose, value, *_, convolution = chain
    constants = {tensor.name: tensor for tensor in changed.graph.initializer}
    weights, bias = (numpy_helper.to_array(constants[name]) for name in convolution.input[1:])
    for position, array in ((1, _of_cells(weights)), (2, np.tile(bias, 4))):
        name = convolution.input[position] = f"{convolution.input[position]}/cells"
        changed.graph.initializer.append(numpy_helper.from_array(array, name))
    names = {"strides", "kernel_shape"}
    attributes = [one for one in convolution.attribute if one.name not in names]
    del convolution.attribute[:]
    convolution.attribute.extend([*attributes, helper.make_attribute("strides", [2, 2])])
    picture, cells, pixels = cast.output[0], f"{cast.output[0]}/cells", f"{cast.output[0]}/pixels"
    half.input[0], cast.output[0], transpose.input[0], crop.output[0] = value.output[0], cells, pixels, picture
    layout = helper.make_node("DepthToSpace", [cells], [pixels], name=pixels, blocksize=2, mode="DCR")
    end = [half, cast, layout, transpose, other_crop, crop]
    others = [node for node in changed.graph.node if node not in end]
    del changed.graph.node[:]
    changed.graph.node.extend([*others, *end])
    return changed


def _way_back(model: ModelProto) -> list[NodeProto]:
    """The nodes that the picture came through, the last one first, as many as the end of ``full`` has."""
    made_by, name = makers(model), model.graph.output[0].name
    chain: list[NodeProto] = []
    while len(chain) < len(_END) and name in made_by:
        chain.append(made_by[name])
        name = chain[-1].input[0] if chain[-1].input else ""
    return chain


def _of_cells(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """(O, C, h, w) → (4·O, C, h + 1, w + 1): those of each of a cell's pixels in turn."""
    places = [((y, 1 - y), (x, 1 - x)) for y in (0, 1) for x in (0, 1)]
    return np.concatenate([np.pad(weights, ((0, 0), (0, 0), *place)) for place in places])
