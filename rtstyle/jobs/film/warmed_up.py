"""Lets a stage with memory restart at every segment, without any visible effect."""

from __future__ import annotations

from collections import deque

from rtstyle.frames import Batch
from rtstyle.protocols import Stage


class WarmedUp:
    """Resets ``stage`` every ``length`` frames and shows it the last ``lead`` ones again.

    So a segment depends on ``lead`` frames before it and on no others, and a run that is resumed
    there gives the same. ``length`` and ``lead`` are multiples of the size of a batch, and the
    first frame that comes is the first of a segment, or ``lead`` frames before one.
    In a report it has the stage's name.
    """

    def __init__(self, stage: Stage, *, length: int, lead: int, skipped: int = 0) -> None:
        """``skipped``: frames of the film that come before the first one here."""
        self.name = type(stage).__name__
        self._stage, self._length, self._lead, self._count = stage, length, lead, skipped
        self._recent: deque[Batch] = deque()

    def __call__(self, batch: Batch, /) -> Batch:
        if self._count % self._length == 0:
            self._stage.reset()
            for earlier in self._recent:
                self._stage(earlier)
        self._count += len(batch)
        self._recent.append(batch)
        while self._recent and sum(map(len, self._recent)) - len(self._recent[0]) >= self._lead:
            self._recent.popleft()
        return self._stage(batch)

    def reset(self) -> None:
        self._stage.reset()
        self._recent.clear()
