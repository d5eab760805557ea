"""Moments, durations and rates, as people and PyAV write them."""

from __future__ import annotations

import re
from fractions import Fraction

from rtstyle.errors import UsageError

_ROUNDED = Fraction(1, 5000)  # share of a rate: how far 23.98 may be from 24000/1001, and 24 is not
_FINEST = 1_001_000  # the largest denominator of a rate that FFmpeg is given: its time bases have 32 bits
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)")  # [[hours:]minutes:]seconds


def parse_time(text: str) -> Fraction:
    """Read ``12.5``, ``01:30`` or ``1:02:03.04`` as seconds. Raises UsageError."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text}: expected a time as in 12.5, 01:30 or 00:01:02.5")
    hours, minutes, seconds = (Fraction(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds


def parse_rate(text: str) -> Fraction:
    """Read ``24``, ``24000/1001`` or ``23.976``, which means the same, as frames per second. Raises UsageError."""
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"{text}: expected a frame rate as in 25, 30000/1001 or 29.97") from None
    rate = rate.limit_denominator(_FINEST)
    return unrounded_rate(rate) if "." in text else rate


def unrounded_rate(rate: Fraction) -> Fraction:
    """Return NTSC's fraction for its decimals, 30000/1001 for 29.97; any other rate as it is."""
    ntsc = Fraction(round(rate * 1001 / 1000) * 1000, 1001)
    return ntsc if abs(rate - ntsc) < rate * _ROUNDED else rate


def spoken_time(seconds: float) -> str:
    """Return ``40 s``, ``12 min`` or ``1 h 05 min``."""
    if seconds < 90:  # noqa: PLR2004 - a minute and a half
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def fraction(value: object) -> Fraction | None:
    """PyAV's rationals as fractions; None for the unknown, which FFmpeg writes 0/1."""
    return exact(value) if value else None


def exact(value: object) -> Fraction:
    """PyAV's rational as a fraction; PyAV 18 has a type of its own for some."""
    return Fraction(value.numerator, value.denominator)  # type: ignore[attr-defined]  # AVRational or Fraction
