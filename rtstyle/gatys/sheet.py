"""Labelled pictures side by side."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from rtstyle.frames import Image

_BAND = 28  # px, for a label
_GAP = 6  # px


def sheet(pictures: Sequence[Sequence[Image]], labels: Sequence[Sequence[str]]) -> Image:
    """A grid: a row for each of ``pictures``, every picture with its label above; all of the first one's size."""
    height, width = pictures[0][0].shape[:2]
    rows = [
        np.hstack([_cell(picture, label, (width, height)) for picture, label in zip(row, names, strict=True)])
        for row, names in zip(pictures, labels, strict=True)
    ]
    return np.vstack(rows)


def _cell(picture: Image, label: str, size: tuple[int, int]) -> Image:
    width, height = size
    cell = np.full((height + _BAND + _GAP, width + _GAP, 3), 255, dtype=np.uint8)
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if picture.shape[1::-1] != size else picture
    cell[_BAND : _BAND + height, :width] = scaled
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    while cv2.getTextSize(label, font, scale, 1)[0][0] > width and scale > 0.25:  # noqa: PLR2004 - still legible
        scale -= 0.05
    cv2.putText(cell, label, (2, _BAND - 9), font, scale, (20, 20, 20), 1, cv2.LINE_AA)
    return cell
