"""Makes pixels square, as cameras and windows have them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from rtstyle.frames import Image

_LONGEST = 4  # to 1; nobody means a longer pixel


def square_width(width: int, aspect: Fraction) -> int:
    """How many columns it takes for the pixels, now of that aspect, to be square. Lines stay as many as they are."""
    return max(1, round(width * aspect)) if Fraction(1, _LONGEST) <= aspect <= _LONGEST else width


def squared(image: Image, aspect: Fraction) -> Image:
    """The picture, whose pixels are of that aspect, in square ones; itself if they are."""
    height, width = image.shape[:2]
    new_width = square_width(width, aspect)
    if new_width == width:
        return image
    import cv2

    interpolation = cv2.INTER_AREA if new_width < width else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (new_width, height), interpolation=interpolation), np.uint8)
