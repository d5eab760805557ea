"""Moments and durations as people write them."""

from __future__ import annotations

import re
from fractions import Fraction

from rtstyle.errors import UsageError

_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)")  # [[hours:]minutes:]seconds


def parse_time(text: str) -> Fraction:
    """Read ``12.5``, ``01:30`` or ``1:02:03.04`` as seconds. Raises UsageError."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text}: expected a time as in 12.5, 01:30 or 1:02:03.04")
    hours, minutes, seconds = (Fraction(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds
