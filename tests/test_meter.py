"""Durations, percentiles and progress."""

import sys

import pytest

from rtstyle.meter import Meter, Progress


def test_percentiles_are_right_to_one_percent():
    """Of 1 to 100 ms, half are at most 50 and 95 of 100 at most 95."""
    meter = Meter()
    for ms in range(1, 101):
        meter.add("network", ms / 1e3)
    times = meter.times()["network"]
    assert times.p50_ms == pytest.approx(50, rel=0.01)
    assert times.p95_ms == pytest.approx(95, rel=0.01)
    assert meter.frames("network") == 100


def test_a_batch_counts_as_its_frames():
    """Four frames in 40 ms are four frames of 10 ms."""
    meter = Meter()
    meter.add("network", 0.040, frames=4)
    assert meter.frames("network") == 4
    assert meter.times()["network"].p50_ms == pytest.approx(10, rel=0.01)


def test_a_long_film_needs_no_more_memory_than_a_short_one():
    """A hundred thousand durations are kept in a few hundred numbers."""
    meter = Meter()
    for number in range(100_000):
        meter.add("network", 0.02 + number % 1000 * 1e-6)
    assert sys.getsizeof(meter._bins["network"]) < 20_000


def test_progress_tells_speed_and_time_left():
    """50 of 200 frames in 5 s: 10 fps, 15 s to go; without a total nobody knows."""
    assert Progress(50, 200, 5.0).fps == 10
    assert Progress(50, 200, 5.0).eta_s == 15
    assert Progress(50, None, 5.0).eta_s is None
