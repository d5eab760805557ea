"""Reads photos as they are meant to be seen: EXIF orientation applied, eight bits, RGB."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from rtstyle.errors import SourceError
from rtstyle.frames import Frame, Image, VideoFormat
from rtstyle.sources.input_file import missing, unreadable
from rtstyle.upright import UPRIGHT, orientation_of_avif, turned

_log = logging.getLogger("rtstyle")

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".avif", ".bmp", ".jp2", ".tif", ".tiff")


class PhotoFolder:
    """Photos, or folders of photos, one a second; each keeps its own size, and transparency is dropped.

    Raises SourceError for what is missing, unreadable or smaller than ``min_size`` pixels a side.
    """

    def __init__(self, *inputs: str | Path, min_size: int = 1) -> None:
        self.photos = tuple(photo for item in inputs for photo in _photos(item))
        if not self.photos:
            raise SourceError(f"{', '.join(map(str, inputs)) or 'no input'}: expected a photo ({', '.join(SUFFIXES)})")
        self._min_size = min_size
        self._first: Image | None = read_photo(self.photos[0], min_size=min_size)
        height, width = self._first.shape[:2]
        self.format = VideoFormat(
            width=width, height=height, rate=Fraction(1), time_base=Fraction(1), frames=len(self.photos)
        )

    def __iter__(self) -> Iterator[Frame]:
        for index, photo in enumerate(self.photos):
            warn_of_more(photo, "painted", way_out="rtstyle transcode paints all")
            image, self._first = self._first, None
            image = read_photo(photo, min_size=self._min_size) if image is None else image
            yield Frame(image, Fraction(index), Fraction(1))

    def close(self) -> None:
        """Nothing is held open."""


def read_photo(path: Path, *, min_size: int = 1) -> Image:
    """Read one photo as (H, W, 3) uint8 RGB. Raises SourceError, also where a side is below ``min_size`` pixels."""
    import cv2

    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise SourceError(
                f"{path}: expected a file, got a pipe or a device, which can only be read once; save it first"
            )
        data = np.fromfile(path, dtype=np.uint8)  # cv2.imread cannot take every name on Windows
        orientation = orientation_of_avif(data.tobytes())  # which OpenCV does not look at
        flags = cv2.IMREAD_COLOR | (cv2.IMREAD_IGNORE_ORIENTATION if orientation else 0)
        bgr = cv2.imdecode(data, flags) if data.size else None
    except OSError as error:
        raise unreadable(path, error) from error
    except cv2.error as error:
        raise SourceError(f"{path}: cannot be decoded: {error.err}") from error
    if bgr is None:
        raise SourceError(f"{path}: {_complaint(path, data.size)}")
    image = turned(np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8), orientation or UPRIGHT)
    height, width = image.shape[:2]
    if min(height, width) < min_size:
        raise SourceError(f"{path}: expected at least {min_size}×{min_size} pixels, got {width}×{height}")
    return image


def spread(
    paths: Sequence[Path], count: int, read: Callable[[Path], Image] = read_photo
) -> Iterator[tuple[Path, Image]]:
    """``count`` of the photos, or all there are, spread evenly; one of no use, warned of, gives way to the next."""
    count = min(count, len(paths))
    for i in range(count):
        for path in paths[i * len(paths) // count : (i + 1) * len(paths) // count]:
            try:
                image = read(path)
            except SourceError as error:
                _log.warning("%s; passed over", error)
                continue
            yield path, image
            break


def warn_of_more(path: Path, used: str, *, way_out: str = "") -> None:
    """Say where a file holds several pictures, and what takes all of an animation."""
    import cv2

    count = cv2.imcount(str(path)) if path.is_file() else 0
    if count > 1:
        hint = f"; {way_out}" if way_out and path.suffix.lower() not in {".tif", ".tiff"} else ""
        _log.warning("%s: holds %d pictures, and only the first is %s%s", path, count, used, hint)


def _complaint(path: Path, size: int) -> str:
    import cv2

    from rtstyle.sources import video_reader

    if not size:
        return "is empty; expected a picture"
    if cv2.haveImageReader(str(path)):
        return "cannot be decoded: it is damaged, or a rare kind of picture; try another copy, or save it as .png"
    if path.suffix.lower() in video_reader.SUFFIXES - set(SUFFIXES):
        return "is not a picture but a film; `rtstyle transcode` paints films"
    return f"is not a picture that can be read; expected {', '.join(SUFFIXES)}"


def is_photo(path: Path) -> bool:
    """By its name, which does not begin with a dot: what other systems and unfinished paintings leave behind does."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _photos(item: str | Path) -> Iterator[Path]:
    if item == "":  # whose Path would be the working folder's
        raise SourceError("photo: expected a file or a folder, got an empty name")
    path = Path(item)
    try:
        if path.is_dir():
            yield from sorted(filter(is_photo, path.iterdir()))
        elif path.exists():
            yield path
        else:
            raise missing(path)
    except OSError as error:
        raise unreadable(path, error) from error
