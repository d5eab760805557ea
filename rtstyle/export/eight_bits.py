"""Puts a network's convolutions into 8 bits: QDQ nodes in front of them, weights per channel, biases in float32."""

from __future__ import annotations

import copy
from collections.abc import Collection
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rtstyle.export.spans import Span, Spans, attribute_of, convolutions, makers, mirrors, name_of, source_of

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

# Weights have 7 bits: a CPU without VNNI adds two products of 8 and 8 bits in 16 bits, which saturates (oneDNN's guide,
# "Nuances of int8 computations"). It costs 1 dB, and the picture is the same on every CPU.
_MOST = 63
_EQUAL = 1e-5  # of the largest sum: further apart are sums that rounding in float32 did not part
_ROUNDING = 0.5  # what stands before the cast to uint8


def quantised(model: ModelProto, spans: Spans, kept: Collection[str] = ()) -> ModelProto:
    """The network with all convolutions in 8 bits but those ``kept``.

    Outputs of convolutions stay in float32, unlike with onnxruntime's own tool, which gains 6 dB. Whatever else reads a
    tensor that was rounded for a convolution reads the rounded one, so that there is only one of it, except sums that
    are ``kept``. The network's own uint8 input is not rounded at all.
    """
    changed = copy.deepcopy(model)
    network = _Network(changed)
    chosen = network.convolutions(kept)
    for node in chosen:
        source = network.source(node)
        if (pixels := network.pixels(node, source)) is not None:
            network.read_pixels(node, source, *pixels)
    for source in dict.fromkeys(network.source(node) for node in chosen):
        if source in spans:
            network.round(source, spans[source], kept)
    for node in chosen:
        network.round_weights(node)
    network.cast_by_quantising()
    network.tidy()
    return changed


class _Network:
    """A graph that is changed, and what it takes to find one's way in it."""

    def __init__(self, model: ModelProto) -> None:
        self._graph = model.graph
        self._constants = {tensor.name: tensor for tensor in self._graph.initializer}
        self._maker = makers(model)
        self._able = convolutions(model)
        self._new: dict[str, list[NodeProto]] = {}  # nodes, by the tensor whose maker they come behind

    def convolutions(self, kept: Collection[str]) -> list[NodeProto]:
        return [node for node in self._able if name_of(node) not in kept]

    def source(self, node: NodeProto) -> str:
        return source_of(node, self._maker)

    def pixels(self, node: NodeProto, source: str) -> tuple[str, float, float] | None:
        """The uint8 tensor, scale and offset where ``source`` is scale · uint8 + offset; None where it is not.

        It must be the way our networks begin, Cast, Div, Sub, and an offset must be a bias: nothing is padded by zeros.
        """
        chain, name = [], source
        for operator in ("Sub", "Div", "Cast"):
            maker = self._maker.get(name)
            if maker is None or maker.op_type != operator:
                return None
            chain.append(maker)
            name = maker.input[0]
        sub, div, _ = chain
        pad = self._maker.get(node.input[0])
        if any(attribute_of(node, "pads", ())) or (pad is not None and pad.op_type == "Pad" and not mirrors(pad)):
            return None
        given = [self._constants.get(node.input[1]) for node in (div, sub)]
        if any(one is None or prod(one.dims) != 1 for one in given):
            return None  # each channel has its own, or they are computed
        return name, 1 / self._value(div.input[1]).item(), -self._value(sub.input[1]).item()

    def read_pixels(self, node: NodeProto, source: str, pixels: str, scale: float, offset: float) -> None:
        """Let a convolution read the uint8 tensor itself; the offset goes into its bias."""
        from onnx import helper

        name = f"{source}/pixels"
        if name not in self._maker:
            given = [self._constant(f"{name}/{what}", value) for what, value in _parameters(scale, 0)]
            made = helper.make_node("DequantizeLinear", [pixels, *given], [name], name=name)
            self._put(made, behind=pixels)
        reader = node if node.input[0] == source else self._maker[node.input[0]]
        reader.input[0] = name
        weights = self._value(node.input[1])
        bias = self._value(node.input[2]) if len(node.input) > 2 else np.zeros(len(weights), np.float32)  # noqa: PLR2004
        shifted = self._constant(f"{name_of(node)}/bias", bias + offset * weights.sum(axis=(1, 2, 3)))
        del node.input[2:]
        node.input.append(shifted)

    def round(self, source: str, span: Span, kept: Collection[str]) -> None:
        """Round a tensor to the 256 values that its span is divided into, for all that read it but ``kept`` sums."""
        from onnx import helper

        low, high = float(span.low.min()), float(span.high.max())
        scale = max(high - low, 1e-6) / 255
        name = f"{source}/rounded"
        able = [node for node in self._graph.node if node.op_type != "Add" or name_of(node) not in kept]
        readers = [node for node in able if source in node.input]
        if not readers:
            return
        given = [self._constant(f"{name}/{what}", value) for what, value in _parameters(scale, round(-low / scale))]
        for node in readers:
            for position, read in enumerate(node.input):
                if read == source:
                    node.input[position] = name
        quantise = helper.make_node("QuantizeLinear", [source, *given], [f"{name}/bytes"], name=f"{name}/bytes")
        self._put(quantise, behind=source)
        self._put(helper.make_node("DequantizeLinear", [f"{name}/bytes", *given], [name], name=name), behind=source)

    def round_weights(self, node: NodeProto) -> None:
        """Symmetric, a scale for each channel that comes out."""
        from onnx import helper

        weights, name = self._value(node.input[1]), f"{name_of(node)}/weights"
        scales = _scales(weights)
        steps = _steps(weights / scales.reshape(-1, *[1] * (weights.ndim - 1))).astype(np.int8)
        given = [
            self._constant(f"{name}/{what}", value)
            for what, value in (("steps", steps), ("scale", scales), ("zero", np.zeros(len(scales), np.int8)))
        ]
        self._put(helper.make_node("DequantizeLinear", given, [name], axis=0, name=name), behind="")
        node.input[1] = name

    def cast_by_quantising(self) -> None:
        """Write "add a half and cast to uint8" as one quantisation, which engines do within the convolution before."""
        from onnx import TensorProto, helper

        for node in self._graph.node:
            add = self._maker.get(node.input[0]) if node.op_type == "Cast" else None
            if add is None or add.op_type != "Add" or attribute_of(node, "to", 0) != TensorProto.UINT8:
                continue
            half = self._constants.get(add.input[1])
            if half is not None and self._value(half.name).ravel().tolist() == [_ROUNDING]:
                given = [self._constant(f"{name_of(node)}/{what}", value) for what, value in _parameters(1, 0)]
                made = helper.make_node("QuantizeLinear", [add.input[0], *given], list(node.output), name=node.name)
                node.CopyFrom(made)

    def tidy(self) -> None:
        """Put every new node where it belongs, and remove what nothing reads any more."""
        old = list(self._graph.node)
        made = {name for node in old for name in node.output}
        first = [node for name, nodes in self._new.items() if name not in made for node in nodes]
        behind = [[node, *(new for name in node.output for new in self._new.get(name, ()))] for node in old]
        ordered = [*first, *(node for nodes in behind for node in nodes)]
        del self._graph.node[:]
        self._graph.node.extend(ordered)
        while unread := [node for node in self._graph.node if not self._read() & set(node.output)]:
            for node in unread:
                self._graph.node.remove(node)
        read = self._read()
        for tensor in [tensor for tensor in self._graph.initializer if tensor.name not in read]:
            self._graph.initializer.remove(tensor)

    def _put(self, node: NodeProto, *, behind: str) -> None:
        self._new.setdefault(behind, []).append(node)
        self._maker[node.output[0]] = node

    def _read(self) -> set[str]:
        """What is read, in the branches of an ``If`` too."""
        branches = [attribute.g for node in self._graph.node for attribute in node.attribute if attribute.HasField("g")]
        read = {name for graph in (self._graph, *branches) for node in graph.node for name in node.input}
        return read | {value.name for graph in (self._graph, *branches) for value in graph.output}

    def _value(self, name: str) -> NDArray[np.float32]:
        from onnx import numpy_helper

        return np.asarray(numpy_helper.to_array(self._constants[name]))

    def _constant(self, name: str, value: NDArray[np.generic]) -> str:
        from onnx import numpy_helper

        if name not in self._constants:
            array = value.astype(np.float32) if value.dtype == np.float64 else value
            self._graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
            self._constants[name] = self._graph.initializer[-1]
        return name


def _scales(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Steps of the kernels (out, in, …) by channel that comes out; channels whose kernels have equal sums share one.

    Such are the pixels of a cell, each with its own kernel folded from one. With a scale of its own each sum would be
    rounded by itself, and a pattern of 2 px lie over all that is even.
    """
    largest = np.abs(weights).max(axis=tuple(range(1, weights.ndim)))
    sums = weights.sum(axis=tuple(range(2, weights.ndim)), dtype=np.float64)
    alike = np.abs(sums[:, None] - sums).max(axis=2) < _EQUAL * np.abs(sums).max()
    largest = np.where(alike, largest, 0).max(axis=1)
    return np.asarray(np.where(largest == 0, 1, largest) / _MOST, np.float32)


def _steps(exact: NDArray[np.float32]) -> NDArray[np.float32]:
    """Whole numbers whose sum over a kernel is nearest to the exact one, so that smooth areas come out as they were.

    Those that rounding moved furthest in the wrong direction go to the other side.
    """
    kernels = exact.reshape(exact.shape[0] * exact.shape[1], -1)
    steps = np.rint(kernels)
    excess = np.rint((steps - kernels).sum(axis=1, keepdims=True))
    moved = (steps - kernels) * np.sign(excess)
    rank = np.argsort(np.argsort(-moved, axis=1), axis=1)
    return np.asarray((steps - np.sign(excess) * (rank < np.abs(excess))).reshape(exact.shape), np.float32)


def _parameters(scale: float, zero: int) -> tuple[tuple[str, NDArray[np.generic]], ...]:
    return ("scale", np.array(scale, np.float32)), ("zero", np.array(min(max(zero, 0), 255), np.uint8))
