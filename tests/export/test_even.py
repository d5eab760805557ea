"""Channels of like range, in a network that paints what it painted."""

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from rtstyle.export.eight_bits import quantised
from rtstyle.export.even import evened
from rtstyle.export.graph import runner
from rtstyle.export.spans import measure

FRAMES = np.random.default_rng(0).integers(0, 256, (1, 24, 32, 3), dtype=np.uint8)
UNEVEN = np.array([1, 30, 0.1, 3], np.float32)


def network(between=(), *, also_out=False, pad="edge") -> ModelProto:
    """A convolution, normalised to channels of very different size, a residual block on them, and one back to bytes."""
    random = np.random.default_rng(1)
    up, down = UNEVEN.reshape(-1, 1, 1, 1), 1 / UNEVEN.reshape(-1, 1, 1)
    arrays = {
        "scale": np.float32(1 / 64),
        "white": np.float32(60),
        "limit": np.float32(255),
        "gamma": UNEVEN,
        "beta": UNEVEN / 2,
        "k1": random.normal(0, 0.3, (4, 3, 3, 3)),
        "k2": random.normal(0, 0.2, (4, 4, 3, 3)) * up * down,
        "b2": UNEVEN,
        "k3": random.normal(0, 0.2, (3, 4, 1, 1)) * down,
        "sides": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
        "seven": np.float32(7),
    }
    node = helper.make_node
    nodes = [
        node("Transpose", ["frames"], ["bytes"], perm=[0, 3, 1, 2]),
        node("Cast", ["bytes"], ["numbers"], to=TensorProto.FLOAT),
        node("Mul", ["numbers", "scale"], ["x"]),
        node("Conv", ["x", "k1"], ["a"], name="first", pads=[1, 1, 1, 1]),
        node("InstanceNormalization", ["a", "gamma", "beta"], ["n"]),
        node("Relu", ["n"], ["r"]),
        node("Pad", ["r", "sides", *(["seven"] if pad == "constant" else [])], ["padded"], mode=pad),
        node("Conv", ["padded", "k2", "b2"], ["c"], name="second"),
        node("Add", ["c", "r"], ["s"]),
        *between,
        node("Conv", ["s2" if between else "s", "k3"], ["t"], name="third"),
        node("Mul", ["t", "white"], ["o"]),
        node("Clip", ["o", "", "limit"], ["clipped"]),
        node("Relu", ["clipped"], ["positive"]),
        node("Cast", ["positive"], ["p"], to=TensorProto.UINT8),
        node("Transpose", ["p"], ["stylized"], perm=[0, 2, 3, 1]),
    ]
    outputs = [helper.make_tensor_value_info("stylized", TensorProto.UINT8, ["N", "H", "W", 3])]
    if also_out:
        outputs.append(helper.make_tensor_value_info("s", TensorProto.FLOAT, ["N", 4, "H", "W"]))
    frames = helper.make_tensor_value_info("frames", TensorProto.UINT8, ["N", "H", "W", 3])
    floats = {name: np.asarray(a, np.int64 if name == "sides" else np.float32) for name, a in arrays.items()}
    constants = [numpy_helper.from_array(array, name) for name, array in floats.items()]
    graph = helper.make_graph(nodes, "network", [frames], outputs, initializer=constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def unevenness(span):
    sizes = np.maximum(-span.low, span.high)
    return sizes.max() / sizes.min()


def off(one, other):
    return np.abs(runner(one)(FRAMES).astype(int) - runner(other)(FRAMES))


def test_channels_are_evened_out_and_the_picture_stays():
    """A normalisation, a convolution and their sum are multiplied alike; what is told of them is what is measured."""
    model = network()
    spans = measure(model, [FRAMES])
    even, told = evened(model, spans)
    assert off(model, even).max() <= 1
    measured = measure(even, [FRAMES])
    for name in ("r", "s"):
        assert unevenness(measured[name]) < unevenness(spans[name]) ** 0.6
        np.testing.assert_allclose(told[name].high, measured[name].high, rtol=1e-4)
        np.testing.assert_allclose(told[name].low, measured[name].low, rtol=1e-4, atol=1e-5)


def test_so_8_bits_are_nearer():
    """Which is what it is for."""
    model = network()
    spans = measure(model, [FRAMES])
    before, after = (off(model, quantised(*one)).mean() for one in ((model, spans), evened(model, spans)))
    assert after < before / 2


@pytest.mark.parametrize(
    "given",
    [
        {"between": (helper.make_node("Tanh", ["s"], ["s2"]),)},
        {"between": (helper.make_node("Add", ["s", "seven"], ["s2"]),)},
        {"pad": "constant"},
        {"also_out": True},
    ],
)
def test_what_factors_do_not_pass_is_left(given):
    """A bend, a number that is added or padded, and what is an output as it is."""
    model = network(**given)
    even, _ = evened(model, measure(model, [FRAMES]))
    assert off(model, even).max() <= 1
    assert [list(node.input) for node in even.graph.node] == [list(node.input) for node in model.graph.node]
