import pytest

from rtstyle.errors import UsageError
from rtstyle.gatys.presets import PRESETS
from rtstyle.gatys.recipe import Recipe, parse_blocks, parse_layers
from rtstyle.perceptual.layers import layer_index


def test_layers_with_and_without_weights():
    """Names in any way in use, weights behind an equals sign."""
    assert parse_layers("relu4_2") == (("relu4_2", 1.0),)
    assert parse_layers("conv_4=2, conv_5,block4_conv2=0.5") == (
        ("conv_4", 2.0),
        ("conv_5", 1.0),
        ("block4_conv2", 0.5),
    )
    assert parse_blocks("1-3") == (("relu1_1", 1.0), ("relu2_1", 1.0), ("relu3_1", 1.0))
    assert parse_blocks("2") == (("relu2_1", 1.0),)
    assert parse_blocks("relu1_2") == (("relu1_2", 1.0),)


@pytest.mark.parametrize("text", ["", ",", "relu1_1=x", "relu1_1=-1", "relu1_1=nan"])
def test_layers_that_make_no_sense(text):
    """A usage error that says what was expected."""
    with pytest.raises(UsageError, match="expected"):
        parse_layers(text)


@pytest.mark.parametrize("text", ["0-3", "3-1", "1-6"])
def test_blocks_that_are_none(text):
    """VGG has five."""
    with pytest.raises(UsageError, match="between 1 and 5"):
        parse_blocks(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"optimizer": "newton"},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"style_weight": -1.0},
        {"style_weight": float("inf")},
        {"content_weight": 0.0, "style_weight": 0.0},
        {"iterations": 0},
        {"average": 1.0},
        {"tile": 5},
        {"seed": 1 << 63},
        {"style_layers": (("relu1_1", 1.0), ("relu2_1", 1.0), ("relu1_1", 1.0))},
        {"style_layers": (("relu1_1", 0.0),)},
        {"content_layers": (("relu4_2", float("nan")),)},
        {"pooling": "median"},
        {"colors": "mine"},
    ],
    ids=str,
)
def test_a_recipe_that_makes_no_sense(wrong):
    """Is refused when it is written, with what was expected and what it got."""
    with pytest.raises(UsageError, match=r"expected .*, got "):
        Recipe(**wrong)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_name_layers_that_both_networks_have(name):
    """VGG-16 can stand in for VGG-19."""
    recipe = PRESETS[name]
    for layer, _ in (*recipe.content_layers, *recipe.style_layers):
        assert layer_index(layer, "vgg16") >= 0
        assert layer_index(layer, "vgg19") >= 0
