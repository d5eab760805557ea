"""The contact sheet: every photo in a row of its own, followed by what each model paints of it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from rtstyle.frames import Image
from rtstyle.output_file import OutputFile
from training.preview import middle_square

HEADER = 28  # px
ROWS = 8


def write_sheet(file: OutputFile, rows: Sequence[Sequence[Image]], titles: Sequence[str]) -> None:
    """A PNG: the middle squares of at most eight photos, a title above each column. Raises SinkError."""
    chosen = [rows[i * len(rows) // ROWS] for i in range(ROWS)] if len(rows) > ROWS else rows
    side = min(rows[0][0].shape[:2])
    header = np.hstack([_title(title, side) for title in titles])
    strips = [np.hstack([middle_square(image) for image in row]) for row in chosen]
    _, png = cv2.imencode(".png", np.vstack([header, *strips])[:, :, ::-1])
    with file.written() as temporary:
        temporary.write_bytes(png.tobytes())


def _title(text: str, width: int) -> Image:
    strip = np.full((HEADER, width, 3), 255, np.uint8)
    scale = min(0.6, 0.6 * (width - 12) / max(1, cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1)[0][0]))
    cv2.putText(strip, text, (6, 19), cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 1, cv2.LINE_AA)
    return strip
