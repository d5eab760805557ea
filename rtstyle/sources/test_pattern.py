"""Moving colour bars: a source that needs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import count

import numpy as np

from rtstyle.frames import Frame, Image, VideoFormat

_BARS = np.array(  # (8, 3) RGB: the order of SMPTE ECR 1-1978, at full level, then black
    [
        (255, 255, 255),
        (255, 255, 0),
        (0, 255, 255),
        (0, 255, 0),
        (255, 0, 255),
        (255, 0, 0),
        (0, 0, 255),
        (0, 0, 0),
    ],
    dtype=np.uint8,
)


class TestPattern:
    """Colour bars that move two pixels to the left in each of ``frames`` frames; None: for ever."""

    __test__ = False  # the name is the field's; pytest is not meant

    def __init__(
        self, width: int = 640, height: int = 480, *, frames: int | None = 250, rate: Fraction = Fraction(25)
    ) -> None:
        self._row = _BARS[np.arange(width) * len(_BARS) // width]  # (W, 3)
        self.format = VideoFormat(width=width, height=height, rate=rate, time_base=1 / rate, frames=frames)

    def __iter__(self) -> Iterator[Frame]:
        step = self.format.time_base
        for index in count() if self.format.frames is None else range(self.format.frames):
            yield Frame(self._image(index), index * step, step)

    def close(self) -> None:
        """Nothing is held open."""

    def _image(self, index: int) -> Image:
        """Bars, and a line at the bottom that counts: its first ``index`` pixels, modulo the width, are grey."""
        height, width = self.format.height, self.format.width
        image = np.repeat(np.roll(self._row, -2 * index, axis=0)[None], height, axis=0)  # (H, W, 3)
        image[-1] = 0
        image[-1, : index % (width + 1)] = 128
        return image
