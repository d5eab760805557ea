"""A bounded channel between two threads that can fail at either end without anyone hanging."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")

_WAKE_S = 0.5  # Windows delivers Ctrl-C only between waits


class Cancelled(Exception):  # noqa: N818 - not an error: the consumer has left, and the producer may go home
    """The consumer has stopped."""


class Channel(Generic[T]):
    """Hands items from one producer to one consumer, at most ``capacity`` at a time.

    The producer's exception comes out at the consumer's end, after the items that came before it.
    The consumer may leave at any time: then ``put`` raises ``Cancelled``. Items that ``droppable``
    accepts are dropped, the oldest first, for newer ones; without it ``put`` waits and nothing is lost.
    """

    def __init__(self, capacity: int, *, droppable: Callable[[T], bool] | None = None) -> None:
        self._capacity = capacity
        self._droppable = droppable
        self._items: deque[T] = deque()
        self._changed = Condition()
        self._ended = False
        self._cancelled = False
        self._error: BaseException | None = None
        self.dropped = 0

    def put(self, item: T) -> None:
        """Wait for room and append ``item``; raises ``Cancelled`` once the consumer has left."""
        with self._changed:
            while not self._cancelled and len(self._items) >= self._capacity and not self._drop():
                self._changed.wait(_WAKE_S)
            if self._cancelled:
                raise Cancelled
            self._items.append(item)
            self._changed.notify_all()

    def close(self, error: BaseException | None = None) -> None:
        """End the stream, from the producer's side; ``error`` is raised in the consumer."""
        with self._changed:
            self._ended = True
            self._error = error
            self._changed.notify_all()

    def cancel(self) -> None:
        """Leave, from the consumer's side: waiting items are discarded and the producer is woken."""
        with self._changed:
            self._cancelled = True
            self._items.clear()
            self._changed.notify_all()

    def wait_for_end(self, seconds: float) -> bool:
        """Wait until the producer has ended the stream; False if it has not within that time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, seconds)

    def wait_for_item(self, seconds: float) -> bool:
        """Wait until ``next`` would return or raise at once; False if it would not within that time."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._items) or self._ended or self._cancelled, seconds)

    @property
    def cancelled(self) -> bool:
        """Whether the consumer has left."""
        with self._changed:
            return self._cancelled

    @contextmanager
    def feeding(self) -> Iterator[None]:
        """Close the channel when the block ends, with its exception if there is one.

        Nothing is raised here: the thread just ends, and the consumer is told why.
        """
        try:
            yield
        except Cancelled:
            self.close()
        except BaseException as error:  # noqa: BLE001 - carried to the consumer, who raises it
            self.close(error)
        else:
            self.close()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self._changed:
            while not self._items and not self._ended and not self._cancelled:
                self._changed.wait(_WAKE_S)
            if self._items:
                item = self._items.popleft()
                self._changed.notify_all()
                return item
            if self._error is not None:
                raise self._error
            raise StopIteration

    def _drop(self) -> bool:
        """Drop the oldest droppable item; False if there is none."""
        if self._droppable is None:
            return False
        for index, item in enumerate(self._items):
            if self._droppable(item):
                del self._items[index]
                self.dropped += 1
                return True
        return False
