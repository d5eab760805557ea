from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the perceptual loss needs torch: pip install -e .[keyframe]")

import torch
from torchvision.models import vgg16, vgg19

from rtstyle.errors import UsageError
from rtstyle.perceptual import VGG, VggWeights

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.2, 0.2)


@pytest.fixture(scope="module")
def models():
    torch.manual_seed(0)
    return {"vgg16": vgg16(init_weights=False).features, "vgg19": vgg19(init_weights=False).features}


@pytest.fixture(scope="module")
def weights(models):
    return {name: VggWeights(model.state_dict(), MEAN, STD, "random", name) for name, model in models.items()}


def plain(model, image, layer):
    """What torchvision computes of the normalised picture, up to the module of that number."""
    with torch.no_grad():
        return model[: layer + 1]((image - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1))


@pytest.mark.parametrize(("network", "deep", "index"), [("vgg16", "relu_8", 18), ("vgg19", "relu4_1", 20)])
def test_features_match_torchvisions(models, weights, network, deep, index) -> None:
    """The taps are what torchvision computes, the conv before its ReLU included, in channels_last."""
    image = torch.rand(1, 3, 32, 32)
    taps = VGG(("conv2_1", deep), weights[network])(image)
    assert torch.allclose(taps["conv2_1"], plain(models[network], image, 5), atol=1e-5)
    assert taps["conv2_1"].min() < 0  # not rectified in place
    if network == "vgg19":
        assert torch.allclose(taps[deep], plain(models[network], image, index), atol=1e-5)
    assert all(tap.is_contiguous(memory_format=torch.channels_last) for tap in taps.values())


def test_a_forward_stops_at_the_deepest_layer_asked_for(weights) -> None:
    """Fewer layers, fewer modules run, the same maps; a layer behind the last one is refused."""
    vgg = VGG(("relu2_2", "relu4_3"), weights["vgg16"])
    image, ran = torch.rand(1, 3, 32, 32), []
    for index, module in enumerate(vgg.features):
        module.register_forward_hook(lambda *_, index=index: ran.append(index))
    taps = vgg(image, layers=("relu2_2",))
    assert list(taps) == ["relu2_2"]
    assert max(ran) == 7  # the convolution under relu2_2
    assert torch.equal(taps["relu2_2"], vgg(image)["relu2_2"])
    with pytest.raises(UsageError, match="conv5_1: lies behind relu2_2, relu4_3"):
        vgg(image, layers=("conv5_1",))


def test_gradients_are_those_of_torchvisions_modules(models, weights) -> None:
    """Rectifying in place where nobody looks changes no gradient."""
    image = torch.rand(1, 3, 32, 32, requires_grad=True)
    taps = VGG(("conv1_2", "relu2_1"), weights["vgg16"])(image)
    (got,) = torch.autograd.grad(taps["conv1_2"].square().sum() + taps["relu2_1"].square().sum(), image)
    for module in models["vgg16"]:
        module.inplace = False
    x = (image - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
    conv = models["vgg16"][:3](x)
    (expected,) = torch.autograd.grad(conv.square().sum() + models["vgg16"][3:7](conv).square().sum(), image)
    assert (got - expected).abs().max() < 1e-5 * expected.abs().max()


def test_average_pooling_keeps_even_maps_doubled(weights) -> None:
    """Each pooling takes the mean of 2×2, rescaled."""
    image = torch.rand(1, 3, 8, 8)
    taps = VGG(("relu1_2", "conv2_1"), weights["vgg16"], average_pooling=True)(image)
    pooled = 2 * torch.nn.functional.avg_pool2d(taps["relu1_2"], 2)
    expected = VGG(("conv2_1",), weights["vgg16"]).features[5](pooled)
    assert torch.allclose(taps["conv2_1"], expected, atol=1e-5)


@pytest.mark.parametrize("side", [16, 96])  # the larger one's second block by Winograd's algorithm
def test_an_even_picture_has_no_border_where_the_edge_is_repeated(weights, side) -> None:
    """The first convolutions of two blocks see their own colour outside, by default that of the mean, or nothing."""
    image = torch.full((1, 3, side, side), 0.9)
    vgg = {edge: VGG(("conv1_1", "conv2_1"), weights["vgg16"], edge=edge) for edge in ("zeros", "replicate")}
    taps = {edge: network(image) for edge, network in vgg.items()}
    assert spread(taps["zeros"]["conv1_1"]) > 1e-2
    assert spread(taps["replicate"]["conv1_1"]) < 1e-5
    inside = vgg["replicate"].features[5](torch.rand(1, 64, side // 2, side // 2))
    assert inside.shape == taps["zeros"]["conv2_1"].shape
    even = torch.full((1, 64, side // 2, side // 2), 0.5)
    assert spread(vgg["replicate"].features[5](even)) < 1e-4 < spread(vgg["zeros"].features[5](even))


def spread(maps):
    """The largest standard deviation of a channel."""
    return maps.std((2, 3)).max()
