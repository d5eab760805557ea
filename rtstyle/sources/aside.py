"""Does slow work in a thread of its own, so that Ctrl-C need not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

from rtstyle.channel import Cancelled, Channel

T = TypeVar("T")


def aside(make: Callable[[], T], discard: Callable[[T], None]) -> T:
    """Return what ``make`` returns in a thread of its own, or raise what it raises.

    An interrupted caller leaves at once; a later result goes to ``discard``.
    """
    made: Channel[T] = Channel(1)
    Thread(target=_make, args=(make, discard, made), name="rtstyle-aside", daemon=True).start()
    try:
        return next(made)
    finally:
        made.cancel()


def _make(make: Callable[[], T], discard: Callable[[T], None], made: Channel[T]) -> None:
    """Body of the thread."""
    with made.feeding():
        thing = make()
        try:
            made.put(thing)
        except Cancelled:
            discard(thing)
