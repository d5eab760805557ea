"""Progress of a download."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Handed to the caller as bytes come in or go out."""

    what: str
    done: int  # bytes
    total: int | None  # None: the server does not say
    bytes_a_second: float

    @property
    def eta_s(self) -> float | None:
        if self.total is None or not self.bytes_a_second:
            return None
        return (self.total - self.done) / self.bytes_a_second


Listener = Callable[[Progress], None]


class Count:
    """Counts bytes and tells the listener; what was there from the start does not count as speed."""

    def __init__(self, what: str, listener: Listener, *, done: int, total: int | None) -> None:
        self._what, self._listener, self._total = what, listener, total
        self._first = self.done = done
        self._begun = time.monotonic()

    def add(self, size: int) -> None:
        self.done += size
        taken_s = max(time.monotonic() - self._begun, 1e-9)
        self._listener(Progress(self._what, self.done, self._total, (self.done - self._first) / taken_s))
