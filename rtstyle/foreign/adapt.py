"""Adapts a foreign network to the model contract: conversions are added to the graph before and after it."""

from __future__ import annotations

import copy
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rtstyle.errors import ModelError, first_line
from rtstyle.foreign.convention import SCALING
from rtstyle.foreign.probe import Findings, probe
from rtstyle.model_file import CONTRACT, STANDARD, inputs_of, opset_of, set_metadata

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

    from rtstyle.foreign.convention import Convention

OPSET = 17  # what older networks are converted to

_THEIRS = "theirs/"  # prefix of all its names

_log = logging.getLogger("rtstyle")


def adapted(path: Path, model: ModelProto, convention: Convention) -> ModelProto:
    """The contract's network: uint8 (N, H, W, 3) RGB in and out, of any size.

    If the network supports only one size, pictures are scaled to it and back; a warning says so. Raises ModelError,
    naming ``path``, if it does not map pictures to pictures.
    """
    from onnx import TensorProto, compose, helper

    model = _modern(path, model)
    found = probe(path, model, convention)
    if found.size:
        _log.warning(
            "%s: paints at %d×%d only; pictures of other sizes are scaled to that and back, which costs detail",
            path,
            *found.size[::-1],
        )
    ours = compose.add_prefix(model, _THEIRS)
    graph = ours.graph
    wanted, given = _THEIRS + found.input, _THEIRS + found.output
    before, after = _Steps(graph, "before"), _Steps(graph, "after")
    _go_in(before, found, convention, wanted)
    _come_out(after, found, convention, given)
    nodes = list(graph.node)
    del graph.node[:], graph.input[:], graph.output[:], graph.value_info[:]
    graph.node.extend([*before.nodes, *nodes, *after.nodes])
    shape = [found.batch or "N", "H", "W", 3]
    graph.input.append(helper.make_tensor_value_info("frames", TensorProto.UINT8, shape))
    graph.output.append(helper.make_tensor_value_info("stylized", TensorProto.UINT8, shape))
    set_metadata(ours, {"contract": CONTRACT, "styles": json.dumps([path.stem])})
    return ours


class _Steps:
    """A chain of nodes, each taking the output of the one before."""

    def __init__(self, graph: GraphProto, prefix: str) -> None:
        self.nodes: list[Any] = []
        self._graph, self._prefix = graph, prefix

    def add(self, operator: str, *inputs: str, out: str = "", **attributes: Any) -> str:  # noqa: ANN401 - ONNX's own
        """Return the name of the output."""
        from onnx import helper

        result = out or f"{self._prefix}/{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [result], **attributes))
        return result

    def constant(self, values: object, kind: type = np.int64) -> str:
        from onnx import numpy_helper

        name = f"{self._prefix}/constant{len(self._graph.initializer)}"
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def sides(self) -> str:
        """Height and width of the input frames."""
        return self._shape(1, 3)

    def resized(self, x: str, sides: str) -> str:
        """Planes, scaled to another height and width."""
        sizes = self.add("Concat", self._shape(0, 1), self.constant([3]), sides, axis=0)
        return self.add("Resize", x, "", "", sizes, mode="linear", coordinate_transformation_mode="half_pixel")

    def _shape(self, begin: int, end: int) -> str:
        return self.add("Slice", self.add("Shape", "frames"), self.constant([begin]), self.constant([end]))


def _go_in(steps: _Steps, found: Findings, convention: Convention, out: str) -> None:
    from onnx import TensorProto

    x = steps.add("Cast", "frames", to=TensorProto.FLOAT)
    if found.stride > 1:
        missing = steps.add("Mod", steps.add("Neg", steps.sides()), steps.constant([found.stride]))
        pads = steps.add("Concat", steps.constant([0] * 5), missing, steps.constant([0]), axis=0)
        x = steps.add("Pad", x, pads, mode="edge")
    x = steps.add("Transpose", x, perm=[0, 3, 1, 2])
    if found.size:
        x = steps.resized(x, steps.constant(found.size))
    x = _swapped(steps, x, convention)
    scale, offset = SCALING[found.input_range]
    if scale != 1:
        x = steps.add("Mul", x, steps.constant(scale, np.float32))
        x = steps.add("Add", x, steps.constant(offset, np.float32))
    if found.kind == TensorProto.UINT8:
        x = steps.add("Round", x)
    if found.layout == "nhwc":
        x = steps.add("Transpose", x, perm=[0, 2, 3, 1])
    steps.add("Cast", x, to=found.kind, out=out)


def _come_out(steps: _Steps, found: Findings, convention: Convention, given: str) -> None:
    from onnx import TensorProto

    y = steps.add("Cast", given, to=TensorProto.FLOAT)
    if found.layout == "nhwc":
        y = steps.add("Transpose", y, perm=[0, 3, 1, 2])
    scale, offset = SCALING[found.output_range]
    if scale != 1:
        y = steps.add("Sub", y, steps.constant(offset, np.float32))
        y = steps.add("Div", y, steps.constant(scale, np.float32))
    y = _swapped(steps, y, convention)
    sides = steps.sides()
    if found.size:
        y = steps.resized(y, sides)
    y = steps.add("Transpose", y, perm=[0, 2, 3, 1])
    if found.stride > 1:
        y = steps.add("Slice", y, steps.constant([0, 0]), sides, steps.constant([1, 2]))
    y = steps.add("Round", y)
    y = steps.add("Clip", y, steps.constant(0, np.float32), steps.constant(255, np.float32))
    steps.add("Cast", y, to=TensorProto.UINT8, out="stylized")


def _swapped(steps: _Steps, x: str, convention: Convention) -> str:
    """Planes of RGB to BGR, and back."""
    if convention.channels == "rgb":
        return x
    return steps.add("Gather", x, steps.constant([2, 1, 0]), axis=1)


def _modern(path: Path, model: ModelProto) -> ModelProto:
    """The network in a version of ONNX that has all we need, its weights as constants."""
    from onnx import defs, version_converter

    unknown = {node.op_type for node in model.graph.node if node.domain in STANDARD and not defs.has(node.op_type)}
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ModelError(f"{path}: expected operators of ONNX, got {names}; export it again with a newer exporter")
    changed = copy.deepcopy(model)
    version = opset_of(model)
    if version < OPSET:
        try:
            changed = version_converter.convert_version(changed, OPSET)
        except Exception as error:  # onnx raises three unrelated classes
            reason = first_line(error)
            raise ModelError(f"{path}: cannot be converted from opset {version} to {OPSET}: {reason}") from error
    inputs = inputs_of(changed)
    del changed.graph.input[:]
    changed.graph.input.extend(inputs)
    changed.ir_version = max(changed.ir_version, 8)
    return changed
