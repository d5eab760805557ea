from fractions import Fraction

import numpy as np
import pytest

from rtstyle.errors import UsageError
from rtstyle.gatys.cuts import Cuts
from rtstyle.gatys.moments import Moments, clock
from rtstyle.times import parse_time


def chosen(moments, times, cuts=()):
    before = [None, *times[:-1]]
    return [
        n
        for n, (time, last) in enumerate(zip(times, before, strict=True))
        if moments.wants(n, Fraction(time), last if last is None else Fraction(last), cut=n in cuts)
    ]


QUARTERS = [Fraction(n, 4) for n in range(12)]


def test_times_in_both_ways():
    """Seconds, or hours, minutes and seconds; names are made of them."""
    assert parse_time("12.5") == Fraction(25, 2)
    assert parse_time("00:01:02") == 62
    assert parse_time(".5") == Fraction(1, 2)
    assert parse_time("00:05.") == 5
    assert clock(Fraction(3723, 1) + Fraction(1, 3)) == "01-02-03.333"
    for wrong in ("", "x", "1:2:3:4", "-1"):
        with pytest.raises(UsageError, match="00:01:02"):
            parse_time(wrong)


def test_frames_at_or_after_a_time():
    """Each time takes one frame, the first that is not before it."""
    assert chosen(Moments.parse(["0", "1.1", "2"]), QUARTERS) == [0, 5, 8]


def test_every_so_many_frames_or_seconds():
    """By number, or by time, whatever the frame rate does; the first always."""
    assert chosen(Moments.parse(every="5"), QUARTERS) == [0, 5, 10]
    assert chosen(Moments.parse(every="1s"), QUARTERS) == [0, 4, 8]
    uneven = [Fraction(0), Fraction(1, 2), Fraction(21, 10), Fraction(22, 10), Fraction(41, 10)]
    assert chosen(Moments.parse(every="2s"), uneven) == [0, 2, 4]
    for wrong in ("0", "x", "0s", "-2s"):
        with pytest.raises(UsageError, match="number of frames"):
            Moments.parse(every=wrong)


def test_scenes_are_the_first_frames_of_shots():
    """And of nothing else."""
    assert chosen(Moments.parse(scenes=True), QUARTERS, cuts={0, 7}) == [0, 7]
    assert not Moments.parse()


def test_cuts_are_seen_and_motion_is_not():
    """Another picture is a cut; a pan, noise and a slow fade are none."""
    generator = np.random.default_rng(0)
    wide = (127 + 120 * np.sin(np.arange(400) / 20)).astype(np.uint8)
    pan = [np.repeat(np.tile(wide[None, 3 * n : 3 * n + 160, None], (1, 1, 3)), 90, axis=0) for n in range(20)]
    noisy = [np.clip(frame + generator.normal(0, 8, frame.shape), 0, 255).astype(np.uint8) for frame in pan]
    fade = [(frame * (1 - n / 40)).astype(np.uint8) for n, frame in enumerate(noisy)]
    other = [255 - frame for frame in fade]
    cuts = Cuts()
    assert [n for n, frame in enumerate([*fade, *other]) if cuts(frame)] == [0, 20]
