"""Chooses at how many lines to paint, so that the machine keeps up with the camera."""

from __future__ import annotations

import math
import sys

_LINES = (180, 216, 240, 288, 324, 360, 396, 432, 480, 540, 576, 648, 720, 810, 900, 1080, 1260, 1440, 1800, 2160)
_FIRST = 360
_ENOUGH_S, _FEWEST = 1.0, 3  # time and frames after a change before the next is considered
_TOO_BUSY, _ROOM = 0.95, 0.8  # of the interval: above the first it shrinks; up to the second it may grow
_LASTING_S = 1.0  # overload for this long; anything shorter is no reason to change
_STEPS_DOWN = 3  # at a time: a moment in which the machine is busy elsewhere must not drop it to the bottom
_HOLD_S, _LONGEST_HOLD_S = 10.0, 320.0  # no growth for this long after a size was too much; doubled every time


class AutoSize:
    """Told how long frames take, says when to paint at another size.

    The network's cost at a size is estimated by its area, the rest as the same at every size. When a size proves too
    much, nothing grows for ten seconds; the next time for twenty, forty, ..., so that it does not oscillate.
    """

    def __init__(self, height: int, interval_s: float) -> None:
        self._choices = [lines for lines in _LINES if lines < height] + [height]
        self._interval_s = interval_s
        self._seen, self._since_s = 0, 0.0  # frames at this size, and time of the first
        self._over_since_s: float | None = None  # when the overload began
        self._judged = False  # whether this size has been
        self._until_s = -math.inf  # when it may grow again
        self._hold_s = _HOLD_S
        self.lines = max((lines for lines in self._choices if lines <= _FIRST), default=self._choices[0])

    def update(self, busy_s: float, network_s: float, now_s: float) -> bool:
        """Note a frame; ``busy_s`` is what recent ones took, network included. True if ``lines`` has changed."""
        if not self._seen:
            self._since_s = now_s
        self._seen += 1
        if self._seen < _FEWEST or now_s - self._since_s < _ENOUGH_S:
            return False
        self._judged = now_s - self._since_s >= _ENOUGH_S + _LASTING_S
        chosen = self.lines
        if busy_s <= _TOO_BUSY * self._interval_s:
            self._over_since_s = None
        elif self._over_since_s is None:
            self._over_since_s = now_s
        if self._over_since_s is not None and now_s - self._over_since_s >= _LASTING_S:
            at = self._choices.index(self.lines)
            chosen = max(self._largest(busy_s, network_s, below=self.lines), self._choices[max(at - _STEPS_DOWN, 0)])
            if chosen != self.lines:
                self._hold(now_s)
        elif busy_s < _ROOM * self._interval_s and now_s >= self._until_s:
            chosen = max(self.lines, self._largest(busy_s, network_s))
        changed = chosen != self.lines
        if changed:
            self._go_to(chosen)
        return changed

    @property
    def at_rest(self) -> bool:
        """Whether this size was seen for long enough and fits, or there is none smaller."""
        return self._judged and (self._over_since_s is None or self.lines == self._choices[0])

    def restart(self) -> None:
        """Discard what was seen so far, as for another style."""
        self._go_to(self.lines)
        self._until_s, self._hold_s = -math.inf, _HOLD_S

    def pause(self) -> None:
        """Nothing is painted now: measure anew for a moment once it is."""
        self._seen, self._over_since_s = 0, None

    def go_back(self, lines: int, now_s: float) -> None:
        """Revert to ``lines``: the new size could not be built."""
        self._go_to(lines)
        self._hold(now_s)

    def _go_to(self, lines: int) -> None:
        self.lines, self._seen, self._over_since_s, self._judged = lines, 0, None, False

    def _largest(self, busy_s: float, network_s: float, *, below: int = sys.maxsize) -> int:
        """The largest size below ``below`` that should fit; 0 if none does."""
        left_s = _ROOM * self._interval_s - (busy_s - network_s)
        fitting = (n for n in self._choices if n < below and network_s * (n / self.lines) ** 2 <= left_s)
        return max(fitting, default=0)

    def _hold(self, now_s: float) -> None:
        """Do not grow for a while, longer if it grew recently."""
        if now_s >= self._until_s:  # earlier, it is still the same overload
            recently = now_s < self._until_s + self._hold_s
            self._hold_s = min(2 * self._hold_s, _LONGEST_HOLD_S) if recently else _HOLD_S
        self._until_s = now_s + self._hold_s
