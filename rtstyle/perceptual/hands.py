"""Several cores, each with pieces of its own.

torch shares every operation out among all cores and waits for the last of them: what one core has in its cache the
other needs next, and where something else runs beside it all wait for the core that was taken away.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TypeVar

import torch

_MOST = 4  # cores; on more of them the deeper layers have too few lines for each

Piece = TypeVar("Piece")
_own = threading.local()


@contextmanager
def apiece() -> Iterator[None]:
    """Inside, this thread's operations of torch run on one core, and ``shared`` uses as many as torch had before."""
    count = torch.get_num_threads()
    if not 1 < count <= _MOST:
        yield
        return
    pool = _pool(count, os.getpid())
    torch.set_num_threads(1)
    _own.pool, _own.count = pool, count
    try:
        yield
    finally:
        del _own.pool, _own.count
        torch.set_num_threads(count)


def hands() -> int:
    """How many pieces ``shared`` works on at once: 1 outside ``apiece``."""
    return getattr(_own, "count", 1)


def shared(work: Callable[[Piece], object], pieces: Sequence[Piece]) -> None:
    """Do the work for every piece, in any order; nothing is recorded for gradients. Raises what the work raises."""
    if hands() == 1 or len(pieces) == 1:
        for piece in pieces:
            work(piece)
    else:
        list(_own.pool.map(partial(_unrecorded, work, torch.is_inference_mode_enabled()), pieces))


def bands(count: int, step: int = 1) -> list[slice]:
    """That many lines, or rows, in a piece for each hand; cut at multiples of ``step``."""
    size = -(-count // (hands() * step)) * step
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def _unrecorded(work: Callable[[Piece], object], inference: bool, piece: Piece) -> None:  # noqa: FBT001 - partial's
    with torch.inference_mode(inference), torch.no_grad():
        work(piece)


@lru_cache(maxsize=2)
def _pool(count: int, _process: int) -> ThreadPoolExecutor:
    """Threads that run torch's operations alone; of this process, since a fork takes none along."""
    barrier = threading.Barrier(count)

    def begin() -> None:
        torch.set_num_threads(1)
        barrier.wait()

    pool = ThreadPoolExecutor(count, "hand")
    for waiting in [pool.submit(begin) for _ in range(count)]:
        waiting.result()
    torch.set_num_threads(count)  # torch takes the last number that anybody set for that of threads yet to come
    return pool
