import math

import pytest

from rtstyle.gatys.guard import Guard, Verdict


def verdicts(guard, losses, saturation=0.0):
    return [guard.judge(loss, saturation) for loss in losses]


@pytest.mark.parametrize("loss", [math.nan, math.inf, 1e6])
def test_what_is_lost_goes_back_at_once(loss):
    """Not a number, or far above the start."""
    assert verdicts(Guard(1.0, best=1.0), [0.9, loss]) == [Verdict.GO_ON, Verdict.BACK]


def test_a_jump_is_no_divergence():
    """L-BFGS without a line search leaps; what comes down again is left alone."""
    assert set(verdicts(Guard(1.0, best=1.0), [0.9, 3.0, 2.0, 0.8, 0.7])) == {Verdict.GO_ON}


def test_what_stays_above_its_start_goes_back():
    """Eight evaluations in a row."""
    assert verdicts(Guard(1.0, best=1.0), [2.0] * 8)[-1] is Verdict.BACK


def test_a_saturating_picture_goes_back():
    """Black and white spreading, unless the start had as much."""
    assert Guard(1.0, best=1.0).judge(0.9, 0.5) is Verdict.BACK
    assert Guard(1.0, saturation=0.4, best=1.0).judge(0.9, 0.5) is Verdict.GO_ON


def test_standing_still_goes_faster():
    """A step so small that nothing happens would hand back the photo."""
    assert verdicts(Guard(1.0, best=1.0), [1 - 1e-6 * n for n in range(6)])[-1] is Verdict.FASTER


def test_what_never_falls_goes_back():
    """A little above the start, again and again, is a step too large and not one too small."""
    assert verdicts(Guard(1.0, best=1.0), [1.01] * 6)[-1] is Verdict.BACK


def test_changes_grow_until_something_works_and_then_end():
    """By 4, by 4, by 16, by 256 …; after forty changes there is no hope."""
    guard, factors = Guard(1.0, best=1.0), []
    for _ in range(5):
        guard.judge(math.nan, 0)
        factors.append(guard.factor())
    assert factors == [4, 4, 16, 256, 65536]
    assert verdicts(guard, [math.nan] * 40)[-1] is Verdict.GIVE_UP


def test_a_timid_rate_has_to_win_more():
    """A tenth in six evaluations since it was set; of a usual rate a little is enough."""
    slow = [1 - 0.01 * n for n in range(1, 7)]
    guard = Guard(1.0, best=1.0)
    assert [guard.judge(loss, 0, timid=True) for loss in slow][-1] is Verdict.FASTER
    assert [guard.judge(0.9 * loss, 0, timid=True) for loss in slow][-1] is Verdict.GO_ON
    assert verdicts(Guard(1.0, best=1.0), slow)[-1] is Verdict.GO_ON
