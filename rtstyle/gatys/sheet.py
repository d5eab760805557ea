"""Labelled pictures side by side."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from rtstyle.frames import Image
from rtstyle.gatys.sizes import Size

_BAND = 28  # px, for a label
_GAP = 6  # px
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def sheet(pictures: Sequence[Sequence[Image]], labels: Sequence[Sequence[str]]) -> Image:
    """A grid: a row for each of ``pictures``, every picture with its label above; all of the first one's size."""
    height, width = pictures[0][0].shape[:2]
    scale = min(_fitting(label, width) for names in labels for label in names)
    rows = [
        np.hstack([_cell(picture, label, (width, height), scale) for picture, label in zip(row, names, strict=True)])
        for row, names in zip(pictures, labels, strict=True)
    ]
    return np.vstack(rows)


def sheet_size(size: Size, rows: int, columns: int) -> Size:
    """Height and width of a sheet of so many pictures of ``size``."""
    return rows * (size[0] + _BAND + _GAP), columns * (size[1] + _GAP)


def _fitting(label: str, width: int) -> float:
    """The size of letters in which the label fits into its cell."""
    scale = 0.5
    while cv2.getTextSize(label, _FONT, scale, 1)[0][0] > width and scale > 0.25:  # noqa: PLR2004 - still legible
        scale -= 0.05
    return scale


def _cell(picture: Image, label: str, size: tuple[int, int], scale: float) -> Image:
    width, height = size
    cell = np.full((height + _BAND + _GAP, width + _GAP, 3), 255, dtype=np.uint8)
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if picture.shape[1::-1] != size else picture
    cell[_BAND : _BAND + height, :width] = scaled
    cv2.putText(cell, label, (2, _BAND - 9), _FONT, scale, (20, 20, 20), 1, cv2.LINE_AA)
    return cell
