"""Brush strokes for places where there is nothing to paint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rtstyle.errors import UsageError

if TYPE_CHECKING:
    from rtstyle.frames import Batch, Image

Grey = NDArray[np.uint8]  # (H, W)
Field = NDArray[np.float32]  # (SIDE, SIDE)

_SIDE = 512  # cells, after which the pattern repeats
_CELL = 2  # px
PERIOD = _SIDE * _CELL  # px, after which the pattern repeats
_WIDTH = 1.0  # cells, width of a stroke: sigma of the noise that is drawn out
_CURL = 30.0  # cells, size of an eddy: sigma of the field whose contours the strokes follow
_DOUBLINGS = 4  # a stroke is 2^4 cells long
_DEPTH = 28.0  # grey levels, root mean square at amount 1
_DETAIL = 12.0  # grey levels, the contrast at which half of a stroke is left
_NEAR = 8  # px: contrast is measured in squares of this side and around them
_BAND = 64  # lines at a time, which stay in a core's cache


class Brushwork:
    """Adds curling strokes to what a network is to paint: in a clear sky it finds nothing and leaves it empty.

    ``amount``: 0 (none) to 1; a function instead is called for every batch. The strokes fade out where there is detail,
    as in a face or in writing, and stand still from frame to frame. The content is left unchanged. Raises UsageError.
    Needs cv2.
    """

    def __init__(self, amount: float | Callable[[], float], *, start: int = 0) -> None:
        """``start``: offset into the endless pattern, px down and to the right."""
        self._start = start // _CELL
        self._amount = amount if callable(amount) else partial(float, check_brushwork(amount))
        self._light = self._dark = np.empty((0, 0), np.uint8)

    def __call__(self, batch: Batch, /) -> Batch:
        amount = check_brushwork(self._amount())
        if not amount:
            return batch
        height, width = batch.images.shape[1:3]
        if self._light.shape != (height, width):
            self._light, self._dark = _laid_out(height, width, self._start)
        images = np.empty_like(batch.images)
        for image, out in zip(batch.images, images, strict=True):
            self._lay(image, _room(image, amount), out)
        return replace(batch, images=images)

    def reset(self) -> None:
        """Nothing to forget."""

    def _lay(self, image: Image, room: Grey, out: Image) -> None:
        import cv2

        for top in range(0, len(image), _BAND):
            rows = slice(top, top + _BAND)
            light, dark = (
                cv2.cvtColor(cv2.multiply(strokes[rows], room[rows], scale=1 / 255), cv2.COLOR_GRAY2RGB)
                for strokes in (self._light, self._dark)
            )
            cv2.subtract(cv2.add(image[rows], light, dst=out[rows]), dark, dst=out[rows])


def check_brushwork(amount: float) -> float:
    """Return ``amount`` unchanged; raise UsageError outside 0 to 1."""
    if not 0 <= amount <= 1:
        raise UsageError(f"brushwork: expected 0 to 1, got {amount:g}")
    return amount


def _room(image: Image, amount: float) -> Grey:
    """How much of a stroke to add at every pixel (H, W), of 255: less where the picture has contrast of its own."""
    import cv2

    height, width = image.shape[:2]
    half, few = ((max(width // share, 1), max(height // share, 1)) for share in (2, _NEAR))
    grey = cv2.cvtColor(cv2.resize(image, half, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean, square = (
        cv2.GaussianBlur(cv2.resize(values, few, interpolation=cv2.INTER_AREA), (0, 0), sigmaX=1)
        for values in (grey, grey * grey)
    )
    variance = np.maximum(square - mean * mean, 0)
    room = 255 * amount / (1 + variance / _DETAIL**2)
    return np.asarray(cv2.resize(room.round().astype(np.uint8), (width, height)))


def _laid_out(height: int, width: int, start: int) -> tuple[Grey, Grey]:
    """The pattern repeated over (height, width): what it lightens and what it darkens."""
    import cv2

    rows, columns = (np.arange(start, start - (-side // _CELL)) % _SIDE for side in (height, width))
    cells = pattern()[np.ix_(rows, columns)]
    strokes = cv2.resize(cells, (len(columns) * _CELL, len(rows) * _CELL))[:height, :width]
    light, dark = (cv2.convertScaleAbs(np.maximum(side * strokes, 0)) for side in (1, -1))
    return np.asarray(light), np.asarray(dark)


@cache
def pattern() -> Field:
    """Noise drawn out along a field without sources, in grey levels; its borders meet.

    Line integral convolution (Cabral & Leedom 1993) along curl noise (Bridson et al. 2007). The lines' length doubles:
    what was gathered along a stretch, and what is gathered along the next one, from where the first ends.
    """
    import cv2

    chance = np.random.default_rng(0)
    strokes, height = _noise(chance, _WIDTH), _noise(chance, _CURL)
    slope_y, slope_x = (np.roll(height, -1, axis) - np.roll(height, 1, axis) for axis in (0, 1))
    steep = np.hypot(slope_x, slope_y) + 1e-9
    on = np.stack([slope_y / steep, -slope_x / steep], axis=2)  # (SIDE, SIDE, 2): x and y, cells
    places = np.stack(np.meshgrid(*[np.arange(_SIDE)] * 2), axis=2).astype(np.float32)
    for _ in range(_DOUBLINGS):
        ahead = partial(cv2.remap, map1=(places + on) % _SIDE, map2=None, interpolation=cv2.INTER_LINEAR)
        strokes = strokes + ahead(strokes, borderMode=cv2.BORDER_WRAP)
        on = on + ahead(on, borderMode=cv2.BORDER_WRAP)
    return np.asarray(strokes * (_DEPTH / strokes.std()), np.float32)


def _noise(chance: np.random.Generator, sigma: float) -> Field:
    """White noise, blurred across its borders."""
    frequencies = np.fft.fftfreq(_SIDE)[:, None] ** 2 + np.fft.rfftfreq(_SIDE) ** 2  # cycles per cell, squared
    spectrum = np.fft.rfft2(chance.standard_normal((_SIDE, _SIDE)))
    return np.fft.irfft2(spectrum * np.exp(-2 * (np.pi * sigma) ** 2 * frequencies)).astype(np.float32)
