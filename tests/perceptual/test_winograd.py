from __future__ import annotations

import threading

import pytest

pytest.importorskip("torch", reason="the perceptual loss needs torch: pip install -e .[keyframe]")

import torch
import torch.nn.functional as F
from torch import nn

from rtstyle.perceptual.winograd import FrozenConv


@pytest.fixture
def make():
    """A frozen convolution, the same weights every time, and the plain one that it was made of."""

    def make(ins, outs, edge="zeros"):
        torch.manual_seed(0)
        conv = nn.Conv2d(ins, outs, 3, padding=1, padding_mode=edge).requires_grad_(requires_grad=False)
        return FrozenConv(conv), conv

    return make


def photos(count, channels, height, width):
    torch.manual_seed(1)
    return torch.randn(count, channels, height, width).contiguous(memory_format=torch.channels_last).requires_grad_()


def off(got, expected):
    """The relative error, in the norm."""
    return float((got.double() - expected).detach().norm() / expected.detach().norm())


@pytest.mark.parametrize("edge", ["zeros", "replicate"])
@pytest.mark.parametrize(
    ("count", "channels", "size"),
    [
        (1, (64, 64), (41, 38)),
        (3, (64, 64), (23, 24)),
        (1, (64, 128), (29, 31)),
        (3, (128, 64), (15, 19)),
        (1, (512, 256), (7, 9)),
        (3, (512, 256), (5, 4)),
        (1, (256, 256), (1, 100)),
        (2, (64, 64), (190, 300)),  # twenty lines of tiles, and the twelve that are left
        (3, (64, 64), (110, 110)),  # two pictures at a time, and the third
    ],
)
def test_agrees_with_direct_convolution(make, count, channels, size, edge) -> None:
    """Maps and gradients are those of torch's convolution in float64 within 2e-5, whatever size and batch."""
    frozen, conv = make(*channels, edge)
    x = photos(count, channels[0], *size)
    assert frozen.uses_winograd(x)
    y = frozen(x)
    slope = torch.randn_like(y)
    (gradient,) = torch.autograd.grad(y, x, slope)
    exact = x.detach().double().requires_grad_()
    expected = conv.double()(exact)
    (expected_gradient,) = torch.autograd.grad(expected, exact, slope.double())
    assert y.shape == expected.shape
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert off(y, expected) < 2e-5
    assert off(gradient, expected_gradient) < 2e-5


def test_rectifies_as_relu_does(make) -> None:
    """What comes out is not negative, and where it is zero no gradient goes back."""
    frozen, conv = make(64, 64)
    x = photos(2, 64, 41, 34)
    y = frozen(x, relu=True)
    slope = torch.randn_like(y)
    (gradient,) = torch.autograd.grad(y, x, slope)
    assert off(y, F.relu(F.conv2d(x, conv.weight, conv.bias, padding=1)).double()) < 2e-5
    (expected,) = torch.autograd.grad(frozen(x), x, slope * (y > 0))
    assert torch.equal(gradient, expected)


def test_gradients_of_any_layout_are_taken(make) -> None:
    """A gradient that comes expanded, or in NCHW, is as good as one in channels_last."""
    frozen, _ = make(64, 64)
    x = photos(2, 64, 40, 40)
    (expanded,) = torch.autograd.grad(frozen(x, relu=True).sum(), x)
    (whole,) = torch.autograd.grad(frozen(x, relu=True), x, torch.ones(2, 64, 40, 40))
    assert torch.equal(expanded, whole)


def test_double_and_bfloat16_are_convolved_directly(make) -> None:
    """Where digits are few, or asked for, nothing is transformed: bf16's would not survive."""
    frozen, _ = make(64, 64)
    x = photos(1, 64, 40, 40)
    assert frozen.uses_winograd(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert not frozen.uses_winograd(x)
        assert frozen(x, relu=True).dtype == torch.bfloat16
    assert not frozen.uses_winograd(x.double())
    assert not frozen.uses_winograd(x[..., :8, :8])  # too few to be worth it


def test_a_first_use_in_inference_mode_does_no_harm(make) -> None:
    """What is kept from one use to the next can be used with gradients later, in a thread of its own too."""
    frozen, _ = make(64, 64)
    x = photos(1, 64, 40, 40)
    results = []

    def work() -> None:
        with torch.inference_mode():
            results.append(frozen(x.detach()).clone())
        results.append(torch.autograd.grad(frozen(x).sum(), x)[0])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(results) == 2
    assert torch.equal(results[1], torch.autograd.grad(frozen(x).sum(), x)[0])
