"""Encodes frames as they come, at the times they came, without holding any back."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import IO, TYPE_CHECKING

import av
import av.error
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from rtstyle.errors import SinkError, reason_of
from rtstyle.frames import SWS_MATRIX, Frame, VideoFormat

if TYPE_CHECKING:
    from av.container import OutputContainer

_TICK = Fraction(1, 90_000)  # seconds
_RATE = Fraction(30)  # frames/s, where the source does not say
_LIMITED = 1  # AVCOL_RANGE_MPEG
_EVEN = 2  # 4:2:0 halves both sides
# Without B-frames and look-ahead a frame is out as soon as it is in: what dies has lost none, who joins waits for none.
_X264 = {"preset": "veryfast", "tune": "zerolatency"}


class LiveEncoder:
    """H.264 into a file or an address. Raises SinkError. An odd last row or column is left out."""

    def __init__(
        self,
        target: str | IO[bytes],
        format: VideoFormat,
        *,
        container: str | None = None,
        options: Mapping[str, str] | None = None,
        encoder: Mapping[str, str] | None = None,
    ) -> None:
        """``container`` and ``options`` are FFmpeg's muxer and its settings; ``encoder`` goes on top of ours."""
        self._target = target
        self._width, self._height = format.width - format.width % _EVEN, format.height - format.height % _EVEN
        self._matrix = format.color.matrix_for(format.width, format.height)
        self._reformatter = VideoReformatter()
        self._zero: Fraction | None = None  # the time of the first frame
        self._last_pts = -1
        try:
            self._container: OutputContainer = av.open(target, "w", format=container, options=dict(options or {}))
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise SinkError(f"{target}: cannot be opened: {reason_of(error)}") from error
        try:
            self._stream = self._add_stream(format, {**_X264, **(encoder or {})})
            self._container.start_encoding()
        except (av.error.FFmpegError, OSError, ValueError) as error:
            self._abandon()
            raise SinkError(f"{target}: cannot be opened: {reason_of(error)}") from error

    def write(self, frame: Frame) -> None:
        """Encode it and hand it on."""
        try:
            for packet in self._stream.encode(self._picture(frame)):
                self._container.mux(packet)
        except (av.error.FFmpegError, OSError) as error:
            self._abandon()
            raise SinkError(f"{self._target}: cannot be written: {reason_of(error)}") from error

    def close(self) -> None:
        """Write what is left, and the end."""
        try:
            for packet in self._stream.encode(None):
                self._container.mux(packet)
            self._container.close()
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise SinkError(f"{self._target}: cannot be finished: {reason_of(error)}") from error

    def _add_stream(self, format: VideoFormat, settings: Mapping[str, str]) -> VideoStream:
        rate = format.rate or _RATE
        stream = self._container.add_stream("libx264", rate=rate, options={"g": str(round(rate)), **settings})
        if not isinstance(stream, VideoStream):
            raise TypeError("libx264: expected a video encoder")
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = self._width, self._height, "yuv420p"
        context.time_base = _TICK
        context.color_range, context.colorspace = _LIMITED, self._matrix
        return stream

    def _picture(self, frame: Frame) -> VideoFrame:
        image = np.ascontiguousarray(frame.image[: self._height, : self._width])
        picture = self._reformatter.reformat(
            VideoFrame.from_numpy_buffer(image, "rgb24"),
            format="yuv420p",
            dst_colorspace=SWS_MATRIX[self._matrix],
            dst_color_range=_LIMITED,
        )
        if self._zero is None:
            self._zero = frame.time
        self._last_pts = max(self._last_pts + 1, round((frame.time - self._zero) / _TICK))
        picture.time_base, picture.pts = _TICK, self._last_pts
        return picture

    def _abandon(self) -> None:
        try:
            self._container.close()
        except (av.error.FFmpegError, OSError, ValueError):
            return  # it is broken, and that was told
