"""How much detail an image has."""

from __future__ import annotations

import cv2
import numpy as np

from rtstyle.frames import Image
from training.pictures import luma


def sharpness(image: Image) -> float:
    """Mean magnitude of the luma's gradient, in grey levels a pixel (by Sobel, so that a slope of 1 gives 1).

    The square root of Tenengrad's terms (Tenenbaum 1970; Pertuz et al. 2013): linear in contrast, so that "within
    10 %" is 10 % of contrast. A blur lowers it; noise raises it.
    """
    grey = luma(image)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx, ksize=3, scale=1 / 8) for dx in (1, 0))
    return float(np.hypot(across, down).mean())
