"""Flicker goes, and nothing else does."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from rtstyle.errors import UsageError
from rtstyle.frames import Batch
from rtstyle.stages.steady import Steady

HEIGHT, WIDTH = 96, 128


def texture(seed, height=HEIGHT, width=WIDTH):
    """A picture with enough in it to be followed."""
    noise = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    return cv2.GaussianBlur(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), (0, 0), 1.5)


def flickering(image, number, amount=12):
    """``image``, as a network would paint it a little differently every time."""
    random = np.random.default_rng(number).integers(-amount, amount + 1, image.shape)
    return np.clip(image.astype(int) + random, 0, 255).astype(np.uint8)


def through(stage, contents, images):
    """The images that come out, one batch a frame."""
    pairs = zip(contents, images, strict=True)
    return [stage(Batch(content[None], image[None], [n])).images[0] for n, (content, image) in enumerate(pairs)]


def differences(images, shift=0):
    """Mean square of what changes from each picture to the next, ``shift`` pixels to the left."""
    moved = [(after[:, : WIDTH - shift].astype(float), before[:, shift:]) for before, after in pairwise(images)]
    return np.mean([np.square(after - before)[16:-16, 16:-32].mean() for after, before in moved])


def test_flicker_on_a_still_picture_goes():
    """Before a still camera, what the network makes of its noise falls to a fifth (squared, as it is measured)."""
    still = texture(0)
    painted = [flickering(255 - still, n) for n in range(20)]
    steadied = through(Steady(), [flickering(still, n, 2) for n in range(20)], painted)
    assert differences(steadied[5:]) < 0.2 * differences(painted[5:])


def test_flicker_on_a_moving_picture_goes_too():
    """A pan of three pixels a frame is followed: less than half is left."""
    wide = texture(1, width=2 * WIDTH)
    contents = [np.ascontiguousarray(wide[:, 3 * n : 3 * n + WIDTH]) for n in range(20)]
    painted = [flickering(255 - content, n) for n, content in enumerate(contents)]
    steadied = through(Steady(), contents, painted)
    assert differences(steadied[5:], shift=3) < 0.5 * differences(painted[5:], shift=3)


def test_a_moving_thing_leaves_no_ghost():
    """Where a bright square was and is no longer, the picture is the new one, to five levels of 255."""
    ground = texture(2) // 2
    contents = []
    for n in range(8):
        content = ground.copy()
        content[30:60, 10 + 12 * n : 34 + 12 * n] = 250
        contents.append(content)
    steadied = through(Steady(), contents, contents)
    for (before, content), image in zip(pairwise(contents), steadied[1:], strict=True):
        uncovered = np.abs(before.astype(int) - content).max(axis=2) > 60
        assert np.percentile(np.abs(image.astype(int) - content)[uncovered], 95) <= 5


def test_at_a_cut_nothing_shines_through():
    """The first picture of another scene comes out as it went in, without a call of reset."""
    contents = [texture(3)] * 5 + [texture(4)] * 2
    steadied = through(Steady(), contents, contents)
    assert np.array_equal(steadied[5], contents[5])


@pytest.mark.parametrize("change", ["reset", "size"])
def test_what_was_before_is_forgotten(change):
    """After reset, and at another size, a picture comes out as it went in."""
    stage, still = Steady(), texture(5)
    through(stage, [still] * 3, [flickering(still, n) for n in range(3)])
    if change == "reset":
        stage.reset()
    else:
        still = np.ascontiguousarray(still[:80])
    image = flickering(still, 9)
    assert np.array_equal(through(stage, [still], [image])[0], image)


def test_batches_are_invisible():
    """A batch of four gives what four frames give."""
    contents = np.stack([flickering(texture(6), n, 2) for n in range(4)])
    images = np.stack([flickering(255 - content, n) for n, content in enumerate(contents)])
    together = Steady()(Batch(contents, images, [0, 1, 2, 3])).images
    assert np.array_equal(together, np.stack(through(Steady(), contents, images)))


def test_out_of_range():
    """A share of 1 would never show anything new."""
    with pytest.raises(UsageError, match=r"expected 0 to below 1, got 1\.0"):
        Steady(1.0)
