from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from training.nets import make_network
from training.temporal import feature_incoherence, filmed, incoherence


@pytest.fixture
def photos() -> Tensor:
    """Three smooth pictures (3, 96, 128, 3) uint8, so that resampling costs little."""
    torch.manual_seed(0)
    coarse = torch.rand(3, 3, 8, 10)
    smooth = F.interpolate(coarse, (96, 128), mode="bicubic").clamp(0, 1)
    return (smooth * 255).to(torch.uint8).permute(0, 2, 3, 1)


def painted(photos: Tensor) -> Tensor:
    return photos.permute(0, 3, 1, 2).float() / 255


def test_a_film_is_decided_by_its_seed_alone(photos: Tensor) -> None:
    """The same photo with the same seed moves in the same way, alone or in a batch."""
    together, alone = filmed(photos, [5, 6, 7]), filmed(photos[1:2], [6])
    assert all(torch.equal(a[1:2], b) for a, b in zip(together, alone, strict=True))
    assert not torch.equal(filmed(photos[1:2], [7]).after, alone.after)


def test_frames_follow_the_flow(photos: Tensor) -> None:
    """What was visible before is found again where the flow says, up to noise of 4 grey levels and resampling."""
    pair = filmed(photos, [1, 2, 3])
    assert 0.5 < pair.visible.mean() < 1
    assert incoherence(painted(pair.before), painted(pair.after), pair) < 2 * (4 / 255) ** 2
    assert incoherence(painted(photos), painted(photos).flip(3), pair) > 10 * (4 / 255) ** 2


def test_what_is_visible_is_of_one_layer() -> None:
    """Where spot and background meet, a place between pixels has something of both: nothing that differs is visible."""
    ramp = torch.linspace(0, 255, 96).view(1, 96, 1, 1).expand(6, 96, 96, 3).to(torch.uint8)
    pair = filmed(ramp, range(6))
    came_from = F.grid_sample(painted(pair.before), pair.grid, padding_mode="border", align_corners=False)
    error = pair.visible * (painted(pair.after) - came_from - pair.lighter)
    assert error.abs().max() < 25 / 255  # noise of at most 4 levels; what lies upside down differs by up to 255


def test_what_flickers_costs_its_variance(photos: Tensor) -> None:
    """A painting of noise that is new in every frame owes twice the noise's variance, where it is visible."""
    pair = filmed(photos, [1, 2, 3])
    sigma = 0.1
    noise = [0.5 + sigma * torch.randn(3, 3, 96, 128) for _ in range(2)]
    expected = sigma**2 * pair.visible.mean()  # of the later frame; the earlier one is smoothed by resampling
    got = incoherence(*noise, pair)
    assert expected < got < 2.2 * expected


def test_light_may_show_in_the_painting(photos: Tensor) -> None:
    """A painting that grows lighter with its photo costs nothing; one that does not follow costs the difference."""
    pair = filmed(photos, [1, 2, 3])
    grey = torch.full((3, 3, 96, 128), 0.5)
    assert incoherence(grey, grey + pair.lighter, pair) < 1e-10
    assert incoherence(grey, grey, pair) == pytest.approx((pair.visible * pair.lighter.square()).mean().item())


@pytest.mark.parametrize("name", ["lite", "full"])
@torch.no_grad()
def test_features_are_compared_where_they_lie(name: str, photos: Tensor) -> None:
    """Features that are a smooth function of the place in the photo follow the flow, whatever stride and margin."""
    network = make_network(name)
    pair = filmed(photos, [1, 2, 3])
    _, features = network.with_features(photos)
    h, w = features.shape[2:]

    def as_features(images: Tensor) -> Tensor:
        m = network.margin
        right, below = w * network.stride - 128 - m, h * network.stride - 96 - m
        return F.avg_pool2d(F.pad(images, (m, right, m, below), mode="replicate"), network.stride)

    before, after = as_features(painted(pair.before)), as_features(painted(pair.after) - pair.lighter)
    where = {"stride": network.stride, "margin": network.margin}
    followed = feature_incoherence(before, after, pair, **where)
    unmoved = feature_incoherence(before, before, pair, **where)
    assert followed < 0.4 * unmoved
