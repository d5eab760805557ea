"""One style after the other."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rtstyle.errors import UsageError
from rtstyle.frames import Batch
from rtstyle.stages.schedule import Schedule


class Paint:
    """All of one grey; and how often it was asked."""

    def __init__(self, level):
        self.level, self.frames, self.resets = level, 0, 0

    def __call__(self, batch, /):
        self.frames += len(batch)
        return replace(batch, images=np.full_like(batch.images, self.level))

    def reset(self):
        self.resets += 1


def levels(schedule, times, batch):
    """The grey of every frame, ``batch`` at a time."""
    out = []
    for start in range(0, len(times), batch):
        some = times[start : start + batch]
        content = np.zeros((len(some), 16, 16, 3), np.uint8)
        out += [int(image[0, 0, 0]) for image in schedule(Batch(content, content, some)).images]
    return out


@pytest.mark.parametrize("batch", [1, 3, 12])
def test_styles_follow_each_other_and_fade(batch):
    """Each from its time on, mixed for the fade's length by the frame's time, in batches of any size."""
    schedule = Schedule(
        [(Fraction(0), Paint(0)), (Fraction(1), Paint(100)), (Fraction(2), Paint(200))], fade_s=Fraction(1, 2)
    )
    times = [Fraction(n, 4) for n in range(12)]
    assert levels(schedule, times, batch) == [0, 0, 0, 0, 0, 50, 100, 100, 100, 150, 200, 200]


def test_only_what_is_seen_is_painted():
    """Outside a fade one stage works, in it two."""
    first, second = Paint(0), Paint(100)
    levels(
        Schedule([(Fraction(0), first), (Fraction(1), second)], fade_s=Fraction(1, 2)),
        [Fraction(n, 4) for n in range(8)],
        4,
    )
    assert (first.frames, second.frames) == (6, 4)


def test_a_change_may_come_within_a_fade():
    """The fade before it is shortened, and no frame is mixed of three."""
    schedule = Schedule(
        [(Fraction(0), Paint(0)), (Fraction(1), Paint(100)), (Fraction(5, 4), Paint(200))], fade_s=Fraction(1)
    )
    assert levels(schedule, [Fraction(n, 8) for n in (8, 9, 10, 14, 18)], 2) == [0, 50, 100, 150, 200]


def test_before_the_first_time_the_first_style_paints():
    """A schedule that starts late leaves no frame unpainted."""
    assert levels(Schedule([(Fraction(3), Paint(7))]), [Fraction(0), Fraction(4)], 1) == [7, 7]


@pytest.mark.parametrize("times", [[], [0, 0], [2, 1]])
def test_times_that_do_not_rise(times):
    """The error repeats them."""
    with pytest.raises(UsageError, match="each later than the last, got " + (", ".join(map(str, times)) or "none")):
        Schedule([(Fraction(time), Paint(0)) for time in times])


def test_reset_reaches_all():
    """Each of them may remember something."""
    stages = Paint(0), Paint(1)
    Schedule([(Fraction(n), stage) for n, stage in enumerate(stages)]).reset()
    assert [stage.resets for stage in stages] == [1, 1]
    with pytest.raises(UsageError, match="cross-fade: expected 0 seconds or more, got -1"):
        Schedule([(Fraction(0), stages[0])], fade_s=Fraction(-1))
