"""Chooses at how many lines to paint, so that a machine keeps a camera's rate."""

from __future__ import annotations

_LINES = (180, 216, 240, 288, 324, 360, 396, 432, 480, 540, 576, 648, 720, 810, 900, 1080, 1260, 1440, 1800, 2160)
_FIRST = 360
_ENOUGH = 30  # frames after a change before the next is thought of
_TOO_BUSY, _ROOM = 0.92, 0.72  # of the interval: above the one it gets smaller; up to the other it may grow
_HOLD_S, _LONGEST_HOLD_S = 10.0, 320.0  # as long is a size that was too much not tried again; doubled every time


class AutoSize:
    """Told how long frames take, says when to paint at another size.

    What a size will cost is reckoned by its area, which overrates larger ones: part of the cost is the same
    at every size. A size that proved too much is left alone for ten seconds, then twenty, forty, ...: no pumping.
    """

    def __init__(self, height: int, interval_s: float) -> None:
        self._choices = [lines for lines in _LINES if lines < height] + [height]
        self._interval_s = interval_s
        self._seen = 0
        self._too_much: dict[int, tuple[float, float]] = {}  # lines: not before (seconds), and how long that held
        self.lines = max((lines for lines in self._choices if lines <= _FIRST), default=self._choices[0])

    def update(self, busy_s: float, now_s: float) -> bool:
        """Take note of a frame; ``busy_s`` is what the latest ones took. True if ``lines`` has changed."""
        self._seen += 1
        if self._seen < _ENOUGH:
            return False
        chosen = self.lines
        if busy_s > _TOO_BUSY * self._interval_s:
            chosen = self._largest(busy_s, below=self.lines)
            self._hold(self.lines, now_s)
        elif busy_s < _ROOM * self._interval_s:
            chosen = max(self.lines, self._largest(busy_s, now_s=now_s))
        changed = chosen != self.lines
        if changed:
            self.lines, self._seen = chosen, 0
        return changed

    def restart(self) -> None:
        """What was seen so far says nothing any more: another style, say."""
        self._seen = 0

    def _largest(self, busy_s: float, *, below: int | None = None, now_s: float = 0.0) -> int:
        """The largest size that should fit; the smallest, where none does."""
        fitting = [
            lines
            for lines in self._choices
            if busy_s * (lines / self.lines) ** 2 <= _ROOM * self._interval_s
            and (below is None or lines < below)
            and (below is not None or not self._held(lines, now_s))
        ]
        return max(fitting, default=self._choices[0] if below is not None else self.lines)

    def _held(self, lines: int, now_s: float) -> bool:
        return any(lines >= held and now_s < until for held, (until, _) in self._too_much.items())

    def _hold(self, lines: int, now_s: float) -> None:
        _, before_s = self._too_much.get(lines, (0.0, _HOLD_S / 2))
        hold_s = min(2 * before_s, _LONGEST_HOLD_S)
        self._too_much[lines] = now_s + hold_s, hold_s
