"""What the convolutions of a network read, and how large it gets on photos, channel by channel."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtstyle.engines.onnxruntime import cpu_session, values_of

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

    from rtstyle.frames import Images


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """The values of one tensor (N, C, H, W); 0 is among them."""

    low: NDArray[np.float32]  # (C,)
    high: NDArray[np.float32]  # (C,)
    pixels: int  # of all photos together


Spans = Mapping[str, Span]  # by the tensor's name


def name_of(node: NodeProto) -> str:
    """Nodes need no names, but all that they make has one."""
    return str(node.name or node.output[0])


def attribute_of(node: NodeProto, name: str, default: Any) -> Any:  # noqa: ANN401 - a number, bytes or a list
    """What a node says of itself, or does not."""
    from onnx import helper

    return next((helper.get_attribute_value(one) for one in node.attribute if one.name == name), default)


def mirrors(pad: NodeProto) -> bool:
    """Whether it pads a picture by what is in it."""
    return attribute_of(pad, "mode", b"constant") in {b"edge", b"reflect"}


def makers(model: ModelProto) -> dict[str, NodeProto]:
    """The node that makes a tensor, by the tensor's name."""
    return {name: node for node in model.graph.node for name in node.output}


def convolutions(model: ModelProto) -> list[NodeProto]:
    """Those that can be had in 8 bits: their weights are constants."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [node for node in model.graph.node if node.op_type == "Conv" and node.input[1] in constants]


def source_of(convolution: NodeProto, made_by: Mapping[str, NodeProto]) -> str:
    """What a convolution reads, before it is padded: fewer values to round, and bytes to pad."""
    maker = made_by.get(convolution.input[0])
    return str(maker.input[0] if maker is not None and maker.op_type == "Pad" else convolution.input[0])


def measure(model: ModelProto, photos: Iterable[Images]) -> Spans:
    """The values that come into the convolutions on these photos."""
    from onnx import TensorProto, helper

    made_by, watched = makers(model), copy.deepcopy(model)
    names = sorted({source_of(node, made_by) for node in convolutions(model)})
    watched.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session, found = cpu_session(watched), dict[str, Span]()
    for photo in photos:
        for name, values in zip(names, values_of(session, names, {"frames": photo}), strict=True):
            others = (0, *range(2, values.ndim))
            zero = np.zeros(values.shape[1], np.float32)
            so_far = found.get(name, Span(zero, zero, 0))
            found[name] = Span(
                np.minimum(so_far.low, values.min(axis=others)),
                np.maximum(so_far.high, values.max(axis=others)),
                so_far.pixels + prod(values.shape) // values.shape[1],
            )
    return found
