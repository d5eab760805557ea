"""The source that needs nothing."""

from fractions import Fraction

from rtstyle.sources.test_pattern import TestPattern


def test_no_two_frames_are_alike():
    """Every frame differs from every other, and comes at its time."""
    frames = list(TestPattern(64, 32, frames=40, rate=Fraction(30000, 1001)))
    assert len({frame.image.tobytes() for frame in frames}) == 40
    assert frames[30].time == Fraction(1001, 1000)
    assert frames[0].image.shape == (32, 64, 3)


def test_the_bars_are_saturated_and_white_comes_first():
    """The first pixel is white and the last black, in RGB."""
    image = next(iter(TestPattern(80, 20, frames=1))).image
    assert image[0, 0].tolist() == [255, 255, 255]
    assert image[0, 55].tolist() == [255, 0, 0]
    assert image[0, -1].tolist() == [0, 0, 0]
