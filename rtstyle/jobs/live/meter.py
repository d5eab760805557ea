"""Measures the last few seconds, for the viewer's statistics and for choosing the size."""

from __future__ import annotations

from collections import deque
from statistics import median, quantiles
from time import perf_counter

from rtstyle.meter import Meter

LATENCY = "latency"  # seconds from capture to display
NETWORK = "network"  # seconds in the network alone; also contained in those of the stage around it
_RECENT = 60  # frames
_MOMENT_S = 0.5  # whose frames decide the size: quick enough for eyes, slow enough for noise
_FEWEST = 3  # frames, however long they take
_SOON_S = 2.0  # over which the frame rate is counted


class LiveMeter(Meter):
    """A meter that also remembers the last frames, name by name."""

    def __init__(self) -> None:
        super().__init__()
        self._recent: dict[str, deque[float]] = {}
        self._shown: deque[float] = deque(maxlen=600)

    def add(self, name: str, seconds: float, *, frames: int = 1) -> None:
        """Count ``frames`` that took ``seconds`` together."""
        super().add(name, seconds, frames=frames)
        self._recent.setdefault(name, deque(maxlen=_RECENT)).append(seconds / max(frames, 1))
        if name == LATENCY:
            self._shown.append(perf_counter())

    def forget(self) -> None:
        """Start counting anew."""
        self._bins = {}
        self._shown.clear()

    def busy_s(self, names: frozenset[str]) -> float:
        """Seconds per frame in these stages together, over the last moment."""
        moment = max(round(self.fps * _MOMENT_S), _FEWEST)
        return sum(median(list(self._recent[name])[-moment:]) for name in names if name in self._recent)

    def recent_ms(self, name: str) -> tuple[float, float]:
        """p50 and p95 of the last frames, milliseconds; zeros where there are none yet."""
        values = list(self._recent.get(name, ()))
        if len(values) < 2:  # noqa: PLR2004 - quantiles need as many
            return 0.0, 0.0
        return median(values) * 1e3, quantiles(values, n=20)[-1] * 1e3

    def names(self) -> list[str]:
        return list(self._recent)

    @property
    def fps(self) -> float:
        """Frames shown per second, over the last two."""
        now = perf_counter()
        return sum(now - shown < _SOON_S for shown in list(self._shown)) / _SOON_S
