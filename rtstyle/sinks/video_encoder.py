"""Makes packets of frames: colour, size, pixel aspect and exact times."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from av.codec.context import Flags
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from rtstyle.captions import OPTIONS, WRITERS, with_captions
from rtstyle.cores import codec_threads, color_threads
from rtstyle.errors import SinkError
from rtstyle.frames import ALPHA_MODE, SWS_MATRIX, Frame, Image, VideoFormat
from rtstyle.sinks.carried import own_words
from rtstyle.sinks.encoding import Encoder, hwaccel_for
from rtstyle.sinks.languages import spelt

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer

_LIMITED = 1  # AVCOL_RANGE_MPEG: what every player expects, whatever the source had
_UNORDERED = 2  # frames that are decoded as they are shown
_APPLE = {".mp4", ".m4v", ".mov"}


class VideoEncoder:
    """The video stream of ``container``, for frames of ``format``; ``path`` is what errors are about."""

    def __init__(self, container: OutputContainer, path: Path, encoder: Encoder, format: VideoFormat) -> None:
        self._path, self._format = path, format
        self._matrix = format.color.matrix_for(format.width, format.height)
        self._reformatter = VideoReformatter()
        self._last_pts: int | None = None
        self._captions = encoder.name in WRITERS
        self._is_x265, self._frames = encoder.name == "libx265", 0
        self.stream = self._add_stream(container, encoder)

    def encode(self, frame: Frame) -> list[av.Packet[VideoStream]]:
        """Give the packets that are ready; ``image`` is read in place, without a copy."""
        self._frames += 1
        return self.stream.encode(self._picture(frame))

    def flush(self) -> list[av.Packet[VideoStream]]:
        """Give the rest."""
        packets = self.stream.encode(None)
        if self._is_x265 and self._frames <= _UNORDERED:  # x265 leaves their dts undefined
            for packet in packets:
                packet.dts = packet.pts
        return packets

    def _add_stream(self, container: OutputContainer, encoder: Encoder) -> VideoStream:
        format = self._format
        accelerator = hwaccel_for(encoder.name)
        options = {**encoder.options, **OPTIONS.get(encoder.name, {})}
        stream = container.add_stream(encoder.name, rate=format.rate, options=options, hwaccel=accelerator)
        if not isinstance(stream, VideoStream):
            raise TypeError(f"{encoder.name}: expected a video encoder")
        context = stream.codec_context
        context.width, context.height = format.width, format.height
        context.pix_fmt = self._pix_fmt = encoder.pix_fmt_for(format.width, format.height)
        context.time_base = format.time_base
        context.sample_aspect_ratio = format.sample_aspect
        context.flags |= Flags.frame_duration
        context.bit_rate = encoder.bit_rate
        context.thread_count = codec_threads()
        context.color_range = _LIMITED
        context.colorspace = self._matrix
        context.color_primaries = format.color.primaries
        context.color_trc = format.color.transfer
        if encoder.name.startswith(("libx265", "hevc_")) and self._path.suffix.lower() in _APPLE:
            context.codec_tag = "hvc1"  # Apple's players take no hev1
        words = {key: value for key, value in own_words(format.stream_metadata).items() if key.lower() != ALPHA_MODE}
        stream.metadata.update(spelt(words, self._path.suffix))  # the painting is opaque
        stream.disposition = Disposition(format.disposition)
        return stream

    def _picture(self, frame: Frame) -> VideoFrame:
        format = self._format
        planes, pixels = (format.height * 3 // 2, format.width), (format.height, format.width, 3)
        if frame.image.shape == planes and self._pix_fmt == "yuv420p":
            picture = VideoFrame.from_numpy_buffer(frame.image, "yuv420p")
            picture.colorspace, picture.color_range = self._matrix, _LIMITED
        elif frame.image.shape == pixels:
            picture = self._coded(frame.image)
        else:
            raise SinkError(f"{self._path}: expected frames of shape {pixels}, got {frame.image.shape}")
        picture.time_base = format.time_base
        picture.pts = self._pts(frame.time)
        picture.duration = round((frame.duration or 0) / format.time_base)
        return picture if frame.captions is None or not self._captions else with_captions(picture, frame.captions)

    def _coded(self, image: Image) -> VideoFrame:
        return self._reformatter.reformat(
            VideoFrame.from_numpy_buffer(np.ascontiguousarray(image), "rgb24"),
            format=self._pix_fmt,
            dst_colorspace=SWS_MATRIX[self._matrix],
            dst_color_range=_LIMITED,
            threads=color_threads(),
        )

    def _pts(self, time: Fraction) -> int:
        """Ticks of the format's own time base; broken files repeat a time, which no muxer takes."""
        pts = round((time + self._format.start) / self._format.time_base)
        if self._last_pts is not None and pts <= self._last_pts:
            pts = self._last_pts + 1
        self._last_pts = pts
        return pts
