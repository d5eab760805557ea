"""Switches, mirrors and dividers."""

import numpy as np

from rtstyle.frames import Batch
from rtstyle.stages.divided import Divided
from rtstyle.stages.mirror import Mirror
from rtstyle.stages.when import When
from tests.fakes import Invert


def halves():
    """Black left, white right."""
    image = np.zeros((1, 16, 40, 3), np.uint8)
    image[:, :, 20:] = 255
    return image


def test_a_stage_is_switched_on_and_off():
    """Off, batches pass it by; what it remembers is forgotten once."""
    on, invert = [True], Invert()
    stage = When(lambda: on[0], invert)
    batch = Batch(halves(), halves(), [0])
    assert stage(batch).images[0, 0, 0, 0] == 255
    on[0] = False
    assert stage(batch) is batch
    assert stage(batch) is batch
    assert invert.resets == 1


def test_a_mirror_turns_content_and_images():
    """Both, so that they still fit each other."""
    out = Mirror()(Batch(halves(), 255 - halves(), [0]))
    assert np.array_equal(out.content, 255 - halves())
    assert np.array_equal(out.images, halves())
    unpainted = halves()
    out = Mirror()(Batch(unpainted, unpainted, [0]))
    assert out.images is out.content


def test_a_divider_shows_both():
    """Content left, painting right, a white line between; the divider goes to the very edges."""
    content, images = np.full((1, 16, 40, 3), 10, np.uint8), np.full((1, 16, 40, 3), 90, np.uint8)
    at = 0.25
    stage = Divided(lambda: at)
    out = stage(Batch(content, images, [0])).images
    assert out[0, 5, :, 0].tolist() == [10] * 9 + [255] * 2 + [90] * 29
    for at, level in ((0, 90), (1, 10), (-3, 90), (7, 10)):  # noqa: B007 - the stage asks for it
        assert np.median(stage(Batch(content, images, [0])).images) == level
