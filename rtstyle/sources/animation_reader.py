"""Reads an animated WebP, which FFmpeg does not, with OpenCV."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from rtstyle.errors import SourceError
from rtstyle.frames import Cut, Frame, VideoFormat
from rtstyle.sources.input_file import unreadable

_OPAQUE = 255
_MS = Fraction(1, 1000)
_HEAD, _ANIMATED = 21, 0x02  # bytes to look at, and the flag of an animation in the last of them


class AnimationReader:
    """All frames of an animated WebP at their times; transparent places are black. Raises SourceError.

    OpenCV decodes them all at once, so the memory that it needs grows with their number.
    """

    has_captions = is_stereo = False
    skipped = 0  # a damaged animation cannot be opened at all

    def __init__(self, path: str | Path, *, cut: Cut | None = None) -> None:
        import cv2

        try:
            data = np.fromfile(path, dtype=np.uint8)
            done, animation = cv2.imdecodeanimation(data[np.newaxis])  # as one row, which OpenCV 4 wants
        except OSError as error:
            raise unreadable(path, error) from error
        except cv2.error as error:
            raise SourceError(f"{path}: cannot be decoded: {error.err}; try another copy") from error
        if not done or not animation.frames:
            raise SourceError(f"{path}: is damaged: not one frame of it can be decoded")
        lengths = [max(int(ms), 1) for ms in animation.durations]
        times = [ms * _MS for ms in accumulate(lengths, initial=0)]
        part = cut or Cut()
        end = times[-1] if part.end is None else min(part.end, times[-1])
        shown = [
            (image, max(first, part.start), min(last, end))
            for image, (first, last) in zip(animation.frames, pairwise(times), strict=True)
            if part.shows(first, last)
        ]
        if not shown:
            raise SourceError(f"{path}: {part.why_empty(times[0], times[-1])}")
        self.zero = shown[0][1]
        self._frames = [(image, first - self.zero, last - first) for image, first, last in shown]
        seen = any(image.shape[2:] == (4,) and image[..., 3].min() < _OPAQUE for image, *_ in self._frames)
        self.notes = ["transparent places become black"] if seen else []
        height, width = animation.frames[0].shape[:2]
        self.format = VideoFormat(
            width=width,
            height=height,
            rate=Fraction(1000, lengths[0]) if len(set(lengths)) == 1 else None,
            time_base=_MS,
            frames=len(shown),
        )

    def skip(self, frames: int) -> None:
        """Give none of so many frames."""
        self._frames = self._frames[frames:]

    def __iter__(self) -> Iterator[Frame]:
        for image, time, duration in self._frames:
            alpha = image[..., 3:] if image.shape[2:] == (4,) else np.full((1, 1, 1), 255, np.uint8)
            shown = image[..., 2::-1].astype(np.uint16) * alpha // 255
            yield Frame(np.ascontiguousarray(shown, dtype=np.uint8), time, duration)

    def close(self) -> None:
        """Release the frames."""
        self._frames = []


def is_animated_webp(path: str | Path) -> bool:
    """Look at the head of a file, if it is one."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError):
        return False
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[-1] & _ANIMATED)
