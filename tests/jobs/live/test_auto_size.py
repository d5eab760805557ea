"""The size follows the machine, and does not pump."""

import pytest

from rtstyle.jobs.live.auto_size import AutoSize
from rtstyle.jobs.live.meter import LATENCY, LiveMeter

FIXED_MS = 4.0


def play(size, cost_s, seconds, start=0.0):
    """The sizes that a machine gets which needs ``cost_s(lines)`` a frame; (second, lines) of every change."""
    changes, now = [], start
    while now < start + seconds:
        busy = cost_s(size.lines)
        now += max(busy, 1 / 30)
        if size.update(busy, busy - FIXED_MS / 1e3, now):
            changes.append((now - start, size.lines))
    return changes


def machine(full_ms, fixed_ms=FIXED_MS, height=720):
    """A machine that needs so long at 720 lines, of which a part does not depend on the size."""
    return lambda lines: (fixed_ms + (full_ms - fixed_ms) * (lines / height) ** 2) / 1e3


@pytest.mark.parametrize("full_ms", [8, 20, 35, 60, 100, 200])
def test_the_rate_is_kept_at_the_largest_size_that_keeps_it(full_ms):
    """After a few seconds a frame takes less than the interval, and the next size up would hardly fit."""
    size, cost_s = AutoSize(720, 1 / 30), machine(full_ms)
    changes = play(size, cost_s, 60)
    assert cost_s(size.lines) < 0.95 / 30 or size.lines == 180
    assert size.lines == 720 or cost_s(size.lines) * (720 / size.lines) ** 2 > 0.5 / 30
    assert all(at < 15 for at, _ in changes), changes


def test_noise_does_not_make_it_pump():
    """A frame in five that takes twice as long changes the size a few times in ten minutes, not all the time."""
    size, count = AutoSize(720, 1 / 30), iter(range(10**6))
    cost_s = machine(30)
    changes = play(size, lambda lines: cost_s(lines) * (2 if next(count) // 30 % 5 == 0 else 1), 600)
    assert len(changes) <= 16, changes
    assert changes[-1][0] < 350


def test_a_machine_that_gets_busy_gets_a_smaller_picture_and_back():
    """Within two seconds down; up again later."""
    size = AutoSize(720, 1 / 30)
    play(size, machine(20), 20)
    before = size.lines
    changes = play(size, machine(80), 20, start=20)
    assert changes[0][0] < 3
    assert size.lines < before
    play(size, machine(20), 60, start=40)
    assert size.lines == before


def test_a_pause_is_no_room():
    """While nothing is painted nothing is measured, and the first painted frames are too few to tell."""
    size, cost_s = AutoSize(720, 1 / 30), machine(60)
    play(size, cost_s, 20)
    before = size.lines
    size.pause()
    assert not size.update(0.0001, 0.02, 22.0)  # the median is still that of unpainted frames
    assert not play(size, cost_s, 5, start=22)
    assert size.lines == before


def test_small_cameras():
    """A camera of fewer lines than any choice is painted as it is."""
    assert AutoSize(120, 1 / 30).lines == 120
    assert AutoSize(240, 1 / 30).lines == 240
    assert AutoSize(480, 1 / 30).lines == 360


def test_a_moment_of_something_else_is_no_fall_to_the_bottom():
    """When everything takes five times as long, less than a second of it costs nothing, and two cost three sizes."""
    size, cost_s = AutoSize(720, 1 / 30), machine(60)
    play(size, cost_s, 10)
    before = size.lines
    assert before == 432
    assert not play(size, lambda lines: 5 * cost_s(lines), 0.9, start=10)
    changes = play(size, lambda lines: 5 * cost_s(lines), 2, start=12)
    assert [lines for _, lines in changes] == [324]
    play(size, cost_s, 15, start=14)
    assert size.lines == before


def test_half_a_minute_of_something_else_is_over_soon():
    """All that it was too much, down to the smallest size, counts once: ten seconds later it is as large as before."""
    size, cost_s = AutoSize(720, 1 / 30), machine(20)
    play(size, cost_s, 30)
    play(size, lambda lines: 10 * cost_s(lines), 30, start=30)
    assert size.lines == 180
    changes = play(size, cost_s, 15, start=60)
    assert [lines for _, lines in changes] == [720]


def test_a_lighter_style_grows_at_once():
    """What a heavy one was too much for says nothing of it."""
    size = AutoSize(720, 1 / 30)
    play(size, machine(600), 20)
    assert size.lines == 180
    size.restart()
    assert [lines for _, lines in play(size, machine(20), 2, start=20)] == [720]


def test_a_machine_of_one_frame_a_second_is_relieved_within_seconds():
    """What is too much is so by the clock, not by a number of frames."""
    size = AutoSize(720, 1 / 30)
    changes = play(size, lambda lines: 0.75 * (lines / 360) ** 2, 20)
    assert [lines for _, lines in changes] == [240, 180]
    assert changes[-1][0] < 8


def test_a_moment_is_as_long_on_a_slow_machine(monkeypatch):
    """Half a second of frames says how long one takes, or three of them: not those from before the last change."""
    now, meter = [100.0], LiveMeter()
    monkeypatch.setattr("rtstyle.jobs.live.meter.perf_counter", lambda: now[0])

    def show(count, seconds):
        for _ in range(count):
            now[0] += max(seconds, 1 / 30)
            meter.add("network", seconds)
            meter.add(LATENCY, seconds)
        return meter.busy_s(frozenset({"network"}))

    assert show(60, 0.01) == 0.01
    assert show(7, 0.02) == 0.01
    assert show(1, 0.02) == 0.02
    assert show(4, 0.8) == 0.8
