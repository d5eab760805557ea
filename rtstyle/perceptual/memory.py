"""Memory that is taken from the system for good."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc's <malloc.h>
_MOST = (1 << 31) - 1  # bytes; what mallopt can be told


def keep_memory() -> None:
    """Let the process keep what it frees, where the C library is glibc.

    It gives every tensor as large as feature maps back, and the system clears pages anew for the next: a tenth of all
    time (docs/LOG.md).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_MMAP_THRESHOLD, _MOST)
    mallopt(_TRIM_THRESHOLD, _MOST)
