"""The contact sheet: every photo in a row of its own, followed by what each model paints of it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from rtstyle.errors import SinkError
from rtstyle.frames import Image
from rtstyle.output_file import OutputFile

HEADER = 28  # px


def write_sheet(file: OutputFile, rows: Sequence[Sequence[Image]], titles: Sequence[str]) -> None:
    """A PNG with one row for each photo and a title above each column. Raises SinkError."""
    widths = [max(row[0].shape[1] for row in rows)] * len(titles)
    header = np.hstack([_title(title, width) for title, width in zip(titles, widths, strict=True)])
    strips = [np.hstack([_filled(image, width) for image, width in zip(row, widths, strict=True)]) for row in rows]
    sheet = np.vstack([header, *strips])
    _, png = cv2.imencode(".png", sheet[:, :, ::-1])
    write_bytes(file, png.tobytes())


def write_bytes(file: OutputFile, content: bytes) -> None:
    """All of it, or nothing. Raises SinkError."""
    file.create()
    try:
        file.temporary.write_bytes(content)
        file.commit()
    except OSError as error:
        raise SinkError(f"{file.path}: cannot be written ({error.strerror})") from error
    finally:
        file.discard()


def _title(text: str, width: int) -> Image:
    strip = np.full((HEADER, width, 3), 255, np.uint8)
    scale = min(0.6, 0.6 * (width - 12) / max(1, cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1)[0][0]))
    cv2.putText(strip, text, (6, 19), cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 1, cv2.LINE_AA)
    return strip


def _filled(image: Image, width: int) -> Image:
    return np.pad(image, ((0, 0), (0, width - image.shape[1]), (0, 0)), constant_values=255)
