"""Says where a film's picture changes its shape."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import TYPE_CHECKING

from rtstyle.times import fraction

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_log = logging.getLogger(__name__)

_SAME = Fraction(1, 50)  # sizes are rounded


class Shape:
    """What the first frame's width by height is, as it is seen; one line warns where another's is different."""

    def __init__(self, path: str, stream: VideoStream, first: VideoFrame) -> None:
        """``first`` has just been decoded: the stream knows the shape of its pixels."""
        self._path, self._stream = path, stream
        self._first, self._is_told = self._of(first), False

    def check(self, frame: VideoFrame, time: Fraction) -> None:
        """Warn if that frame, decoded last, is the first of another shape; ``time``: seconds."""
        if self._is_told or abs(self._of(frame) / self._first - 1) <= _SAME:
            return
        self._is_told = True
        what = "%s: from %.3f s the picture has another shape, and is stretched"
        remedy = "rtstyle transcode --start paints that part by itself"
        _log.warning(f"{what}; {remedy}", self._path, float(time))

    def _of(self, frame: VideoFrame) -> Fraction:
        aspect = fraction(self._stream.codec_context.sample_aspect_ratio) or Fraction(1)
        return Fraction(frame.width, frame.height) * aspect
