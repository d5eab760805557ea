"""Which frames of a video are keyframes: ``--at``, ``--every`` and ``--scenes``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from rtstyle.errors import UsageError
from rtstyle.times import parse_time


@dataclass(frozen=True, slots=True)
class Moments:
    """Any of the three may be left out; a frame that any of them selects is a keyframe."""

    at: tuple[Fraction, ...] = ()  # seconds
    every_frames: int | None = None
    every_s: Fraction | None = None
    scenes: bool = False

    @classmethod
    def parse(cls, at: Sequence[str] = (), every: str | None = None, *, scenes: bool = False) -> Moments:
        """``12.5`` or ``00:01:02``; ``24`` (frames), ``2s`` or ``0.5s``. Raises UsageError."""
        times = tuple(sorted(parse_time(text) for text in at))
        if every is None:
            return cls(times, None, None, scenes)
        if every.isdecimal() and int(every) > 0:
            return cls(times, int(every), None, scenes)
        if re.fullmatch(r"(\d+(\.\d+)?|\.\d+)s", every) and Fraction(every[:-1]) > 0:
            return cls(times, None, Fraction(every[:-1]), scenes)
        raise UsageError(f"every: expected a number of frames (24) or of seconds (2s), got {every!r}")

    def __bool__(self) -> bool:
        return bool(self.at or self.every_frames or self.every_s or self.scenes)

    @property
    def last(self) -> Fraction | None:
        """The time in seconds of the last keyframe; None if not known beforehand."""
        return None if self.scenes or self.every_frames or self.every_s else max(self.at, default=None)

    def wants(self, index: int, time: Fraction, before: Fraction | None, *, cut: bool) -> bool:
        """Whether the frame of that number, shown at ``time`` s, is one; ``before``: the time of the one before.

        ``--at`` means the first frame at or after the time.
        """
        if self.scenes and cut:
            return True
        if self.every_frames and index % self.every_frames == 0:
            return True
        passed = Fraction(-1) if before is None else before
        if self.every_s and time // self.every_s > passed // self.every_s:
            return True
        return any(passed < moment <= time for moment in self.at)


def clock(time: Fraction) -> str:
    """``00-01-02.500``: a time as a file's name can hold it."""
    thousandths = round(time * 1000)
    seconds, rest = divmod(thousandths, 1000)
    return f"{seconds // 3600:02}-{seconds // 60 % 60:02}-{seconds % 60:02}.{rest:03}"
