"""Reads a video with PyAV: every frame once, upright, in RGB, with its exact time."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
from av.codec.context import ThreadType
from av.stream import Disposition
from av.video.frame import VideoFrame

from rtstyle.errors import SourceError
from rtstyle.frames import Frame, Packet, VideoFormat
from rtstyle.sources.rgb_converter import RgbConverter
from rtstyle.sources.tally import Tally, duration_of, exact, fraction

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

_log = logging.getLogger(__name__)

_LIVE_SCHEMES = {"rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "srt"}
_NETWORK_TIMEOUT_S = 10.0
_COPIED = {"audio", "subtitle"}  # data streams and attachments stay behind
_UNTIMED = {"avi"}  # these number their packets; FFmpeg makes up presentation times that jump where B-frames are
_FREE_CLOCKS = {"mpeg", "mpegts", "hls", "rtsp", "rtp", "sdp"}  # these start anywhere; all others keep their own time


class VideoReader:
    """A video file, an image sequence (``frame_%04d.png``) or a network stream, read once from start to end.

    The packets of sound and subtitles travel along, untouched. Raises SourceError where the input
    cannot be opened and, after the last frame there is, where a file ends before its header says.
    ``run`` closes it; so does ``close``.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        self._container = _open(self._path)
        try:
            self._stream = _video_stream(self._container, self._path)
            _warn_of_losses(self._container, self._path)
            self._clock = _Clock.of(self._container, self._stream)
            self._tally = Tally(self._path)
            decoded = self._decode()
            head = list(_up_to_first_frame(decoded))
            if not head or not isinstance(head[-1], VideoFrame):
                raise SourceError(f"{self._path}: has a video stream, but not one frame of it can be decoded")
            self._items = chain(head, decoded)
            self._convert = RgbConverter(head[-1])
            first = self._clock.ticks(head[-1]) or 0
            self._zero = self._clock.read(first)
            self.format = self._format((self._stream.start_time or 0) if self._clock.by_dts else first)
            self._last = self._clock.before(head[-1], self.format)
        except BaseException:
            self._container.close()
            raise

    def __iter__(self) -> Iterator[Frame | Packet]:
        for item in self._items:
            yield item if isinstance(item, Packet) else self._frame(item)

    def close(self) -> None:
        """Close the file; not while another thread iterates over it."""
        self._container.close()

    def _format(self, start: int) -> VideoFormat:
        container, stream, convert = self._container, self._stream, self._convert
        aspect = fraction(stream.sample_aspect_ratio) or fraction(stream.codec_context.sample_aspect_ratio)
        live = self._path.split("://")[0] in _LIVE_SCHEMES
        return VideoFormat(
            width=convert.width,
            height=convert.height,
            rate=fraction(stream.guessed_rate),
            time_base=self._clock.tick,
            start=self._clock.read(start),
            sample_aspect=convert.aspect(aspect or Fraction(1)),
            color=convert.color,
            live=live,
            frames=None if live else _expected_frames(container, stream),
            streams=tuple(_others(container)),
            metadata=dict(container.metadata),
            chapters=tuple(container.chapters()),
        )

    def _decode(self) -> Iterator[VideoFrame | Packet]:
        """Frames of the video and packets of the other streams, as they come out of the file."""
        self._stream.thread_type = ThreadType.AUTO
        copied = {stream.index for stream in _others(self._container)}
        try:
            for packet in self._container.demux():  # all streams: the file's duration is that of the longest
                self._tally.count(packet, self._stream)
                if packet.stream.index == self._stream.index:
                    if packet.size or packet.dts is None:  # an empty one in mid-stream would end the decoder
                        yield from self._decode_packet(packet)
                elif packet.size and packet.stream.index in copied:
                    self._clock.shift(packet)
                    yield Packet(packet)
        except av.error.FFmpegError as error:
            raise SourceError(f"{self._path}: breaks off while it is read: {error.strerror}") from error
        self._tally.check(self._container, self._stream)

    def _decode_packet(self, packet: av.Packet[Stream]) -> Iterator[VideoFrame]:
        try:
            yield from self._stream.decode(packet)
        except av.error.FFmpegError:  # one damaged packet, whatever code the decoder has for it: players go on
            self._tally.damage(packet)

    def _frame(self, frame: VideoFrame) -> Frame:
        try:
            image = self._convert(frame)
        except (av.error.FFmpegError, ValueError) as error:
            raise SourceError(f"{self._path}: {frame.format.name} cannot be converted to RGB: {error}") from error
        duration = frame.duration * self._clock.tick if frame.duration else None
        step = duration or (1 / self.format.rate if self.format.rate else self._clock.tick)
        ticks = self._clock.ticks(frame)
        time = self._last + step if ticks is None else self._clock.read(ticks) - self._zero
        self._last = time
        return Frame(image, time, duration)


@dataclass(slots=True)
class _Clock:
    """The video stream's ticks, and the seconds by which the container's clock is put back."""

    tick: Fraction  # seconds
    origin: Fraction  # seconds
    by_dts: bool  # whether only the order of decoding has times, which frames then take in turn

    @classmethod
    def of(cls, container: InputContainer, video: VideoStream) -> _Clock:
        tick = fraction(video.time_base) or Fraction(1, 90_000)
        by_dts = container.format.name in _UNTIMED
        if container.format.name not in _FREE_CLOCKS:
            return cls(tick, Fraction(0), by_dts)
        starts = [
            s.start_time * exact(s.time_base) for s in container.streams if s.start_time is not None and s.time_base
        ]
        return cls(tick, min(starts, default=Fraction(0)), by_dts)

    def ticks(self, frame: VideoFrame) -> int | None:
        """When the frame is shown; in AVI the n-th to come out is, however late, the n-th that went in."""
        return frame.dts if self.by_dts else frame.pts

    def read(self, ticks: int) -> Fraction:
        """Seconds at ``ticks`` of the video stream."""
        return ticks * self.tick - self.origin

    def before(self, first: VideoFrame, format: VideoFormat) -> Fraction:
        """Seconds, relative to the first frame, at which a frame before it would have been."""
        if first.duration:
            return -first.duration * self.tick
        return -1 / format.rate if format.rate else -self.tick

    def shift(self, packet: av.Packet[Stream]) -> None:
        """Put a packet's own times back by as much."""
        ticks = round(self.origin / exact(packet.time_base))
        if ticks:
            packet.pts = None if packet.pts is None else packet.pts - ticks
            packet.dts = None if packet.dts is None else packet.dts - ticks


def _open(path: str) -> InputContainer:
    remote = "://" in path
    try:
        if not remote and Path(path).is_dir():
            raise SourceError(f"{path}: expected a video file, got a folder")
        if not remote and "%" not in path and not Path(path).exists():
            raise SourceError(f"{path}: there is no such file")
        # With "./" in front, a colon in the name of a file is not taken for the end of a protocol's.
        address = path if remote else os.path.join(".", path)  # noqa: PTH118 - Path would drop the "./"
        return av.open(address, "r", timeout=_NETWORK_TIMEOUT_S if remote else None, metadata_errors="replace")
    except (av.error.InvalidDataError, av.error.EOFError) as error:
        raise SourceError(f"{path}: is not a video that can be read, or its beginning or end is missing") from error
    except (av.error.FFmpegError, OSError) as error:
        raise SourceError(f"{path}: cannot be opened: {error.strerror}") from error


def _video_stream(container: InputContainer, path: str) -> VideoStream:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
    raise SourceError(f"{path}: expected a video stream, got only: {kinds}")


def _others(container: InputContainer) -> list[Stream]:
    return [s for s in container.streams if s.type in _COPIED and s.codec_context is not None]


def _warn_of_losses(container: InputContainer, path: str) -> None:
    copied = {stream.index for stream in _others(container)}
    for stream in container.streams:
        if stream.type in _COPIED and stream.index not in copied:
            _log.warning("%s: stream %d (%s) is of an unknown codec and is left out", path, stream.index, stream.type)


def _up_to_first_frame(items: Iterator[VideoFrame | Packet]) -> Iterator[VideoFrame | Packet]:
    for item in items:
        yield item
        if isinstance(item, VideoFrame):
            return


def _expected_frames(container: InputContainer, stream: VideoStream) -> int | None:
    """An edit list may show fewer frames than the file holds: the duration counts."""
    rate, tick = fraction(stream.average_rate), fraction(stream.time_base)
    duration = stream.duration * tick if stream.duration and tick else duration_of(container)
    return round(duration * rate) if duration and rate else stream.frames or None
