from itertools import pairwise

import numpy as np
import pytest

from rtstyle.gatys.crossfade import Crossfade, View
from rtstyle.gatys.flow import Track

SIZE, COUNT = (16, 24), 6  # frames from a black keyframe to a white one


def view(level, seen):
    return View(np.full((*SIZE, 3), level, np.uint8), np.full(SIZE, seen, np.float32))


def still(trust=1.0):
    """A flow of nothing, from the frame before."""
    return Track(np.zeros((*SIZE, 2), np.float32), np.full(SIZE, trust, np.float32))


def levels(near_seen, far_seen):
    """What the middle of the picture shows from keyframe to keyframe; each is seen in the frames of those numbers."""
    black = np.zeros((*SIZE, 3), np.uint8)
    fade, found = Crossfade(black, COUNT), [0]
    for index in range(1, COUNT):
        picture, hole = fade(view(0, index in near_seen), view(255, index in far_seen), still())
        assert not hole.any()
        fade.shown(picture)
        found.append(int(picture[8, 12, 0]))
    return [*found, 255]


@pytest.mark.parametrize("near_seen", [range(1, 6), range(1, 3), ()])
def test_what_loses_a_keyframe_goes_to_the_other_in_even_steps(near_seen) -> None:
    """Seen to the end, seen for two frames, or never: a sixth of the way from frame to frame, and no leap."""
    assert levels(near_seen, range(1, 6)) == pytest.approx(np.linspace(0, 255, 7), abs=2)


def test_what_comes_into_sight_late_is_gone_to_in_the_steps_that_are_left() -> None:
    """The next keyframe, seen from the fourth frame on only."""
    found = levels(range(1, 6), (4, 5))
    assert found == pytest.approx([0, 0, 0, 0, 85, 170, 255], abs=2)
    assert max(b - a for a, b in pairwise(found)) < 90


def test_where_the_flow_is_lost_keyframes_blend_or_there_is_a_hole() -> None:
    """Nothing comes from the frame before then: two keyframes share the picture, and none leave a hole."""
    white = np.full((*SIZE, 3), 255, np.uint8)
    picture, hole = Crossfade(white, 2)(view(0, 1), view(200, 1), still(0))
    assert not hole.any()
    assert picture == pytest.approx(np.full((*SIZE, 3), 100), abs=1)
    assert Crossfade(white, 2)(view(0, 0), view(200, 0), still(0))[1].all()
