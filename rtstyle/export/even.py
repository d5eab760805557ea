"""Evens out the channels of what convolutions read, since one scale has to serve them all in 8 bits.

A channel is multiplied where it is made, in the scale and shift of a normalisation or the weights of a convolution, and
divided where it is read, in the weights. What lies between lets factors above 0 through, so the picture stays as it is.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rtstyle.export.spans import Spans, attribute_of, mirrors, name_of

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_THROUGH = {"Relu": 1, "Resize": 1, "Pad": 1, "Add": 2}  # what lets factors through, and how many inputs they come by
_MAKERS = {"Conv", "InstanceNormalization"}
# Xiao et al. (2022), SmoothQuant, eq. 4, with α = 0.5, so that weights do not take on all the unevenness; theirs looks
# at the weights, too. That factors pass a ReLU is from Nagel et al. (2019), section 4.1.
_SHARE = 0.5
_LEAST = 1e-3  # of the largest channel: what is smaller counts as that large


@dataclass(slots=True, eq=False)
class _Family:
    """Tensors whose channels can only be multiplied together, and all nodes at their ends."""

    tensors: set[str] = field(default_factory=set)
    makers: list[NodeProto] = field(default_factory=list)
    readers: list[NodeProto] = field(default_factory=list)
    able: bool = True  # whether only convolutions and normalisations make them, and only convolutions read them


def evened(model: ModelProto, spans: Spans) -> tuple[ModelProto, Spans]:
    """The same network with other weights, and what its convolutions read then."""
    even, found = copy.deepcopy(model), dict(spans)
    for family in _families(even):
        sources = sorted(family.tensors & set(spans))
        if not sources:
            continue
        sizes = np.max([np.maximum(-spans[name].low, spans[name].high) for name in sources], axis=0)
        factors = np.maximum(sizes / max(float(sizes.max()), _LEAST), _LEAST) ** -_SHARE
        for node in family.makers:
            for position in range(1, len(node.input)):
                _multiply(even, node, position, factors, axis=0)
        for node in family.readers:
            _multiply(even, node, 1, 1 / factors, axis=1)
        for name in sources:
            found[name] = replace(spans[name], low=spans[name].low * factors, high=spans[name].high * factors)
    return even, found


def _families(model: ModelProto) -> Iterator[_Family]:
    """Those that can be multiplied."""
    families, root = defaultdict[str, _Family](_Family), _roots(model)
    constants = {tensor.name for tensor in model.graph.initializer}
    for node in model.graph.node:
        through = _through(node)
        weighted = node.op_type in _MAKERS and {name for name in node.input[1:] if name} <= constants
        for name in node.output:
            family = families[root(name)]
            family.tensors.add(name)
            family.makers += [node] if weighted else []
            family.able &= weighted or through > 0
        for position, name in enumerate(_read_by(node)):
            family = families[root(name)]
            if position < through:
                family.able &= name not in constants
            elif name not in constants:
                family.readers.append(node)
                family.able &= weighted and node.op_type == "Conv" and _group(node) == 1
    for value in (*model.graph.input, *model.graph.output):
        families[root(value.name)].able = False
    return (family for family in families.values() if family.able and family.makers)


def _roots(model: ModelProto) -> Callable[[str], str]:
    """Gives the tensor that stands for a tensor's family."""
    above: dict[str, str] = {}

    def root(name: str) -> str:
        while name in above:
            name = above[name]
        return name

    for node in model.graph.node:
        for name in node.input[: _through(node)]:
            if root(name) != root(node.output[0]):
                above[root(name)] = root(node.output[0])
    return root


def _through(node: NodeProto) -> int:
    """How many of its inputs, the first ones, have factors that it lets through."""
    if node.op_type == "Pad" and not mirrors(node):
        return 0
    return _THROUGH.get(node.op_type, 0)


def _read_by(node: NodeProto) -> list[str]:
    """What a node reads, in its branches too."""
    inner = [one for attribute in node.attribute if attribute.HasField("g") for one in attribute.g.node]
    return [*node.input, *(name for one in inner for name in one.input)]


def _group(convolution: NodeProto) -> int:
    return int(attribute_of(convolution, "group", 1))


def _multiply(model: ModelProto, node: NodeProto, position: int, factors: NDArray[np.float32], *, axis: int) -> None:
    """Give a node a constant of its own, multiplied along ``axis``."""
    from onnx import numpy_helper

    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    old, name = constants[node.input[position]], f"{name_of(node)}/even/{position}"
    values = numpy_helper.to_array(old)
    shape = [-1 if at == axis else 1 for at in range(values.ndim)]
    tensor = numpy_helper.from_array((values * factors.reshape(shape)).astype(np.float32), name)
    if old.name == name:
        old.CopyFrom(tensor)
    else:
        model.graph.initializer.append(tensor)
    node.input[position] = name
