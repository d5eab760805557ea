"""Pieces of one computation side by side, each by a thread of its own.

Where PyTorch's own threads share every single operation, each of them reads what the other has just written, from the
cache that all cores share, and all wait for the slowest, operation by operation.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch

Piece = TypeVar("Piece")


def side_by_side(work: Callable[[Piece], None], pieces: Sequence[Piece]) -> None:
    """Do all pieces, as many at a time as PyTorch has threads here; nothing is recorded for a gradient.

    A single piece is left to PyTorch's own threads. What a piece raises is raised.
    """
    count = torch.get_num_threads()
    if count == 1 or len(pieces) == 1:
        for piece in pieces:
            work(piece)
        return
    inference = torch.is_inference_mode_enabled()  # which, like the gradient, is a thread's own affair

    def alone(piece: Piece) -> None:
        with torch.inference_mode(mode=inference), torch.no_grad():
            work(piece)

    for _ in _pool(os.getpid(), count).map(alone, pieces):
        pass


@cache
def _pool(process: int, count: int) -> ThreadPoolExecutor:  # noqa: ARG001 - a fork inherits no threads
    """So many threads, in each of which PyTorch has but one."""
    ready = threading.Barrier(count)  # or a first thread would take all that is to be done in the beginning

    def begin() -> None:
        torch.set_num_threads(1)
        ready.wait()

    pool = ThreadPoolExecutor(count, thread_name_prefix="convolution", initializer=begin)
    list(pool.map(abs, range(count)))
    torch.set_num_threads(count)  # the last word counts for threads that begin later
    return pool
