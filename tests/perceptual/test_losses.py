from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the perceptual loss needs torch: pip install -e .[keyframe]")

import torch
import torch.nn.functional as F
from torchvision.models import vgg16

from rtstyle.perceptual import (
    VGG,
    PerceptualLoss,
    VggWeights,
    calm,
    colour_quantiles,
    gram_matrix,
    lattice,
    palette,
    tone,
    total_variation,
)


@pytest.fixture(scope="module")
def weights() -> VggWeights:
    torch.manual_seed(0)
    state = {k.removeprefix("features."): v for k, v in vgg16(weights=None).state_dict().items() if "features" in k}
    return VggWeights(state, (0.5, 0.4, 0.3), (0.2, 0.2, 0.2), "random")


def test_gram_matrix_is_the_papers() -> None:
    """Inner products of the channels over C·H·W, in float32 even for halves that would overflow."""
    features = torch.randn(2, 3, 4, 5)
    expected = torch.einsum("nchw,ndhw->ncd", features, features) / (3 * 4 * 5)
    assert torch.allclose(gram_matrix(features), expected, atol=1e-6)
    assert torch.isfinite(gram_matrix(torch.full((1, 2, 64, 64), 300.0, dtype=torch.float16))).all()


def test_losses_vanish_where_they_should(weights: VggWeights) -> None:
    """The photo itself has no content loss, the artwork no style loss, a flat picture no variation."""
    artwork, photo = torch.rand(1, 3, 32, 32), torch.rand(2, 3, 32, 32)
    vgg, content, style = VGG(("relu1_2", "relu2_2"), weights), {"relu2_2": 1.0}, {"relu1_2": 1.0}
    loss = PerceptualLoss(vgg, [1 - artwork, artwork], content_layers=content, style_layers=style)
    assert loss(photo, photo, 1)["content"] == 0
    assert loss(photo, photo, 1)["style"] > 0
    assert loss(artwork, photo[:1], 1)["style"] < 1e-9
    assert loss(artwork, photo[:1], 0)["style"] > 0
    assert loss(artwork, photo[:1], 1)["content"] > 0
    absolute = PerceptualLoss(vgg, [artwork], content_layers=content, style_layers=style, distance=F.l1_loss)
    assert absolute(artwork, photo[:1])["style"] < 1e-4
    assert absolute(photo, photo)["style"] > loss(photo, photo, 1)["style"] ** 0.5 / 10
    assert total_variation(torch.full((1, 3, 8, 8), 0.3)) == 0


def test_style_is_relative_to_the_artworks_own(weights: VggWeights) -> None:
    """Layer by layer, or all layers together, of which the deeper ones hardly count; or to nothing."""
    artwork, photo = torch.rand(1, 3, 32, 32), torch.rand(2, 3, 32, 32)
    vgg, content, layers = VGG(("relu1_2", "relu2_2"), weights), {"relu1_2": 1.0}, {"relu1_2": 1.0, "relu2_2": 2.0}
    targets, grams = ({name: gram_matrix(maps) for name, maps in vgg(image).items()} for image in (artwork, photo))
    apart = {
        name: weight * F.mse_loss(grams[name], targets[name].expand_as(grams[name])) for name, weight in layers.items()
    }
    own = {name: targets[name].square().mean() for name in layers}
    expected = {
        "relative": sum(apart[name] / own[name] for name in layers),
        "overall": sum(apart.values()) / sum(layers[name] * own[name] for name in layers),
        "plain": sum(apart.values()),
    }
    for scale, loss in expected.items():
        judge = PerceptualLoss(vgg, [artwork], content_layers=content, style_layers=layers, scale=scale)
        assert torch.isclose(judge(photo, photo)["style"], loss, rtol=1e-4), scale


@pytest.mark.parametrize("period", [2, 4, 8, 12, 16])
def test_lattice_sees_its_periods_and_not_strokes(period: int) -> None:
    """A faint grid weighs more than loud noise or a ramp; a period that is none of a network's hardly counts."""
    rows = torch.arange(256).view(1, 1, 256, 1).expand(1, 3, 256, 256)
    grid = 0.5 + 0.05 * torch.cos(2 * torch.pi * rows / period)
    off_beat = 0.5 + 0.05 * torch.cos(2 * torch.pi * rows / (period * 1.4))
    noise = 0.5 + 0.05 * torch.randn(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    ramp = rows / 256
    seen = lattice(grid, (period,))
    assert seen > 0.5 * 0.05**2 / 2
    assert all(lattice(other, (period,)) < seen / 5 for other in (off_beat, noise, ramp))


def test_lattice_of_a_picture_too_small_to_tell_is_nothing() -> None:
    """Pictures under eight periods do not fail; there is nothing to say about them."""
    assert lattice(torch.rand(1, 3, 40, 40), (16,)) == 0


def test_tone_is_about_where_light_and_dark_are() -> None:
    """Another palette and contrast cost nothing, a negative costs most, and blotches cost."""
    photo = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0)).repeat_interleave(16, 2)
    photo = photo.repeat_interleave(16, 3)
    blotches = torch.rand(1, 1, 4, 4, generator=torch.Generator().manual_seed(1)).repeat_interleave(16, 2)
    assert tone(0.3 + 0.5 * photo, photo) < 1e-3
    assert tone(1 - photo, photo) > 1.9
    assert 0.1 < tone(photo + blotches.repeat_interleave(16, 3), photo) < 1
    assert tone(torch.full((1, 3, 64, 64), 0.5), photo) == pytest.approx(1)  # flat: nothing to compare


def test_calm_is_about_even_places() -> None:
    """The same fine strokes cost dear on an even photo and little on a busy one; slow changes cost nothing."""
    generator = torch.Generator().manual_seed(0)
    strokes = 0.5 + 0.1 * torch.randn(1, 3, 64, 64, generator=generator)
    busy = torch.rand(1, 3, 64, 64, generator=generator)
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 64, 64)
    assert calm(strokes, torch.full((1, 3, 64, 64), 0.5)) > 50 * calm(strokes, busy)
    assert calm(ramp, torch.full((1, 3, 64, 64), 0.5)) < 1e-9


def test_palette_sees_colours_and_not_where_they_are() -> None:
    """Colours out of their places cost nothing; a grey picture costs what is missing, one too dark as well."""
    tiles = torch.rand(1, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    artwork = tiles.repeat_interleave(16, dim=2).repeat_interleave(16, dim=3)
    wanted = colour_quantiles(artwork)
    assert palette(artwork, wanted) < 1e-9
    assert palette(artwork.flip(2).roll(32, dims=3), wanted) < 1e-9
    assert palette(artwork.repeat(3, 1, 1, 1), wanted) < 2e-3
    grey, dark = artwork.mean(dim=(2, 3), keepdim=True).expand_as(artwork), artwork * 0.5
    variance = artwork.var(dim=(2, 3)).mean()
    assert palette(grey, wanted) == pytest.approx(variance.item(), rel=0.3)
    assert palette(dark, wanted) > 0.5 * variance
