"""Writes photos, each of which appears only when complete."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rtstyle.errors import SinkError
from rtstyle.frames import Frame, Image, Packet, VideoFormat
from rtstyle.output_file import OutputFile, checked_suffix, identities
from rtstyle.sinks.photo_extras import Extras, encode, read_extras

_log = logging.getLogger("rtstyle")

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_QUALITY = 95  # of 100
_LARGEST = {".webp": 16_383, ".jpg": 65_500, ".jpeg": 65_500}  # pixels a side; libwebp's and libjpeg's limits


def painted_name(photo: Path) -> str:
    """The name of a photo's painting in a folder: the same, or a .png if its format cannot be written."""
    return photo.name if photo.suffix.lower() in SUFFIXES else f"{photo.stem}.png"


class PhotoWriter:
    """Writes the first frame to the first of ``paths``, the second to the second, and so on.

    All paths are checked when it is made; SinkError for one that cannot be, UsageError for an extension. None of
    ``keep``, the files that are read, is ever replaced. Transparency, EXIF and ICC profile come from
    ``originals``, one for each path; JPEG has no transparency, which one line says.
    """

    closed = False

    def __init__(
        self,
        paths: Sequence[str | Path],
        *,
        overwrite: bool = False,
        keep: Sequence[str | Path] = (),
        originals: Sequence[Path] = (),
    ) -> None:
        for path in paths:
            checked_suffix(Path(path), SUFFIXES)
        kept = identities(keep)
        self._files = [OutputFile(path, overwrite=overwrite, keep=kept) for path in paths]
        self._originals = originals
        self._written = 0

    def open(self, format: VideoFormat, /) -> None:
        """Nothing to prepare: every photo has its own size."""

    def write(self, item: Frame | Packet, /) -> None:
        """Encode a frame and put it in its place; packets are not for photos."""
        if isinstance(item, Packet):
            return
        if self._written == len(self._files):
            raise SinkError(f"expected {len(self._files)} photos, got one more; give as many names as photos")
        file = self._files[self._written]
        extras = read_extras(self._originals[self._written]) if self._originals else Extras()
        self._written += 1
        if extras.alpha is not None and file.path.suffix.lower() in {".jpg", ".jpeg"}:
            _log.warning("%s: transparency is left out: JPEG has none; .png and .webp keep it", file.path)
        data = _encode(item.image, file.path, extras)
        with file.written() as temporary:
            temporary.write_bytes(data)

    def close(self, *, complete: bool = True) -> None:
        """Nothing to finish: a photo that was written stays."""


def check_sides(path: Path, size: tuple[int, int]) -> None:
    """Raise SinkError where a picture of ``size`` (height, width) is too large for that kind of file."""
    suffix, (height, width) = path.suffix.lower(), size
    if max(size) > _LARGEST.get(suffix, sys.maxsize):
        raise SinkError(f"{path}: {width}×{height} is more than the {_LARGEST[suffix]} pixels of {suffix}; use .png")


def _encode(image: Image, path: Path, extras: Extras) -> bytes:
    import cv2

    suffix = path.suffix.lower()
    height, width = image.shape[:2]
    check_sides(path, (height, width))
    qualities = {".webp": cv2.IMWRITE_WEBP_QUALITY, ".jpg": cv2.IMWRITE_JPEG_QUALITY, ".jpeg": cv2.IMWRITE_JPEG_QUALITY}
    quality = [qualities[suffix], _QUALITY] if suffix in qualities else []
    try:
        done, data = encode(np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8), suffix, extras, quality)
    except cv2.error as error:
        raise SinkError(f"{path}: cannot be encoded: {error.err}") from error
    if not done:
        raise SinkError(f"{path}: OpenCV cannot encode {width}×{height} pixels as {suffix}")
    return np.asarray(data).tobytes()
