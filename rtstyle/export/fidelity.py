"""How close one picture is to another."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rtstyle.frames import Image

SAME_DB = 99.0  # instead of infinity, which JSON does not have

_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # Wang et al. (2004), section III.B


def psnr_db(picture: Image, reference: Image) -> float:
    """Peak signal to noise ratio; at most 99."""
    error = float(np.mean((picture.astype(np.float32) - reference) ** 2))
    return SAME_DB if error == 0 else min(SAME_DB, 10 * float(np.log10(255**2 / error)))


def ssim(picture: Image, reference: Image) -> float:
    """Structural similarity of the luma, Wang et al. (2004): Gaussian of 1.5 pixels."""
    a, b = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (picture, reference))
    mean_a, mean_b = _mean(a), _mean(b)
    var_a, var_b, both = _mean(a * a) - mean_a**2, _mean(b * b) - mean_b**2, _mean(a * b) - mean_a * mean_b
    structure = (2 * both + _C2) / (var_a + var_b + _C2)
    return float(np.mean((2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1) * structure))


def _mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5), np.float32)
