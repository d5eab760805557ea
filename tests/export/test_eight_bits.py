"""Convolutions in 8 bits: what is rounded, and what is not."""

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from rtstyle.export.eight_bits import quantised
from rtstyle.export.graph import runner
from rtstyle.export.spans import convolutions, measure, name_of

NEAR = 8  # grey levels
FRAMES = np.random.default_rng(0).integers(0, 256, (2, 24, 32, 3), dtype=np.uint8)


def network(*, mode="edge", pads=(0, 0, 0, 0), shortcut=False, half=127.5, computed=False) -> ModelProto:
    """As ours begin and end: bytes to -1..1, padded, two convolutions, and back to bytes."""
    random = np.random.default_rng(1)
    arrays = {
        "half": np.float32(half),
        "one": np.float32(1),
        "round": np.float32(0.5),
        "k1": random.normal(0, 0.3, (4, 3, 3, 3)).astype(np.float32),
        "b1": random.normal(0, 0.3, 4).astype(np.float32),
        "k2": random.normal(0, 0.2, (3, 4, 3, 3)).astype(np.float32),
        "sides": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
    }
    node = helper.make_node
    nodes = [
        node("Transpose", ["frames"], ["bytes"], perm=[0, 3, 1, 2]),
        node("Cast", ["bytes"], ["numbers"], to=TensorProto.FLOAT),
        *([node("Abs", ["half"], ["found"])] if computed else []),
        node("Div", ["numbers", "found" if computed else "half"], ["halves"]),
        node("Sub", ["halves", "one"], ["x"]),
        node("Pad", ["x", "sides"], ["padded"], mode=mode),
        node("Conv", ["padded", "k1", "b1"], ["a"], name="first", pads=list(pads)),
        node("Relu", ["a"], ["r"]),
        node("Pad", ["r", "sides"], ["r2"], mode="edge"),
        node("Conv", ["r2", "k2"], ["c"], name="second"),
        *([node("Add", ["c", "x"], ["sum"])] if shortcut else []),
        node("Tanh", ["sum" if shortcut else "c"], ["t"]),
        node("Mul", ["t", "half"], ["m"]),
        node("Add", ["m", "half"], ["n"]),
        node("Add", ["n", "round"], ["o"]),
        node("Cast", ["o"], ["p"], to=TensorProto.UINT8),
        node("Transpose", ["p"], ["stylized"], perm=[0, 2, 3, 1]),
    ]
    side = [helper.make_tensor_value_info(name, TensorProto.UINT8, ["N", "H", "W", 3]) for name in ("frames",)]
    size = ["N", "H2", "W2", 3] if any(pads) else ["N", "H", "W", 3]
    out = [helper.make_tensor_value_info("stylized", TensorProto.UINT8, size)]
    constants = [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "network", side, out, initializer=constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def operators(model):
    return [node.op_type for node in model.graph.node]


def difference(model, made):
    return np.abs(runner(made)(FRAMES).astype(int) - runner(model)(FRAMES)).max()


@pytest.mark.parametrize("shortcut", [False, True])
def test_bytes_are_not_rounded_again(shortcut):
    """The first convolution reads the picture's own bytes, the offset is in its bias; the second one's are rounded."""
    model = network(shortcut=shortcut)
    made = quantised(model, measure(model, [FRAMES]), ())
    assert difference(model, made) <= NEAR
    assert operators(made).count("QuantizeLinear") == 2  # before the second one, and the output's own
    assert ("Sub" in operators(made)) == shortcut
    assert {node.input[0] for node in made.graph.node if node.op_type == "DequantizeLinear"} >= {"bytes"}


@pytest.mark.parametrize("given", [{"mode": "constant"}, {"pads": (1, 1, 1, 1)}])
def test_zeros_around_the_picture_forbid_that(given):
    """A zero that is padded is no byte's value: then the input is rounded as any other."""
    model = network(**given)
    made = quantised(model, measure(model, [FRAMES]), ())
    assert difference(model, made) <= NEAR
    assert operators(made).count("QuantizeLinear") == 3


@pytest.mark.parametrize(
    "given",
    [{"half": np.array([127.5, 120, 110]).reshape(1, 3, 1, 1)}, {"computed": True}],
    ids=["channels", "computed"],
)
def test_bytes_that_are_scaled_otherwise_are_rounded_as_all_else(given):
    """By a divisor for each channel, as others normalise pictures, or by one that is computed: neither is one scale."""
    model = network(**given)
    made = quantised(model, measure(model, [FRAMES]), ())
    assert difference(model, made) <= NEAR
    assert operators(made).count("QuantizeLinear") == 3


def test_what_is_padded_is_rounded_before():
    """Bytes are padded, not floats."""
    model = network()
    made = quantised(model, measure(model, [FRAMES]), ())
    assert {node.input[0] for node in made.graph.node if node.op_type == "Pad"} == {"x/pixels", "r/rounded"}


def test_weights_have_7_bits():
    """So that two products never saturate 16 bits on a CPU without VNNI."""
    model = network()
    made = quantised(model, measure(model, [FRAMES]), ())
    weights = [numpy_helper.to_array(t) for t in made.graph.initializer if t.data_type == TensorProto.INT8 and t.dims]
    assert max(np.abs(one.astype(int)).max() for one in weights) == 63


def test_a_kernels_sum_is_kept():
    """Of the steps, to half of one, so that what is smooth comes out as it was, and none goes further than the next."""
    model = network()
    made = quantised(model, measure(model, [FRAMES]), ())
    tensors = {t.name: numpy_helper.to_array(t) for t in made.graph.initializer}
    for name, key in (("first", "k1"), ("second", "k2")):
        weights = next(numpy_helper.to_array(t) for t in model.graph.initializer if t.name == key)
        exact = weights / tensors[f"{name}/weights/scale"].reshape(-1, 1, 1, 1)
        steps = tensors[f"{name}/weights/steps"]
        assert np.abs((steps - exact).sum(axis=(2, 3))).max() <= 0.5 + 1e-4
        assert np.abs(steps - exact).max() < 1
        assert np.abs((np.rint(exact) - exact).sum(axis=(2, 3))).max() > 0.5  # or there was nothing to do


def test_kernels_of_equal_sums_keep_them_equal():
    """Two pixels of a cell, whose kernels are one kernel that was spread in two ways, give one grey to an even area."""
    model = network()
    held = next(t for t in model.graph.initializer if t.name == "k2")
    kernels = numpy_helper.to_array(held).copy()
    kernels[1] = (kernels[0] + np.roll(kernels[0], 1, axis=2)) / 2
    held.CopyFrom(numpy_helper.from_array(kernels, "k2"))
    made = quantised(model, measure(model, [FRAMES]), ())
    tensors = {t.name: numpy_helper.to_array(t) for t in made.graph.initializer}
    steps, scales = tensors["second/weights/steps"].astype(int), tensors["second/weights/scale"]
    assert (steps[0].sum(axis=(1, 2)) == steps[1].sum(axis=(1, 2))).all()
    assert scales[0] == scales[1] != scales[2]
    assert np.abs(kernels[0]).max() != np.abs(kernels[1]).max()  # or there was nothing to do


def test_a_sum_that_is_kept_reads_what_was_not_rounded():
    """And the convolution beside it reads it rounded."""
    model = network(mode="constant", shortcut=True)
    spans = measure(model, [FRAMES])
    (add,) = (name_of(node) for node in model.graph.node if list(node.input) == ["c", "x"])
    for kept, read in (((), "x/rounded"), ((add,), "x")):
        made = quantised(model, spans, kept)
        inputs = {node.output[0]: list(node.input) for node in made.graph.node}
        assert inputs["sum"] == ["c", read]
        assert inputs["padded"][0] == "x/rounded"
        assert difference(model, made) <= NEAR


def test_what_is_kept_is_left():
    """A convolution in float stays as it was."""
    model = network()
    assert [name_of(node) for node in convolutions(model)] == ["first", "second"]
    made = quantised(model, measure(model, [FRAMES]), ["first", "second"])
    assert [node.input[1] for node in made.graph.node if node.op_type == "Conv"] == ["k1", "k2"]
    assert difference(model, made) <= 1
