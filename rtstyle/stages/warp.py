"""Moves pictures along a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rtstyle.frames import Image

Flow = NDArray[np.float32]  # (h, w, 2): pixels to the right, pixels down
Grey = NDArray[np.uint8]  # (h, w)


class Warp:
    """Fetches every pixel of pictures of ``full`` size from where a flow of ``small`` size says it was.

    Both (height, width), pixels. Reuses its arrays, so a result is valid until the next call; for one thread. Needs
    cv2.
    """

    def __init__(self, small: tuple[int, int], full: tuple[int, int]) -> None:
        height, width = full
        self.sizes = small, full
        self._scale = np.array([width / small[1], height / small[0]], np.float32)
        self._grid = np.empty((height, width, 2), np.float32)
        self._grid[..., 0], self._grid[..., 1] = np.arange(width), np.arange(height)[:, None]
        self._places = np.empty_like(self._grid)
        # OpenCV's fixed point: whole pixels, and an index into its table of fractions.
        self._whole, self._part = np.empty((height, width, 2), np.int16), np.empty((height, width), np.uint16)
        self._moved: dict[int, NDArray[np.uint8]] = {}  # by the number of dimensions

    def follow(self, flow: Flow) -> None:
        """Use this flow from now on."""
        import cv2

        height, width = self._grid.shape[:2]
        if flow.shape == self._grid.shape:
            cv2.add(flow, self._grid, dst=self._places)
        else:
            cv2.resize(np.multiply(flow, self._scale), (width, height), dst=self._places)
            cv2.add(self._places, self._grid, dst=self._places)
        cv2.convertMaps(self._places, np.empty(0, np.float32), cv2.CV_16SC2, dstmap1=self._whole, dstmap2=self._part)

    def __call__(self, picture: Image | Grey) -> NDArray[np.uint8]:
        """(H, W) or (H, W, 3) uint8, as it would look now; pixels from outside repeat the border."""
        import cv2

        moved = self._moved.setdefault(picture.ndim, np.empty_like(picture))
        cv2.remap(picture, self._whole, self._part, cv2.INTER_LINEAR, dst=moved, borderMode=cv2.BORDER_REPLICATE)
        return moved

    def inside(self) -> Grey:
        """255 where a pixel was in the picture before, to one pixel; else 0."""
        import cv2

        height, width = self._grid.shape[:2]
        low, high = np.array([-1.0, -1.0]), np.array([float(width), float(height)])
        return np.asarray(cv2.inRange(self._places, low, high), np.uint8)
