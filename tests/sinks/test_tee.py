"""Several sinks at once, and none."""

import pytest

from rtstyle.pipeline import run
from rtstyle.sinks.null import Null
from rtstyle.sinks.tee import Tee
from tests.fakes import ColorBars, Memory


def test_each_gets_everything():
    """Both sinks have all frames, and know that they are all."""
    one, two = Memory(), Memory()
    run(ColorBars(9), [], Tee(one, two))
    assert one.numbers == two.numbers == list(range(9))
    assert one.complete is two.complete is True


def test_one_that_fails_is_not_the_others_fault():
    """The error comes through, and all are closed as incomplete."""
    one, two = Memory(), Memory(fail_at=3)
    with pytest.raises(OSError, match="the sink broke"):
        run(ColorBars(9), [], Tee(one, two))
    assert one.complete is two.complete is False


def test_one_that_closes_ends_the_run():
    """A window that is shut stops the recording too."""
    one, two = Memory(), Memory(close_after=3)
    run(ColorBars(1000), [], Tee(one, two))
    assert len(one.frames) == len(two.frames) == 3


def test_null_counts():
    """Nothing is kept but the number."""
    null = Null()
    run(ColorBars(9), [], null)
    assert (null.frames, null.packets) == (9, 0)
