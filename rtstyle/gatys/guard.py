"""Sees when an optimisation goes wrong: out of numbers, out of range, uphill, or nowhere at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

_FAR = 50.0  # times the best loss: gone at once
_WORSE, _WORSE_FOR = 1.3, 8  # above where it started, and for how many evaluations in a row
_STALE_FOR = 40  # evaluations without a new best, while well above it
_SATURATED = 0.35  # of all values at 0 or 1, beyond what start, photo and artworks have
_SLOW_AFTER, _SLOW = 6, 0.005  # evaluations, and the least share of the loss that these must take off
_TIMID = 0.1  # the same, where the rate is far below the usual
_NOISE = 1e-5  # of the loss: less above the start says nothing
_MOST_CHANGES = 40


class Verdict(Enum):
    """What to do after an evaluation."""

    GO_ON = "continues"
    BACK = "goes back to the best, with a smaller step"
    FASTER = "continues with a larger step"
    GIVE_UP = "ends at this size, with the best"


@dataclass(slots=True)
class Guard:
    """Judges one optimisation, evaluation by evaluation.

    Losses of L-BFGS without a line search jump; only what lasts, or leaps out of all bounds, counts as diverging.
    """

    start: float  # the total loss to begin with
    saturation: float = 0.0  # share of values at 0 or 1 that is normal
    best: float = math.inf
    reason: str = ""
    _evaluations: int = 0
    _best_at: int = 0
    _worse: int = 0
    _changed_at: int = 0
    _changed_from: float = math.inf  # the best then
    _changes: int = 0
    _in_a_row: int = 0
    _latest: Verdict = Verdict.GO_ON

    def judge(self, total: float, saturation: float, *, timid: bool = False) -> Verdict:
        """Take note of an evaluation; ``timid``: the rate is far below the usual, and may well be larger."""
        self._evaluations += 1
        if lost := self._lost(total, saturation):
            return self._back(lost)
        if total < self.best:
            self.best, self._best_at = total, self._evaluations
        self._worse = self._worse + 1 if total > _WORSE * self.start else 0
        since = self._evaluations - max(self._best_at, self._changed_at)
        if self._worse >= _WORSE_FOR or (since >= _STALE_FOR and total > _WORSE * self.best):
            return self._back(f"the loss stays high, at {total:.3g}")
        if not self._is_slow(timid=timid):
            return Verdict.GO_ON
        uphill = total > (1 + _NOISE) * self.start
        return self._back(f"the loss does not fall from {self.start:.3g}") if uphill else self._faster()

    def factor(self) -> float:
        """By how much to change the step: by 4, again by 4, then by ever more, until something works."""
        return float(4.0 ** max(1, 2 ** min(self._in_a_row - 2, 6)))

    def _lost(self, total: float, saturation: float) -> str:
        """Why nothing good can come of going on from here; empty if it can."""
        if not math.isfinite(total):
            return "the loss is not a number"
        if total > _FAR * max(min(self.best, self.start), 1e-30):
            return f"the loss leapt to {total:.3g}"
        if saturation > self.saturation + _SATURATED:
            return f"{saturation:.0%} of the picture is black or white"
        return ""

    def _is_slow(self, *, timid: bool) -> bool:
        """Whether it has hardly moved from its start, or with a timid rate since that was set: the start comes back."""
        since = self._evaluations - self._changed_at
        least, before = (_TIMID, min(self.start, self._changed_from)) if timid else (_SLOW, self.start)
        return (
            not self._worse
            and since >= _SLOW_AFTER
            and self._changes < _MOST_CHANGES
            and self.best > (1 - least) * before
        )

    def _back(self, reason: str) -> Verdict:
        self.reason = reason
        return self._change(Verdict.BACK)

    def _faster(self) -> Verdict:
        self.reason = f"the loss has hardly moved from {self.start:.3g}"
        return self._change(Verdict.FASTER)

    def _change(self, verdict: Verdict) -> Verdict:
        calm = self._evaluations - self._changed_at > 2 * _SLOW_AFTER
        self._in_a_row = 1 if calm or verdict is not self._latest else self._in_a_row + 1
        self._latest = verdict
        self._changes += 1
        self._changed_at, self._changed_from, self._worse = self._evaluations, self.best, 0
        return Verdict.GIVE_UP if self._changes > _MOST_CHANGES else verdict
