"""What a model costs in time."""

from __future__ import annotations

import statistics
import time
from math import prod

import numpy as np

from rtstyle.engines import Engine

TIMED_AT = (720, 1280)  # px, height and width


def megapixels_a_second(engine: Engine, turns: int = 10) -> float:
    """Throughput of the network alone at 1280×720, a frame at a time, by the median of ``turns``."""
    frame = np.random.default_rng(0).integers(0, 256, (1, *TIMED_AT, 3), dtype=np.uint8)
    engine.prepare(*TIMED_AT)
    engine(frame)
    seconds = []
    for _ in range(turns):
        begun = time.perf_counter()
        engine(frame)
        seconds.append(time.perf_counter() - begun)
    return prod(TIMED_AT) / 1e6 / statistics.median(seconds)
