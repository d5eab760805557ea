"""Holds back pictures that come too early."""

from __future__ import annotations

import math
import time
from time import perf_counter

_LATE_S = 1.0  # behind its time by more than this, a picture sets the clock: what came before was waited for
_EARLY_S = 5.0  # or early by more than this, as after a jump of the clock


class Pace:
    """Holds pictures back until their times, by a clock that the first one sets."""

    def __init__(self) -> None:
        self._zero = math.inf  # time.perf_counter(), of a picture whose time is 0

    def wait(self, time_s: float) -> None:
        """Return when a picture of that time is due; at once if it is late."""
        early_s = self._zero + time_s - perf_counter()
        if -_LATE_S <= early_s <= _EARLY_S:
            time.sleep(max(early_s, 0))
        else:
            self._zero = perf_counter() - time_s
