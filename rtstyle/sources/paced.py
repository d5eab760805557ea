"""A file played at its own speed, as if it were live."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from time import perf_counter
from typing import TYPE_CHECKING

from rtstyle.frames import Frame
from rtstyle.sources.square import square_width, squared

if TYPE_CHECKING:
    from rtstyle.protocols import Source

_BEAT_S = 0.2  # a picture shown for longer is repeated, so that nothing downstream stalls and stopping works
_TICK = Fraction(1, 90_000)  # seconds, of a repeated picture's time
_LATE_S = 1.0  # behind the clock by more than this, the clock is put back: the machine slept, or cannot keep up


class Paced:
    """Yields every frame of ``open()`` when it is due; with ``loop`` reopens it at its end, for ever.

    Pixels are made square; sound and subtitles are left out. What ``open`` raises the first time is raised here.
    """

    status = ""  # never reconnecting

    def __init__(self, open: Callable[[], Source], *, loop: bool = False) -> None:
        self._open, self._loop = open, loop
        self._source = open()
        format = self._source.format
        self._aspect = format.sample_aspect
        self._step = 1 / (format.rate or Fraction(25))  # how long a frame without a duration stands
        format = replace(format, width=square_width(format.width, self._aspect), sample_aspect=Fraction(1))
        self.format = replace(format, live=True, frames=None, streams=(), chapters=(), start=Fraction(0), metadata={})

    def __iter__(self) -> Iterator[Frame]:
        zero, offset = perf_counter(), Fraction(0)
        before: Frame | None = None
        while True:
            end = offset
            for item in self._source:
                if not isinstance(item, Frame):
                    continue
                frame = replace(item, image=squared(item.image, self._aspect), time=offset + item.time)
                end = frame.time + (item.duration or self._step)
                zero = max(zero, perf_counter() - float(frame.time) - _LATE_S)
                yield from _wait(frame, zero, before)
                before = frame
            if not self._loop:
                if before is not None:
                    yield from _hold(before, zero, float(end))
                return
            self._source.close()
            # PyAV's containers and streams hold each other, and decoders with them: left to the collector's own time,
            # a clip of eleven seconds grew by 0.4 MB a round.
            gc.collect()
            self._source, offset = self._open(), end

    def close(self) -> None:
        self._source.close()


def _wait(frame: Frame, zero: float, before: Frame | None) -> Iterator[Frame]:
    """Give the frame when it is due, by a clock that stood at 0 at ``zero``; ``before`` until then."""
    yield from _hold(before, zero, float(frame.time))
    yield replace(frame, captured=perf_counter())


def _hold(frame: Frame | None, zero: float, until: float) -> Iterator[Frame]:
    """Wait until that time of the film, and give the frame, if there is one, again and again."""
    while (left := zero + until - perf_counter()) > 0:
        time.sleep(min(left, _BEAT_S))
        if frame is not None and (now := perf_counter()) < zero + until:
            yield replace(frame, time=Fraction(round((now - zero) / _TICK)) * _TICK, captured=now)
