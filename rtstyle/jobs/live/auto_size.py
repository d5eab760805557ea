"""Chooses at how many lines to paint, so that a machine keeps a camera's rate."""

from __future__ import annotations

import math
import sys

_LINES = (180, 216, 240, 288, 324, 360, 396, 432, 480, 540, 576, 648, 720, 810, 900, 1080, 1260, 1440, 1800, 2160)
_FIRST = 360
_ENOUGH_S, _FEWEST = 1.0, 3  # as long after a change, and as many frames, before the next is thought of
_TOO_BUSY, _ROOM = 0.95, 0.8  # of the interval: above the one it gets smaller; up to the other it may grow
_LASTING_S = 1.0  # too much for as long: what is over sooner is no reason to change
_STEPS_DOWN = 3  # at a time: a moment in which the machine does something else is no reason to fall to the bottom
_HOLD_S, _LONGEST_HOLD_S = 10.0, 320.0  # as long it does not grow after a size that was too much; doubled every time


class AutoSize:
    """Told how long frames take, says when to paint at another size.

    What the network will cost at a size is reckoned by its area, and the rest as the same at every size. When one
    proves too much, nothing grows for ten seconds; the next time for twenty, forty, ...: it does not pump.
    """

    def __init__(self, height: int, interval_s: float) -> None:
        self._choices = [lines for lines in _LINES if lines < height] + [height]
        self._interval_s = interval_s
        self._seen, self._since_s = 0, 0.0  # frames at this size, and when the first came
        self._over_since_s: float | None = None  # when it began to be too much
        self._judged = False  # whether this size was
        self._until_s = -math.inf  # when it may grow again
        self._hold_s = _HOLD_S
        self.lines = max((lines for lines in self._choices if lines <= _FIRST), default=self._choices[0])

    def update(self, busy_s: float, network_s: float, now_s: float) -> bool:
        """Take note of a frame; ``busy_s`` is what the latest took, with the network. True if ``lines`` has changed."""
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
        """Whether this size was seen for long enough, and fits, or there is none smaller."""
        return self._judged and (self._over_since_s is None or self.lines == self._choices[0])

    def restart(self) -> None:
        """What was seen so far says nothing any more: another style, say."""
        self._go_to(self.lines)
        self._until_s, self._hold_s = -math.inf, _HOLD_S

    def go_back(self, lines: int, now_s: float) -> None:
        """The size that was chosen could not be had: it was too much."""
        self._go_to(lines)
        self._hold(now_s)

    def _go_to(self, lines: int) -> None:
        self.lines, self._seen, self._over_since_s, self._judged = lines, 0, None, False

    def _largest(self, busy_s: float, network_s: float, *, below: int = sys.maxsize) -> int:
        """The largest size below that one that should fit; 0 where none does."""
        left_s = _ROOM * self._interval_s - (busy_s - network_s)
        fitting = (n for n in self._choices if n < below and network_s * (n / self.lines) ** 2 <= left_s)
        return max(fitting, default=0)

    def _hold(self, now_s: float) -> None:
        """Do not grow for a while, which is longer if it had grown not long ago."""
        if now_s >= self._until_s:  # before, it is still the same that was too much
            recently = now_s < self._until_s + self._hold_s
            self._hold_s = min(2 * self._hold_s, _LONGEST_HOLD_S) if recently else _HOLD_S
        self._until_s = now_s + self._hold_s
