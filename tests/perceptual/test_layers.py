from __future__ import annotations

import pytest

from rtstyle.errors import UsageError

pytest.importorskip("torch", reason="the perceptual loss needs torch: pip install -e .[keyframe]")

from torchvision.models import vgg16, vgg19

from rtstyle.perceptual.layers import conv_names, layer_index, paper_name


def test_layer_names_are_torchvisions_indices() -> None:
    """The names of the paper point at the modules torchvision has there."""
    features = vgg16(init_weights=False).features
    names = {"conv1_1": 0, "relu1_2": 3, "relu2_2": 8, "relu3_3": 15, "conv4_2": 19, "relu4_3": 22, "relu5_3": 29}
    assert {name: layer_index(name) for name in names} == names
    assert all(type(features[i]).__name__.lower().startswith(n[:4]) for n, i in names.items())


@pytest.mark.parametrize(("network", "make"), [("vgg16", vgg16), ("vgg19", vgg19)])
def test_sequential_names_count_as_pytorchs_tutorial_does(network: str, make) -> None:
    """conv_4 is the fourth convolution, relu_4 the ReLU behind it, through the whole network; Keras' names too."""
    kinds = [type(module).__name__ for module in make(init_weights=False).features]
    convolutions = [index for index, kind in enumerate(kinds) if kind == "Conv2d"]
    numbers = range(1, len(convolutions) + 1)
    assert [layer_index(f"conv_{n}", network) for n in numbers] == convolutions
    assert [layer_index(f"relu_{n}", network) for n in numbers] == [index + 1 for index in convolutions]
    assert [layer_index(name, network) for name in conv_names(network)] == convolutions


@pytest.mark.parametrize(
    ("name", "network", "paper"),
    [
        ("conv_10", "vgg16", "conv4_3"),
        ("conv_10", "vgg19", "conv4_2"),
        ("relu_16", "vgg19", "relu5_4"),
        ("relu_4_2", "vgg16", "relu4_2"),
        ("block4_conv2", "vgg19", "relu4_2"),
        ("r42", "vgg16", "relu4_2"),
        ("ReLU4_2", "vgg16", "relu4_2"),
    ],
)
def test_one_layer_has_many_names(name: str, network: str, paper: str) -> None:
    """Any of them is understood, and has one name in the papers."""
    assert paper_name(name, network) == paper
    assert layer_index(name, network) == layer_index(paper, network)


@pytest.mark.parametrize("name", ["relu1_3", "relu6_1", "relu0_1", "conv_14", "conv_0", "pool1", "42", ""])
def test_unknown_layers_are_refused(name: str) -> None:
    """A layer VGG-16 does not have is a usage error that lists the names it has."""
    with pytest.raises(UsageError, match=r"conv1_1 … conv5_3 .*3_3, 4_1.*conv_1 … conv_13"):
        layer_index(name)
    if name == "conv_14":
        assert paper_name(name, "vgg19") == "conv5_2"
