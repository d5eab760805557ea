"""The pictures that an export is measured on, and those that its 8 bits are chosen by."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from rtstyle.errors import SourceError
from rtstyle.export.order import Size
from rtstyle.frames import Image
from rtstyle.sources.photo_folder import SUFFIXES, is_photo, read_photo, spread
from rtstyle.style import MIN_SIZE

MEASURED = 10
CALIBRATED = 16

_LONGEST = 640  # pixels; more would cost minutes and tell no more
_MADE_UP = (480, 640)  # pixels, height and width


def read_photos(folder: Path | None) -> tuple[Sequence[Image], Sequence[Image]]:
    """Ten photos in and below a folder to measure with, spread over it, and sixteen others to calibrate with.

    Where there are fewer than 26 some serve for both; without a folder there are none. Raises SourceError.
    """
    if folder is None:
        return (), ()
    if not os.path.exists(folder):  # noqa: PTH110 - Path.exists raises for a name that is too long
        raise SourceError(f"{folder}: there is no such folder")
    paths = sorted(filter(is_photo, folder.rglob("*"))) if folder.is_dir() else [folder]
    measured = dict(spread(paths, MEASURED, _read))
    if not measured:
        raise SourceError(f"{folder}: expected photos to measure with, found none of {', '.join(SUFFIXES)}")
    others = [path for path in paths if path not in measured]
    others += list(measured)[: max(0, CALIBRATED - len(others))]
    return list(measured.values()), [image for _, image in spread(others, CALIBRATED, _read)]


def made_up() -> Sequence[Image]:
    """Ten pictures to measure with where there are no photos."""
    return [_made_up(seed) for seed in range(MEASURED)]


def fitted(image: Image, size: Size | None) -> Image:
    """The picture at a network's own size, if it has one."""
    if size is None:
        return image
    return np.asarray(cv2.resize(image, (size.width, size.height), interpolation=cv2.INTER_AREA), np.uint8)


def _read(path: Path) -> Image:
    image = read_photo(path, min_size=MIN_SIZE)
    height, width = image.shape[:2]
    scale = min(1.0, _LONGEST / max(height, width))
    size = max(MIN_SIZE, round(width * scale)), max(MIN_SIZE, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _made_up(seed: int) -> Image:
    """Clouds of all sizes with an edge through them: like a photo, smooth here and sharp there."""
    rng = np.random.default_rng(seed)
    height, width = _MADE_UP
    image = np.zeros((height, width, 3), np.float32)
    for cells in (3, 9, 27, 81, 243):
        clouds = rng.normal(0, 1 / cells**0.5, (cells * 3 // 4, cells, 3)).astype(np.float32)
        image += cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC)
    image[:, width // 3 : width // 2] *= -1
    return (128 + 80 * image).clip(0, 255).astype(np.uint8)
