"""Sees where one shot ends and the next begins."""

from __future__ import annotations

from collections import deque
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from rtstyle.frames import Image

_SIZE = (32, 18)  # px: small enough not to see motion
_LEAST, _TIMES = 0.10, 4.0  # a cut changes so much of the range, and so many times what is usual
_LATELY = 12  # frames


class Cuts:
    """Call it with frame after frame: whether each begins a new shot. The first of all does."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._changes: deque[float] = deque(maxlen=_LATELY)

    def __call__(self, frame: Image) -> bool:
        small = np.asarray(cv2.resize(frame, _SIZE, interpolation=cv2.INTER_AREA) / 255, dtype=np.float32)
        last, self._last = self._last, small
        if last is None:
            return True
        change = float(np.abs(small - last).mean())
        usual = median(self._changes) if self._changes else 0.0
        if change > max(_LEAST, _TIMES * usual):
            self._changes.clear()
            return True
        self._changes.append(change)
        return False
