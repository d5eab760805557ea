from fractions import Fraction

import numpy as np

from rtstyle.frames import Frame
from rtstyle.jobs.keyframe.propagation import Propagation


class Plain:
    """A carrier that paints nothing."""

    def first(self, frame, number):
        return frame


def test_what_is_enlarged_is_smooth():
    """A ramp of 16 columns stays one at twice the size: no two columns are the same."""
    ramp = np.broadcast_to(np.arange(0, 160, 10, dtype=np.uint8)[None, :, None], (16, 16, 3))
    (frame,) = Propagation(Plain(), (32, 32)).painted(iter([(Frame(ramp, Fraction(0)), True, True)]))
    inner = frame.image[8, 4:28, 0].astype(int)
    assert (np.diff(inner) > 0).all()


def test_what_is_made_smaller_has_no_aliases():
    """Columns of black and white become grey at half the size."""
    stripes = np.broadcast_to(np.uint8([0, 200] * 16)[None, :, None], (32, 32, 3))
    (frame,) = Propagation(Plain(), (16, 16)).painted(iter([(Frame(stripes, Fraction(0)), True, True)]))
    assert (frame.image == 100).all()
