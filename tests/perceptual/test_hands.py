from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the perceptual loss needs torch: pip install -e .[keyframe]")

import torch.nn.functional as F  # noqa: E402 - behind the skip

from rtstyle.perceptual.bands import can_be_shared, first_convolution, max_pooled  # noqa: E402
from rtstyle.perceptual.hands import apiece, bands, hands, shared  # noqa: E402
from rtstyle.perceptual.winograd import FrozenConv  # noqa: E402


@pytest.fixture(autouse=True)
def two_threads():
    """Whatever the machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def maps(channels, height, width):
    torch.manual_seed(0)
    return torch.randn(1, channels, height, width).contiguous(memory_format=torch.channels_last).requires_grad_()


def through(layer, x):
    """What a layer makes of x, and the gradient of its squares' sum."""
    y = layer(x)
    return y.detach(), torch.autograd.grad(y.square().sum(), x)[0]


def agree(got, expected):
    return all(float((a - b).norm()) < 1e-5 * float(b.norm()) for a, b in zip(got, expected, strict=True))


@pytest.mark.parametrize(("height", "width"), [(33, 20), (16, 41), (2, 5)])
def test_bands_of_lines_give_what_the_whole_gives(height, width) -> None:
    """Convolutions, poolings and their gradients are torch's own, whatever the number of lines."""
    kernels, bias = torch.randn(8, 3, 3, 3), torch.randn(8)
    image, x = maps(3, height, width), maps(8, height, width)
    expected = through(lambda y: F.relu(F.conv2d(y, kernels, bias, padding=1)), image)
    pooled = through(lambda y: F.max_pool2d(y, 2), x)
    with apiece():
        assert can_be_shared(x)
        assert agree(through(lambda y: first_convolution(y, kernels, bias), image), expected)
        assert agree(through(max_pooled, x), pooled)


def test_two_hands_convolve_as_one_does() -> None:
    """A convolution's chunks may be anybody's; so with a picture of few lines, and in inference mode."""
    frozen = FrozenConv(torch.nn.Conv2d(64, 64, 3, padding=1).requires_grad_(requires_grad=False))
    for height in (45, 7):
        x = maps(64, height, 240)
        assert frozen.uses_winograd(x)
        alone = through(lambda y: frozen(y, relu=True), x)
        with apiece():
            assert agree(through(lambda y: frozen(y, relu=True), x), alone)
            with torch.inference_mode():
                assert agree([frozen(x, relu=True)], alone[:1])


def test_torch_has_its_threads_back_afterwards() -> None:
    """Inside, an operation has one core and the work two hands, whose errors arrive; after it all is as before."""
    with apiece():
        assert (torch.get_num_threads(), hands()) == (1, 2)
        assert bands(10, step=4) == [slice(0, 8), slice(8, 10)]
        with pytest.raises(ZeroDivisionError):
            shared(lambda piece: 1 / piece, [1, 0])
    assert (torch.get_num_threads(), hands()) == (2, 1)
    assert bands(10) == [slice(0, 10)]
