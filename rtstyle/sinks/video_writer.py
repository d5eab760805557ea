"""Writes a video with PyAV: every frame at its own time, sound copied packet for packet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from av.codec.context import Flags
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from rtstyle.errors import SinkError
from rtstyle.frames import SWS_MATRIX, Frame, Packet, VideoFormat
from rtstyle.output_file import OutputFile, identities

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.stream import Stream

_LIMITED = 1  # AVCOL_RANGE_MPEG: what every player expects, whatever the source had
_OWN_METADATA = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}  # the muxer's to say


@dataclass(frozen=True, slots=True)
class _Encoder:
    name: str
    options: Mapping[str, str]
    odd_pix_fmt: str  # for widths and heights that are odd


# crf 20: paint strokes are fine detail everywhere, which x264's default 23 smears.
_X264 = {"preset": "veryfast", "crf": "20"}
_VP9 = {"deadline": "realtime", "cpu-used": "7", "row-mt": "1", "crf": "31", "b": "0"}
_ENCODERS = {
    ".mp4": _Encoder("libx264", _X264, "yuv444p"),
    ".m4v": _Encoder("libx264", _X264, "yuv444p"),
    ".mov": _Encoder("libx264", _X264, "yuv444p"),
    ".mkv": _Encoder("libx264", _X264, "yuv444p"),
    ".webm": _Encoder("libvpx-vp9", _VP9, "yuv420p"),
}
_MUXERS = {".m4v": "mp4", ".mkv": "matroska"}  # where FFmpeg's guess from the name would be another


class VideoWriter:
    """A video file, which appears under its name when it is whole and not before.

    Frames are coded as H.264 (VP9 in .webm) in 4:2:0; a width or height that is odd needs 4:4:4, so
    that no line is lost. Matroska and WebM keep times to the millisecond, the others exactly. Raises
    SinkError: at once for a path that cannot be, in ``open`` for a stream the container cannot hold,
    later when the disk is full. None of ``keep``, the files that are read, is ever replaced. ``run``
    opens and closes it.
    """

    closed = False

    def __init__(self, path: str | Path, *, overwrite: bool = False, keep: Sequence[str | Path] = ()) -> None:
        self._path = Path(path)
        if self._path.suffix.lower() not in _ENCODERS:
            expected = ", ".join(_ENCODERS)
            raise SinkError(f"{path}: expected a name that ends in {expected}, got {self._path.suffix or 'no ending'}")
        self._encoder = _ENCODERS[self._path.suffix.lower()]
        self._file = OutputFile(path, overwrite=overwrite, keep=identities(keep))
        self._container: OutputContainer | None = None
        self._reformatter = VideoReformatter()
        self._last_pts: int | None = None

    def open(self, format: VideoFormat, /) -> None:
        """Create the temporary file beside the output and write its header."""
        self._format = format
        self._file.create()
        suffix = self._path.suffix.lower()
        with self._translated():
            self._container = av.open(str(self._file.temporary), "w", format=_MUXERS.get(suffix, suffix[1:]))
            self._stream = self._add_video(self._container)
            self._copies = {id(stream): self._add_copy(self._container, stream) for stream in format.streams}
            kept = {key: value for key, value in format.metadata.items() if key.lower() not in _OWN_METADATA}
            self._container.metadata.update(kept)
            if format.chapters:
                self._container.set_chapters(list(format.chapters))
            self._container.start_encoding()

    def write(self, item: Frame | Packet, /) -> None:
        """Encode a frame, or pass a packet on."""
        with self._translated():
            if isinstance(item, Frame):
                self._mux(*self._stream.encode(self._picture(item)))
            elif (copy := self._copies.get(id(item.packet.stream))) is not None:
                item.packet.stream = copy
                self._mux(item.packet)

    def close(self, *, complete: bool = True) -> None:
        """Finish the file and give it its name; or, incomplete, remove it."""
        container, self._container = self._container, None
        if container is None:
            self._file.discard()
            return
        try:
            if complete:
                with self._translated():
                    for packet in self._stream.encode(None):
                        container.mux(packet)
                    container.close()
                self._file.commit()
        finally:
            try:
                with suppress(av.error.FFmpegError, OSError, ValueError):
                    container.close()
            finally:  # Ctrl-C may fall into closing, too
                self._file.discard()

    def _add_video(self, container: OutputContainer) -> VideoStream:
        format, encoder = self._format, self._encoder
        stream = container.add_stream(encoder.name, rate=format.rate, options=dict(encoder.options))
        if not isinstance(stream, VideoStream):
            raise TypeError(f"{encoder.name}: expected a video encoder")
        context = stream.codec_context
        context.width, context.height = format.width, format.height
        odd = format.width % 2 or format.height % 2
        context.pix_fmt = encoder.odd_pix_fmt if odd else "yuv420p"
        context.time_base = format.time_base
        context.sample_aspect_ratio = format.sample_aspect
        context.flags |= Flags.frame_duration
        color = format.color
        self._matrix = color.matrix_for(format.width, format.height)
        context.color_range = _LIMITED
        context.colorspace = self._matrix
        context.color_primaries = color.primaries
        context.color_trc = color.transfer
        return stream

    def _add_copy(self, container: OutputContainer, template: Stream) -> Stream:
        try:
            copy = container.add_stream_from_template(template)
        except ValueError as error:
            suffix, codec = self._path.suffix, template.codec_context.name
            leave_out = f"leave it out first: ffmpeg -i INPUT -map 0 -map -0:{template.index} -c copy without.mkv"
            hint = leave_out if suffix.lower() == ".mkv" else "use .mkv"
            raise SinkError(
                f"{self._path}: {suffix} cannot hold the {template.type} stream ({codec}); {hint}"
            ) from error
        copy.metadata.update(template.metadata)
        copy.disposition = template.disposition
        return copy

    def _picture(self, frame: Frame) -> VideoFrame:
        """The frame in YUV; ``image`` is read in place, without a copy."""
        format = self._format
        expected = (format.height, format.width, 3)
        if frame.image.shape != expected:
            raise SinkError(f"{self._path}: expected frames of shape {expected}, got {frame.image.shape}")
        rgb = VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame.image), "rgb24")
        picture = self._reformatter.reformat(
            rgb,
            format=self._stream.codec_context.pix_fmt,
            dst_colorspace=SWS_MATRIX[self._matrix],
            dst_color_range=_LIMITED,
            threads=2,
        )
        picture.time_base = format.time_base
        picture.pts = self._pts(frame.time)
        picture.duration = round((frame.duration or 0) / format.time_base)
        return picture

    def _pts(self, time: Fraction) -> int:
        """Ticks of the format's own time base; broken files repeat a time, which no muxer takes."""
        pts = round((time + self._format.start) / self._format.time_base)
        if self._last_pts is not None and pts <= self._last_pts:
            pts = self._last_pts + 1
        self._last_pts = pts
        return pts

    def _mux(self, *packets: av.Packet[Stream]) -> None:
        if self._container is None:
            raise SinkError(f"{self._path}: is not open")
        for packet in packets:
            self._container.mux(packet)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (av.error.FFmpegError, OSError) as error:
            raise SinkError(f"{self._path}: cannot be written: {error.strerror}") from error
