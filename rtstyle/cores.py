"""How many cores there are, and how many a decoder, an encoder and a conversion of colours take for themselves."""

from __future__ import annotations

import os

_FEW = 2


def codec_threads() -> int:
    """One on two cores, where the network needs both: a film is painted a tenth faster; else 0, FFmpeg's choice."""
    return 1 if usable_cores() <= _FEW else 0


def color_threads() -> int:
    """Likewise for a conversion between RGB and what is coded."""
    return codec_threads() or 2


def usable_cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
