"""Text on a picture: white on a darkened background, legible on any painting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Canvas = NDArray[np.uint8]  # (H, W, 3), written in place

_PADDING = 0.6  # of a line's height
_DARKENED = 0.35  # of the light remains


def write_lines(canvas: Canvas, lines: Sequence[str], *, middle: bool = False) -> None:
    """Write ``lines`` into the upper left corner or the middle; text after a tab goes into a second column.

    ASCII only, since OpenCV's fonts have nothing else.
    """
    import cv2

    height, width = canvas.shape[:2]
    unit = max(11, height // 32)  # pixels, a line's height
    scale, weight = unit / 30, max(1, unit // 16)
    font, pad, step = cv2.FONT_HERSHEY_SIMPLEX, round(_PADDING * unit), round(1.4 * unit)

    def measure(text: str) -> int:
        return int(cv2.getTextSize(text, font, scale, weight)[0][0])

    rows = [line.split("\t") for line in lines]
    column = max((measure(row[0]) for row in rows if len(row) > 1), default=0) + unit
    widest = max(measure(row[0]) if len(row) == 1 else column + measure(row[1]) for row in rows)
    box_width, box_height = widest + 2 * pad, len(rows) * step + 2 * pad
    left, top = ((width - box_width) // 2, (height - box_height) // 2) if middle else (pad, pad)
    left, top = max(left, 0), max(top, 0)
    ground = canvas[top : top + box_height, left : left + box_width]
    ground[...] = cv2.convertScaleAbs(ground, alpha=_DARKENED).reshape(ground.shape)
    for number, row in enumerate(rows):
        for place, text in enumerate(row):
            at = left + pad + place * column, top + pad + number * step + unit
            cv2.putText(canvas, text, at, font, scale, (255, 255, 255), weight, cv2.LINE_AA)


def draw_dot(canvas: Canvas, color: tuple[int, int, int]) -> None:
    """A dot in the upper right corner."""
    import cv2

    height, width = canvas.shape[:2]
    radius = max(4, height // 45)
    cv2.circle(canvas, (width - 3 * radius, 3 * radius), radius, color, -1, cv2.LINE_AA)


_BITS = 24  # of a time code: 4.6 hours in milliseconds


def draw_code(canvas: Canvas, number: int) -> None:
    """The number's lowest 24 bits as white and black cells along the lower edge, the highest first, for machines."""
    height, width = canvas.shape[:2]
    cell = width // (_BITS + 2)
    canvas[height - cell :, : cell * (_BITS + 2)] = 128
    for bit in range(_BITS):
        level = 255 * (number >> (_BITS - 1 - bit) & 1)
        canvas[height - cell + 2 : height - 2, cell * (bit + 1) + 2 : cell * (bit + 2) - 2] = level
