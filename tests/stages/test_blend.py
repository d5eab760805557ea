"""Mixing the painting with the photo."""

import numpy as np
import pytest

from rtstyle.errors import UsageError
from rtstyle.frames import Batch
from rtstyle.stages.blend import Blend, mix

PAIRS = np.stack(np.meshgrid(np.arange(256), np.arange(256)), axis=-1).astype(np.uint8)  # all pairs of levels


@pytest.mark.parametrize("strength", [0.0, 0.1, 1 / 3, 0.5, 0.7, 0.99, 1.0])
def test_the_mix_is_linear_to_one_level(strength):
    """For every pair of levels, within a grey level of real arithmetic, and exactly at both ends."""
    content, images = (np.repeat(PAIRS[None, ..., n : n + 1], 3, axis=-1) for n in (0, 1))
    mixed = Blend(strength)(Batch(content, images, [0])).images
    exact = content * (1 - strength) + images * strength
    assert mixed.dtype == np.uint8
    assert np.abs(mixed - exact).max() <= (0 if strength in {0.0, 1.0} else 1)


def test_the_mix_is_exact():
    """As whole numbers have it, half a level up, at every one of its 256 steps; of nothing it is nothing."""
    under, over = PAIRS[..., 0], PAIRS[..., 1]
    for weight in range(257):
        exact = (under.astype(np.uint32) * (256 - weight) + over * np.uint32(weight) + 128) >> 8
        assert np.array_equal(mix(under, over, weight / 256), exact)
    assert mix(under[:0], over[:0], 0.5).shape == (0, 256)


@pytest.mark.parametrize("strength", [-0.1, 1.1, 2, float("nan")])
def test_out_of_range(strength):
    """The error says what may be and what was."""
    with pytest.raises(UsageError, match="strength: expected 0 to 1, got"):
        Blend(strength)


def test_the_strength_may_change():
    """From one frame to the next."""
    content, images = np.zeros((1, 16, 16, 3), np.uint8), np.full((1, 16, 16, 3), 200, np.uint8)
    strength = 0.5
    blend = Blend(lambda: strength)
    assert blend(Batch(content, images, [0])).images.max() == 100
    strength = 0.25
    assert blend(Batch(content, images, [0])).images.max() == 50
