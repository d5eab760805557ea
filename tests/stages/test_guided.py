"""Painted small, delivered large."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from rtstyle.errors import UsageError
from rtstyle.frames import Batch
from rtstyle.stages.guided import Guided, share, short_side
from rtstyle.stages.guided_upsampler import GuidedUpsampler
from tests.fakes import Invert


class Look(Invert):
    """Remembers what shapes it saw."""

    def __call__(self, batch, /):
        self.shapes = batch.content.shape, batch.images.shape
        return super().__call__(batch)


def edge(height=180, width=320):
    """Dark left of a slanted line, light right of it."""
    x, y = np.arange(width), np.arange(height)[:, None]
    return np.repeat(np.where(x * 3 + y > width * 2, 220, 40).astype(np.uint8)[..., None], 3, axis=2)


def upsampled(content, small, painted):
    """``painted`` at the size of ``content``."""
    out = np.empty_like(content)
    GuidedUpsampler(small.shape[:2], content.shape[:2])(content, small, painted, out)
    return out


def test_stages_see_small_pictures_and_the_sink_large_ones():
    """Content, times and sizes come out as they went in."""
    content = np.stack([edge(), edge()])
    batch = Batch(content, content, [Fraction(0), Fraction(1, 25)])
    look = Look()
    out = Guided([look], lines=60)(batch)
    assert look.shapes == ((2, 60, 107, 3),) * 2
    assert out.images.shape == content.shape
    assert (out.content is content, out.times) == (True, batch.times)


def test_a_picture_that_is_small_enough_goes_through():
    """Nothing is resampled for nothing."""
    content = edge()[None]
    look = Look()
    out = Guided([look], lines=180)(Batch(content, content, [0]))
    assert look.shapes[0] == content.shape
    assert np.array_equal(out.images, 255 - content)


def test_edges_are_the_contents():
    """At a third of the size, an edge is four times closer to the full-size picture than by interpolation."""
    content = edge()
    small = cv2.resize(content, (107, 60), interpolation=cv2.INTER_AREA)
    wanted = 255 - content
    guided = upsampled(content, small, 255 - small)
    plain = cv2.resize(255 - small, (320, 180))
    assert np.abs(guided.astype(int) - wanted).mean() < np.abs(plain.astype(int) - wanted).mean() / 4


def test_strokes_that_the_content_does_not_have_stay():
    """On an even wall, half of what the network draws is left, and none of the mean is lost."""
    content, small = np.full((180, 320, 3), 128, np.uint8), np.full((60, 107, 3), 128, np.uint8)
    strokes = small + np.where(np.arange(60)[:, None, None] % 4 < 2, 30, -30).astype(np.int16)
    strokes = strokes.astype(np.uint8)
    out = upsampled(content, small, strokes)
    plain = cv2.resize(strokes, (320, 180))
    assert 0.4 < out[9:-9].std() / plain[9:-9].std() < 0.7
    assert abs(out[9:-9].mean() - plain[9:-9].mean()) < 1


def test_what_to_prepare_for():
    """``size`` names the size of the small picture, and never one too small for the network."""
    assert Guided([], lines=360).size(720, 1280) == (360, 640)
    assert Guided([], lines=16).size(1000, 40) == (16, 16)
    with pytest.raises(UsageError, match="lines: expected 16 or more, got 15"):
        Guided([], lines=15)
    assert Guided([], lines=share(0.5)).size(720, 1280) == (360, 640)
    assert Guided([], lines=share(0.1)).size(100, 400) == (16, 64)
    assert Guided([], lines=short_side(90)).size(400, 300) == (120, 90)
    assert Guided([], lines=short_side(90)).size(60, 80) == (60, 80)
    with pytest.raises(UsageError, match=r"scale: expected more than 0, at most 1, got 1\.5"):
        share(1.5)


def test_reset_reaches_the_stages():
    """They are the ones that remember."""
    look = Look()
    Guided([look], lines=60).reset()
    assert look.resets == 1
