from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from rtstyle.perceptual import VggWeights, gram_matrix
from training.evaluation.criterion import Criterion
from training.evaluation.quality import _first, losses, minimised, quality
from training.pictures import tensor


class FakeCriterion:
    """Content: the pixels. Style: the Gram matrix of eight random 3×3 features. VGG-16 would take minutes."""

    def __init__(self, artwork: Tensor) -> None:
        self.kernels = torch.randn(8, 3, 3, 3, generator=torch.Generator().manual_seed(0))
        self.gram = self.gram_of(artwork)

    def content_of(self, photo: Tensor) -> Tensor:
        return photo

    def gram_of(self, image: Tensor) -> Tensor:
        return gram_matrix(F.softplus(F.conv2d(image, self.kernels)))

    def __call__(self, image: Tensor, content: Tensor) -> tuple[Tensor, Tensor]:
        return F.mse_loss(image, content), F.mse_loss(self.gram_of(image), self.gram)


def picture(seed: int, cells: int) -> Tensor:
    coarse = np.random.default_rng(seed).integers(0, 256, (cells, cells, 3), dtype=np.uint8)
    return tensor(np.asarray(cv2.resize(coarse, (32, 32), interpolation=cv2.INTER_CUBIC), np.uint8))


@pytest.fixture
def criterion() -> FakeCriterion:
    return FakeCriterion(picture(1, 16))


def test_the_optimised_picture_has_a_ratio_of_one(criterion: FakeCriterion) -> None:
    """What the optimisation itself paints is as good as optimised; another picture is worse, by the ratio."""
    photo, other = picture(0, 4), picture(2, 8)
    own = losses(criterion, other, photo)

    def objective(image: Tensor) -> Tensor:
        content_loss, style_loss = criterion(image, photo)
        return content_loss + own.content / own.style * style_loss

    optimum, course = minimised(objective, photo, iterations=60)
    ratio = quality(criterion, other, photo, iterations=60, noise=False).ratio
    assert ratio == pytest.approx(2 * own.content / min(course), rel=0.01)
    assert (
        quality(criterion, optimum, photo, iterations=60, noise=False).ratio < 1.5 < ratio / 5
    )  # its own w is another


def test_evaluations_are_counted_until_it_is_as_low(criterion: FakeCriterion) -> None:
    """A bad picture is reached after a few evaluations, from the photo and from noise, where it then stops."""
    photo, bad = picture(0, 4), picture(2, 8)
    counted = []
    found = quality(criterion, bad, photo, iterations=40, noise=True, evaluated=lambda: counted.append(1))
    assert found.from_photo is not None
    assert found.from_noise is not None
    assert found.from_photo > 1
    assert found.from_noise > 1
    assert len(counted) < 40 * 1.5 + found.from_noise


def test_what_is_not_reached_has_no_number() -> None:
    """A bound below all losses is met by no evaluation; one that the third meets, by three."""
    assert _first([3.0, 2.0, 1.0], 0.5) is None
    assert _first([3.0, 2.0, 1.0, 0.5], 1.0) == 3


def test_a_copy_of_the_photo_is_no_division_by_zero(criterion: FakeCriterion) -> None:
    """A model that paints nothing loses no content, and its weight of the style is 0."""
    photo = picture(0, 4)
    assert quality(criterion, photo, photo, iterations=2, noise=False).ratio == 1


def test_the_line_search_never_loses_ground() -> None:
    """L-BFGS with strong Wolfe finds the bottom of a bent valley; where it ends is the lowest it saw."""

    def rosenbrock(x: Tensor) -> Tensor:
        return (1 - x[0]).square() + 100 * (x[1] - x[0].square()).square()

    end, course = minimised(rosenbrock, torch.tensor([-1.2, 1.0]), iterations=60)
    assert course[-1] == pytest.approx(min(course), abs=1e-9)
    assert torch.allclose(end, torch.ones(2), atol=1e-3)
    _, stopped = minimised(rosenbrock, torch.tensor([-1.2, 1.0]), iterations=60, enough=0.5)
    assert stopped[-1] <= 0.5 < min(stopped[:-1])
    assert stopped == course[: len(stopped)]


@torch.no_grad()
def test_the_artwork_has_its_own_style_and_the_photo_its_own_content(random_vgg: VggWeights) -> None:
    """On VGG-16 the artwork has no style loss and the photo no content loss; another picture has both."""
    artwork, photo = picture(1, 16), picture(0, 4)
    criterion = Criterion(random_vgg, artwork)
    content = criterion.content_of(photo)
    assert criterion(artwork, content)[1] == 0
    assert criterion(photo, content)[0] == 0
    assert min(*criterion(picture(2, 8), content)) > 0
