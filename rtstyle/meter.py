"""Measures how fast each part of a run is, in a few hundred bytes however long the run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter

_STEPS_PER_E = 100  # histogram bins are 1 % wide
_WORDS = {  # names for people of stages that a report calls by their class
    **dict.fromkeys(("VideoReader", "AnimationReader", "PhotoFolder"), "reading"),
    **dict.fromkeys(("Paced", "LiveSource"), "source"),
    **dict.fromkeys(("Stylizer", "Schedule", "Switch"), "painting"),
    "Guided": "painting, upsampling",
    "Brushwork": "strokes",
    "Steady": "steadying",
    "KeepColors": "colours",
    "Blend": "mixing",
    **dict.fromkeys(("Divided", "SideBySide"), "side by side"),
    "Mirror": "mirror",
    "Notice": "notice",
    **dict.fromkeys(("SegmentWriter", "VideoWriter", "PhotoWriter"), "writing"),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come; handed to ``progress`` after every frame written."""

    frames: int
    total: int | None  # as the container claims; None: unknown
    seconds: float
    resumed: int = 0  # frames done by an earlier run

    @property
    def fps(self) -> float:
        return (self.frames - self.resumed) / self.seconds if self.seconds > 0 else 0.0

    @property
    def eta_s(self) -> float | None:
        if self.total is None or not self.frames:
            return None
        return max(self.total - self.frames, 0) / self.fps if self.fps else None


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Milliseconds per frame, to 1 %, excluding time spent waiting for neighbours."""

    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did. A file source drops nothing: there ``frames_in == frames_out``."""

    frames_in: int = 0
    frames_out: int = 0
    frames_dropped: int = 0
    seconds: float = 0.0
    first_frame_s: float | None = None  # from the start to the first frame written
    stages: dict[str, StageTimes] = field(default_factory=dict)
    provider: str = ""  # what the network ran on; filled in by the jobs that have one
    encoder: str = ""  # what encoded the film, if it was one
    frames_resumed: int = 0  # done by an earlier run, not counted above
    frames_skipped: int = 0  # frames of the source that could not be decoded
    failures: tuple[str, ...] = ()  # live: what became of outputs that failed while others continued

    def as_job(self, *, provider: str, opened_s: float) -> Report:
        """Return the report of a whole job, including the ``opened_s`` spent on opening and compiling."""
        first = None if self.first_frame_s is None else self.first_frame_s + opened_s
        return replace(self, provider=provider, seconds=self.seconds + opened_s, first_frame_s=first)

    @property
    def fps(self) -> float:
        return self.frames_out / self.seconds if self.seconds > 0 else 0.0


def spoken(stage: str) -> str:
    """Return a stage's name for people: ``Stylizer`` is painting."""
    return _WORDS.get(stage, stage)


class Meter:
    """Collects durations by name. Each name belongs to one thread."""

    def __init__(self) -> None:
        self._bins: dict[str, Counter[int]] = {}

    def add(self, name: str, seconds: float, *, frames: int = 1) -> None:
        """Count ``frames`` that took ``seconds`` together."""
        bins = self._bins.setdefault(name, Counter())
        if frames:
            bins[round(math.log(max(seconds / frames, 1e-9)) * _STEPS_PER_E)] += frames

    @contextmanager
    def timing(self, name: str, *, frames: int = 1) -> Iterator[None]:
        """Add the duration of the block."""
        start = perf_counter()
        yield
        self.add(name, perf_counter() - start, frames=frames)

    def frames(self, name: str) -> int:
        """How many frames were counted under ``name``."""
        return self._bins.get(name, Counter()).total()

    def times(self) -> dict[str, StageTimes]:
        """The percentiles of every name that has at least one duration."""
        return {
            name: StageTimes(p50_ms=_percentile_ms(bins, 0.50), p95_ms=_percentile_ms(bins, 0.95))
            for name, bins in self._bins.items()
            if bins
        }


def _percentile_ms(bins: Counter[int], share: float) -> float:
    wanted = share * bins.total()
    seen = 0
    for step in sorted(bins):
        seen += bins[step]
        if seen >= wanted:
            break
    return round(math.exp(step / _STEPS_PER_E) * 1e3, 3)
