"""Strokes where there is nothing to paint."""

import cv2
import numpy as np
import pytest

from rtstyle.errors import UsageError
from rtstyle.frames import Batch
from rtstyle.stages.brushwork import Brushwork


def batch(*pictures):
    """One of them."""
    content = np.stack(pictures)
    return Batch(content, content, range(len(content)))


def even(height=200, width=304, level=128):
    """A clear sky."""
    return np.full((height, width, 3), level, np.uint8)


def checks(height=200, width=304):
    """Nothing but contrast."""
    y, x = np.indices((height, width)) // 5
    return np.repeat(((y + x) % 2 * 200).astype(np.uint8)[..., None], 3, axis=2)


def test_an_even_place_gets_strokes_of_the_depth_that_was_asked_for():
    """As many light as dark ones, without a colour; twice as deep at twice the amount."""
    half, full = (Brushwork(amount)(batch(even())).images[0].astype(float) - 128 for amount in (0.5, 1))
    assert abs(full.mean()) < 3
    assert full.std() == pytest.approx(28, rel=0.15)
    assert half.std() == pytest.approx(full.std() / 2, rel=0.05)
    assert np.ptp(full, axis=2).max() == 0


def test_strokes_are_drawn_out():
    """Around most pixels they vary much less along one direction than across it, by the structure tensor."""
    grey = Brushwork(1)(batch(even())).images[0, ..., 0]
    across, along = np.moveaxis(cv2.cornerEigenValsAndVecs(grey, blockSize=9, ksize=3)[..., :2], 2, 0)
    assert np.median(along / across) < 0.25


def test_detail_stays_what_it_is():
    """Faces and writing are not painted over."""
    change = Brushwork(1)(batch(checks())).images[0].astype(float) - checks()
    assert np.abs(change).max() <= 4


def test_strokes_stand_still_and_the_content_stays():
    """Frames of one clip get the same ones, in one batch or in several."""
    stage, frames = Brushwork(0.5), batch(even(), even())
    out = stage(frames)
    assert np.array_equal(out.images[0], out.images[1])
    assert np.array_equal(stage(batch(even())).images[0], out.images[0])
    assert (out.content is frames.content, out.times) == (True, frames.times)
    assert np.array_equal(frames.content[0], even())


@pytest.mark.parametrize("size", [(16, 16), (17, 2101), (1100, 33)])
def test_any_size(size):
    """Smaller than the contrast's window, and larger than the pattern, which goes on at its borders."""
    out = Brushwork(1)(batch(even(*size))).images[0].astype(int)
    assert out.shape == (*size, 3)
    steps = np.abs(np.diff(out[..., 0], axis=int(np.argmax(size))))
    assert steps.max() < 60


def test_black_and_white_do_not_wrap():
    """What would be darker than black stays black."""
    assert Brushwork(1)(batch(even(level=0))).images.max() < 150
    assert Brushwork(1)(batch(even(level=255))).images.min() > 100


def test_the_amount_may_change_while_frames_flow():
    """None at all gives the batch itself back."""
    amounts = iter([0.0, 1.0])
    stage = Brushwork(lambda: next(amounts))
    frames = batch(even())
    assert stage(frames) is frames
    assert stage(frames).images.std() > 20


@pytest.mark.parametrize("amount", [-0.1, 1.1, float("nan")])
def test_no_amount(amount):
    """One sentence, before a frame is read."""
    with pytest.raises(UsageError, match="brushwork: expected 0 to 1, got"):
        Brushwork(amount)
