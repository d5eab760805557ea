"""One style after another, at set times, with cross-fades between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rtstyle.errors import UsageError
from rtstyle.frames import Batch
from rtstyle.stages.blend import mix

if TYPE_CHECKING:
    from rtstyle.protocols import Stage

Entry = tuple[Fraction, "Stage"]  # seconds, and what paints from there on


class Schedule:
    """Sends every frame through the stage of its time; after each change both are mixed for ``fade_s`` seconds.

    A frame's picture depends on its time alone: neither order nor batches matter, and seeking is free.
    ``entries`` are in order of time; frames before the first go through the first. A fade that the next
    change would cut short is shortened to fit. The owner closes the stages.
    """

    def __init__(self, entries: Sequence[Entry], *, fade_s: Fraction = Fraction(1, 2)) -> None:
        times = [time for time, _ in entries]
        if not entries or any(later <= earlier for earlier, later in pairwise(times)):
            said = ", ".join(f"{float(time):g}" for time in times) or "none"
            raise UsageError(f"style times: expected one or more, each later than the last, got {said}")
        if fade_s < 0:
            raise UsageError(f"cross-fade: expected 0 seconds or more, got {float(fade_s):g}")
        self._entries = tuple(entries)
        self._fade_s = fade_s

    def __call__(self, batch: Batch, /) -> Batch:
        shares = [self._share(time) for time in batch.times]
        if len(set(shares)) == 1 and shares[0][1] == 1:  # as nearly always: one style paints all
            return replace(batch, images=self._entries[shares[0][0]][1](batch).images)
        images = np.empty_like(batch.images)
        for index, (_, stage) in enumerate(self._entries):
            mine = [
                n for n, share in enumerate(shares) if share[0] == index or (share[0] == index + 1 and share[1] < 1)
            ]
            if mine:
                painted = stage(_pick(batch, mine)).images
                for n, image in zip(mine, painted, strict=True):
                    # The older of two styles comes first and is then mixed with the newer.
                    faded = shares[n][0] == index and shares[n][1] < 1
                    images[n] = mix(images[n], image, shares[n][1]) if faded else image
        return replace(batch, images=images)

    def reset(self) -> None:
        for _, stage in self._entries:
            stage.reset()

    def _share(self, time: Fraction) -> tuple[int, float]:
        """Which entry a time belongs to, and its share; the entry before it has the rest."""
        index = max((n for n, (start, _) in enumerate(self._entries) if start <= time), default=0)
        if index == 0 or not self._fade_s:
            return index, 1.0
        start = self._entries[index][0]
        end = self._entries[index + 1][0] if index + 1 < len(self._entries) else None
        fade_s = self._fade_s if end is None else min(self._fade_s, end - start)
        return index, min(1.0, float((time - start) / fade_s))


def _pick(batch: Batch, indices: Sequence[int]) -> Batch:
    if len(indices) == len(batch):
        return batch
    times = [batch.times[index] for index in indices]
    chosen = list(indices)
    return Batch(content=batch.content[chosen], images=batch.images[chosen], times=times)
