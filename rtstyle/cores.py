"""How many cores there are, and how many threads decoder, encoder and colour conversion use."""

from __future__ import annotations

import os

_FEW = 2


def codec_threads() -> int:
    """1 on two cores, where the network needs both and films are painted a tenth faster; else 0, FFmpeg's choice."""
    return 1 if usable_cores() <= _FEW else 0


def color_threads() -> int:
    """1 on two cores, else 2, for conversion between RGB and the coded format."""
    return codec_threads() or 2


def usable_cores() -> int:
    """The number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
