"""Another order, the same picture."""

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from rtstyle.export.graph import folded, of_size, runner
from rtstyle.export.order import Size
from rtstyle.export.rearranged import rearranged
from rtstyle.style import load_model
from rtstyle.styles import find_style


def network(*, stride=1) -> ModelProto:
    """Ends as ``full`` does, but paints as many pixels as come in, odd or even."""
    random = np.random.default_rng(1)
    arrays = {
        "half": np.float32(127.5),
        "round": np.float32(0.5),
        "k": random.normal(0, 0.002, (3, 3, 5, 3)).astype(np.float32),
        "b": random.normal(0, 0.3, 3).astype(np.float32),
        "zero": np.array([0]),
        "end": np.array([1 << 40]),
        "one": np.array([1]),
        "two": np.array([2]),
    }
    node = helper.make_node
    nodes = [
        node("Transpose", ["frames"], ["bytes"], perm=[0, 3, 1, 2]),
        node("Cast", ["bytes"], ["x"], to=TensorProto.FLOAT),
        node("Conv", ["x", "k", "b"], ["c"], pads=[2, 1, 2, 1], strides=[stride, stride]),
        node("Tanh", ["c"], ["t"]),
        node("Mul", ["t", "half"], ["m"]),
        node("Add", ["m", "half"], ["n"]),
        node("Transpose", ["n"], ["turned"], perm=[0, 2, 3, 1]),
        node("Slice", ["turned", "zero", "end", "one", "one"], ["rows"]),
        node("Slice", ["rows", "zero", "end", "two", "one"], ["columns"]),
        node("Add", ["columns", "round"], ["o"]),
        node("Cast", ["o"], ["stylized"], to=TensorProto.UINT8),
    ]
    sides = [
        helper.make_tensor_value_info(name, TensorProto.UINT8, [*dimensions, 3])
        for name, dimensions in (("frames", "NHW"), ("stylized", "NAB"))
    ]
    constants = [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "network", sides[:1], sides[1:], initializer=constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def operators(model):
    return {node.op_type for node in model.graph.node}


def difference(one, other, shape):
    frames = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
    return np.abs(runner(one)(frames).astype(int) - runner(other)(frames)).max()


def test_full_paints_cells_and_asks_nothing():
    """At sizes that are no multiple of its stride, and several frames at once, too."""
    model = folded(load_model(find_style("wave-full")))
    made = rearranged(model)
    assert {"If", "DepthToSpace"} & operators(model) == {"If"}
    assert {"If", "DepthToSpace"} & operators(made) == {"DepthToSpace"}
    for shape in ((2, 16, 20, 3), (1, 19, 30, 3)):
        assert difference(model, made, shape) <= 1


@pytest.mark.parametrize("stride", [1, 2])
def test_what_would_paint_another_picture_is_left(stride):
    """An odd number of pixels in cells would be one less, and what has a stride already would have another."""
    model = network(stride=stride)
    assert rearranged(model) == model


def test_what_paints_nothing_small_is_left():
    """Johnson's own networks begin with 40 pixels that are mirrored, which takes a picture of more than 40."""
    model = network()
    model.graph.initializer.append(numpy_helper.from_array(np.array([0, 0, 40, 40] * 2), "sides"))
    model.graph.node[2].input[0] = "mirrored"
    model.graph.node.insert(2, helper.make_node("Pad", ["x", "sides"], ["mirrored"], mode="reflect"))
    assert runner(model)(np.zeros((1, 48, 48, 3), np.uint8)).shape == (1, 128, 128, 3)
    assert rearranged(model) == model


def test_one_size_that_is_even_suffices():
    """Then there are cells enough."""
    model = of_size(network(), Size(32, 24))
    made = rearranged(model)
    assert "DepthToSpace" in operators(made)
    assert difference(model, made, (1, 24, 32, 3)) <= 1


def test_lite_paints_cells_already():
    """It is left, but for the question at its beginning."""
    model = folded(load_model(find_style("wave")))
    assert operators(rearranged(model)) == operators(model) - {"If"} | {"Squeeze"}
