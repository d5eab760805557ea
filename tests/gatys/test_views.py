"""A keyframe as other frames see it."""

import numpy as np
import pytest

from rtstyle.gatys.views import lasting, views

SIZE = 40, 60
STILL = np.zeros((*SIZE, 2), np.float16)


NOT_HOME = STILL, np.full_like(STILL, 3)  # there and back are not the same way
INSIDE = np.s_[10:-10, 10:-10]


def test_what_has_no_shape_is_trusted_though_no_flow_leads_home():
    """Snow, smoke and sky look the same wherever the flow leads; a little more light changes nothing."""
    snow, painted = np.full((*SIZE, 3), 200, np.uint8), np.full((*SIZE, 3), 90, np.uint8)
    (view,) = views([snow, snow + 6], [NOT_HOME], painted)
    assert view.trust[INSIDE].min() == 1
    assert np.array_equal(view.picture[INSIDE], painted[INSIDE])


def test_what_has_a_shape_must_be_led_home():
    """Grain that is elsewhere now is not the same, and is not kept."""
    grain = np.random.default_rng(0).integers(0, 120, (*SIZE, 3), dtype=np.uint8)
    (still,) = views([grain, grain], [(STILL, STILL)], grain)
    (lost,) = views([grain, grain], [NOT_HOME], grain)
    assert still.trust.min() == 1
    assert lost.trust[INSIDE].max() < 0.5


@pytest.mark.parametrize("gone", [1, 2, 4])
def test_a_keyframe_lasts_as_long_as_it_is_seen(gone):
    """Trusted in the first ``gone`` frames of four: so many from the first, one less from each later, then none."""
    trusts = [np.full(SIZE, float(number < gone), np.float16) for number in range(4)]
    found = lasting(trusts, [(STILL, STILL)] * 3)
    assert [float(one[20, 30]) for one in found] == pytest.approx([max(0, gone - number) for number in range(4)])
