from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from rtstyle.errors import UsageError
from training.nets import DoublingConv, Lite, Network, centred, make_network, pad, shuffled, unshuffled


@pytest.fixture(params=["lite", "full"])
def network(request: pytest.FixtureRequest) -> Network:
    torch.manual_seed(0)
    return make_network(request.param).eval()


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (40, 24), (250, 333)])
@torch.no_grad()
def test_any_size_comes_out_as_it_went_in(network: Network, size: tuple[int, int]) -> None:
    """Every size from 16 px is painted at its own size, odd ones too, in uint8."""
    photos = torch.randint(0, 256, (1, *size, 3), dtype=torch.uint8)
    painting = network.quantised(photos)
    assert painting.shape == photos.shape
    assert painting.dtype == torch.uint8
    assert painting.float().std() > 1  # not a blank


@torch.no_grad()
def test_quantised_is_the_rounded_forward(network: Network) -> None:
    """What is exported differs from what is trained by rounding alone."""
    photos = torch.randint(0, 256, (1, 48, 56, 3), dtype=torch.uint8)
    difference = network.quantised(photos).float() - network(photos)
    assert difference.abs().max() <= 0.5 + 1e-3


@torch.no_grad()
def test_batching_is_invisible(network: Network) -> None:
    """A photo is painted the same alone and in a batch, to one grey level."""
    photos = torch.randint(0, 256, (3, 64, 48, 3), dtype=torch.uint8)
    together = network.quantised(photos).short()
    alone = torch.cat([network.quantised(photo[None]) for photo in photos]).short()
    assert (together - alone).abs().max() <= 1


@torch.no_grad()
def test_lite_cannot_draw_a_lattice_on_a_flat_area() -> None:
    """With any weights, a flat photo comes out flat away from the border."""
    torch.manual_seed(1)
    network = Lite().eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    painting = network(torch.full((1, 512, 512, 3), 90, dtype=torch.uint8))[0, 200:312, 200:312]
    assert painting.std(dim=(0, 1)).max() < 1e-2


@torch.no_grad()
def test_doubling_conv_is_a_resize_convolution() -> None:
    """The folded convolution draws what upsampling first and convolving then would, away from the border."""
    layer = DoublingConv(5, 3)
    x = torch.randn(2, 5, 9, 7)
    upsampled = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    expected = F.conv2d(upsampled, layer.weight, layer.bias).permute(0, 2, 3, 1)
    got = unshuffled(layer(x))[:, 1:-1, 1:-1]
    assert torch.allclose(got[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1], atol=1e-5)


@torch.no_grad()
def test_a_finished_doubling_conv_has_no_lattice_in_bf16() -> None:
    """Its four kernels, exact in bf16, agree about what is flat, where rounding alone lets them differ."""
    torch.manual_seed(0)
    layer = DoublingConv(16, 3)
    folded = layer.folded()
    assert torch.equal(folded.weight.bfloat16().float(), folded.weight)

    def disagreement(kernels: Tensor) -> float:
        sums = kernels.double().sum(dim=(2, 3)).reshape(4, 3, 16)
        return (sums - sums.mean(dim=0)).abs().max().item()

    x = torch.randn(1, 16, 9, 9)
    assert torch.allclose(folded(x), layer(x), atol=0.01 * layer(x).std().item())
    plain = torch.einsum("octs,pta,qsb->pqocab", layer.weight, layer.fold, layer.fold).flatten(0, 2).bfloat16()
    assert disagreement(folded.weight) < 0.1 * disagreement(plain)


@torch.no_grad()
def test_a_folded_kernel_is_unfolded() -> None:
    layer = DoublingConv(5, 3)
    unfolded = layer.unfolded(layer.folded().weight)
    assert torch.allclose(unfolded, layer.weight, atol=layer.weight.abs().max().item() / 64)


def test_shuffling_is_undone() -> None:
    """Laying pixels into cells and out again changes nothing."""
    photos = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 6, 10, 3), dtype=np.uint8))
    assert torch.equal(unshuffled(shuffled(photos)), photos)


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_half_precision_tells_every_grey_level_from_the_next(half: torch.dtype) -> None:
    levels = centred(torch.arange(256, dtype=torch.uint8))
    assert torch.equal(levels.to(half).float(), levels)
    assert levels.diff().unique().numel() == 1


def test_padding_reaches_the_stride_and_repeats_the_edge() -> None:
    """Padding gives multiples of the stride and keeps the picture where the crop expects it."""
    photos = torch.randint(0, 256, (1, 17, 30, 3), dtype=torch.uint8)
    padded = pad(photos, 8, 12)
    assert padded.shape == (1, 48, 56, 3)
    assert torch.equal(padded[:, 12:29, 12:42], photos)
    assert torch.equal(padded[0, 0, 0], photos[0, 0, 0])


def test_lite_is_small() -> None:
    """The lite network stays under 2 MB of float32 weights."""
    assert sum(p.numel() for p in Lite().parameters()) * 4 < 2e6


def test_unknown_network_is_refused() -> None:
    """A network we do not have is a usage error that names those we have."""
    with pytest.raises(UsageError, match="lite or full"):
        make_network("huge")
