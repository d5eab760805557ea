"""Scales a small painting up to the size of the picture it was painted from, with that picture's edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rtstyle.frames import Image

Grey = NDArray[np.uint8]  # (h, w)

_FIT = 2  # the fit is made at the small size divided by this
_WINDOW = (3, 3)  # of the fit's pixels
_NOISE = 20.0  # variance below which the content explains nothing (grey levels squared)
_LOST = 0.5  # of the painting's own detail, which the content does not explain
_ONE = 256  # the gain, in fixed point
_MIDDLE = 128  # the detail's zero, as bytes
_BAND = 72  # lines at a time, which stay in a core's cache


class GuidedUpsampler:
    """From ``small`` to ``full``, both (height, width), pixels. Reuses its arrays; for one thread. Needs cv2."""

    # He & Sun (2015), "Fast Guided Filter": a line a · content + b is fitted to the painting around every small pixel,
    # and a and b are brought to full size in the painting's place. Ours fits luma alone (eyes see colour coarsely). It
    # brings up what the fit gives at the small size, with half of what the line misses, which are the brush strokes
    # (the plain filter takes them for noise), and adds the detail of the content that was lost there, times a.
    # Arrays are made once, as fresh pages for every frame took as long as the arithmetic (docs/LOG.md).

    def __init__(self, small: tuple[int, int], full: tuple[int, int]) -> None:
        self.sizes = small, full
        fit, band = (max(small[0] // _FIT, 1), max(small[1] // _FIT, 1)), (min(_BAND, full[0]), full[1])
        self._fit = [np.empty(fit, np.float32) for _ in range(7)]
        self._guide, self._target, self._line, self._off = (np.empty(small, np.uint8) for _ in range(4))
        self._a, self._b = (np.empty(small, np.float32) for _ in range(2))
        self._seen, self._gain = (np.empty(small, np.int16) for _ in range(2))
        self._fitted, self._rgb = (np.empty((*small, 3), np.uint8) for _ in range(2))
        self._low, self._gains = (np.empty(full, np.int16) for _ in range(2))
        self._luma, self._byte = (np.empty(band, np.uint8) for _ in range(2))
        self._detail, self._light = np.empty(band, np.int16), np.empty((*band, 3), np.uint8)
        self._middle = np.full(band, _MIDDLE, np.uint8)

    def __call__(self, content: Image, small: Image, painted: Image, out: Image) -> None:
        """Write ``painted`` at the size of ``content`` into ``out``; ``small`` is the content that was painted.

        All (H, W, 3) uint8 RGB.
        """
        import cv2

        cv2.cvtColor(small, cv2.COLOR_RGB2GRAY, dst=self._guide)
        cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY, dst=self._target)
        np.copyto(self._seen, self._guide)
        self._draw_line()
        self._mend(painted)
        height, width = content.shape[:2]
        for source, target in ((self._fitted, out), (self._seen, self._low), (self._gain, self._gains)):
            cv2.resize(source, (width, height), dst=target)
        for top in range(0, height, _BAND):
            rows = slice(top, min(top + _BAND, height))
            self._sharpen(content[rows], self._low[rows], self._gains[rows], out[rows])

    def _draw_line(self) -> None:
        """Fit the line around every pixel; ``_gain`` is its slope, ``_line`` what it makes of the small content."""
        import cv2

        guide, target, a, b, x, y, z = self._fit
        size = guide.shape[::-1]
        np.copyto(guide, cv2.resize(self._guide, size, interpolation=cv2.INTER_AREA))
        np.copyto(target, cv2.resize(self._target, size, interpolation=cv2.INTER_AREA))
        mean_guide, mean_target = cv2.blur(guide, _WINDOW, dst=x), cv2.blur(target, _WINDOW, dst=y)
        cv2.blur(cv2.multiply(guide, target, dst=z), _WINDOW, dst=a)
        cv2.subtract(a, cv2.multiply(mean_guide, mean_target, dst=z), dst=a)  # covariance
        cv2.blur(cv2.multiply(guide, guide, dst=z), _WINDOW, dst=b)
        cv2.subtract(b, cv2.multiply(mean_guide, mean_guide, dst=z), dst=b)  # variance
        cv2.divide(a, np.add(b, _NOISE, out=b), dst=a)
        cv2.subtract(mean_target, cv2.multiply(a, mean_guide, dst=z), dst=b)
        size = self._guide.shape[::-1]
        cv2.resize(cv2.blur(a, _WINDOW, dst=x), size, dst=self._a)
        cv2.resize(cv2.blur(b, _WINDOW, dst=y), size, dst=self._b)
        cv2.multiply(self._guide, self._a, dst=self._a, dtype=cv2.CV_32F)
        cv2.add(self._a, self._b, dst=self._line, dtype=cv2.CV_8U)
        cv2.resize(np.multiply(x, _ONE, out=x), size, dst=self._a)
        np.copyto(self._gain, self._a, casting="unsafe")

    def _mend(self, painted: Image) -> None:
        """Move the painting half-way to the line."""
        import cv2

        np.copyto(self._fitted, painted)
        for change, bright, dark in (
            (cv2.add, self._line, self._target),
            (cv2.subtract, self._target, self._line),
        ):
            cv2.subtract(bright, dark, dst=self._off)
            cv2.convertScaleAbs(self._off, dst=self._off, alpha=1 - _LOST)
            change(self._fitted, cv2.cvtColor(self._off, cv2.COLOR_GRAY2RGB, dst=self._rgb), dst=self._fitted)

    def _sharpen(self, content: Image, low: NDArray[np.int16], gains: NDArray[np.int16], out: Image) -> None:
        """Add the content's detail to some lines of ``out``: what brings light, then what takes it."""
        import cv2

        rows = slice(len(content))
        luma, byte, detail, light, middle = (
            array[rows] for array in (self._luma, self._byte, self._detail, self._light, self._middle)
        )
        cv2.cvtColor(content, cv2.COLOR_RGB2GRAY, dst=luma)
        cv2.subtract(luma, low, dst=detail, dtype=cv2.CV_16S)
        cv2.multiply(detail, gains, dst=detail)  # saturates at ±128 levels
        cv2.convertScaleAbs(detail, dst=byte, alpha=1 / _ONE, beta=_MIDDLE)
        cv2.add(out, cv2.cvtColor(cv2.subtract(byte, middle, dst=luma), cv2.COLOR_GRAY2RGB, dst=light), dst=out)
        cv2.subtract(out, cv2.cvtColor(cv2.subtract(middle, byte, dst=luma), cv2.COLOR_GRAY2RGB, dst=light), dst=out)
