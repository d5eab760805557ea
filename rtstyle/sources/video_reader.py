"""Reads a video with PyAV: every frame once, upright, in RGB, with its exact time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
from av.codec.context import ThreadType
from av.video.frame import VideoFrame

from rtstyle.captions import captions_of
from rtstyle.choices import DECODER, Decoder, OnError
from rtstyle.cores import codec_threads
from rtstyle.errors import SourceError
from rtstyle.frames import Cut, Frame, Packet, VideoFormat
from rtstyle.sources.clock import Clock
from rtstyle.sources.decoding import open_decoded, planar
from rtstyle.sources.deinterlacer import Deinterlacer
from rtstyle.sources.demuxer import demux
from rtstyle.sources.rgb_converter import RgbConverter, unconverted
from rtstyle.sources.shape import Shape
from rtstyle.sources.streams import (
    ALL,
    Keep,
    aspect_of,
    has_alpha,
    is_photo,
    is_sphere,
    is_stereo,
    losses,
    others,
    rate_of,
    video_stream,
)
from rtstyle.sources.tally import Tally, span_of
from rtstyle.times import fraction

if TYPE_CHECKING:
    from av.stream import Stream

_log = logging.getLogger(__name__)

SUFFIXES = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv"}
SUFFIXES |= {".ogv", ".ogm", ".3gp", ".3g2", ".vob", ".gif", ".apng", ".webp", ".mxf", ".asf", ".divx", ".dv", ".f4v"}
SUFFIXES |= {".m2v", ".mod", ".tod", ".qt", ".rm", ".rmvb", ".wtv"}
_LIVE_SCHEMES = {"rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "srt"}
_SEEKABLE = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}  # whose index is to be trusted
_REORDERED = 16  # frames by which the order of decoding may differ from that of display, in H.264 and HEVC
_Timed = tuple[VideoFrame, Fraction]  # seconds on the input's clock


class VideoReader:
    """A video file, an image sequence (``frame_%04d.png``) or a network stream, read once from start to end.

    The packets of the other streams in ``keep`` travel along, untouched. ``cut``: the part that is
    given, its first frame at time 0 and without packets, which ``PacketReader`` cuts. Raises
    SourceError where the input cannot be opened and, after the last frame there is, where a file
    ends before its header says. A little that cannot be decoded is left out with a warning; with
    ``on_error="stop"`` it is a SourceError at once, and with ``"skip"`` nothing is but a warning.
    ``run`` closes it; so does ``close``.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        keep: Keep | None = ALL,
        cut: Cut | None = None,
        on_error: OnError = "warn",
        rate: Fraction | None = None,
        decoder: Decoder = DECODER,
    ) -> None:
        """``keep=None``: no packets at all. ``rate``: frames a second of an image sequence.

        ``decoder="nvdec"`` decodes on the GPU, or raises DeviceError; ``"auto"`` does where that is to be had.
        """
        self._path, self._cut = str(path), cut
        self._container = open_decoded(self._path, rate, decoder)
        try:
            self._stream = video_stream(self._container, self._path)
            self._others = () if keep is None or cut is not None else others(self._container, self._stream, keep)
            for loss in [] if keep is None else losses(self._container):
                _log.warning("%s: %s", path, loss)
            self._clock = Clock.of(self._container, self._stream)
            self._hardware = self._stream.codec_context.is_hwaccel
            self._tally = Tally(self._path, on_error, hardware=self._hardware)
            self._deinterlace = Deinterlacer()
            self._seek()
            self._last: Fraction | None = None
            timed = self._timed(self._decode())
            head = list(_up_to_first_frame(timed))
            if not head or isinstance(head[-1], Packet):
                nothing = "has a video stream, but not one frame of it can be decoded"
                why = nothing if cut is None else cut.why_empty(*span_of(self._container))
                raise SourceError(f"{self._path}: {why}")
            first, self.zero = head[-1][0], head[-1][1]
            self.has_captions = captions_of(first) is not None  # with the first frame, as broadcasters have it
            self.is_stereo, self._is_sphere = is_stereo(first), is_sphere(first)
            self._has_alpha = has_alpha(self._stream, first)
            self._is_photo = is_photo(self._stream, self._path)
            self._convert = RgbConverter(first)
            self._shape = Shape(self._path, self._stream, first)
            self.format = self._format(tagged=keep is None or keep.metadata)
            self._items: Iterator[_Timed | Packet] = chain(head, timed)
        except BaseException:
            self._container.close()
            raise

    @property
    def skipped(self) -> int:
        """How many frames could not be decoded so far."""
        return self._tally.damaged

    @property
    def notes(self) -> list[str]:
        """What is done to the picture that the user should know, a phrase each."""
        deinterlaced = ["interlaced fields are made into whole frames"] if self._deinterlace.active else []
        opaque = ["transparency is left out"] if self._has_alpha else []
        flat = "the 360° projection is left out; Google's Spatial Media Metadata Injector puts it back"
        photo = "a photo becomes a film of one frame; `rtstyle image` paints it as a photo"
        still, sphere = [photo] if self._is_photo else [], [flat] if self._is_sphere else []
        return [*still, *self._convert.notes, *deinterlaced, *opaque, *sphere]

    def __iter__(self) -> Iterator[Frame | Packet]:
        for item in self._items:
            yield item if isinstance(item, Packet) else self._frame(*item)

    def skip(self, frames: int) -> None:
        """Decode so many frames, and give none of them. Every frame depends on those before it, so none is jumped."""
        self._items = _without_frames(self._items, frames)

    def close(self) -> None:
        """Close the file; not while another thread iterates over it."""
        self._container.close()

    def _seek(self) -> None:
        """Go to a key frame before the cut; where there is no index, everything before it is decoded.

        MP4's index counts in the order of decoding, and the last key frame in that may be shown, or the first that
        can be decoded after it, when the cut has begun.
        """
        if self._cut is None or self._container.format.name not in _SEEKABLE:
            return
        early = self._cut.start - max(1, _REORDERED / (rate_of(self._stream) or 25))
        if early <= 0:
            return
        ticks = int((early + self._clock.origin) / self._clock.tick)
        try:
            self._container.seek(ticks, stream=self._stream)
        except (av.error.FFmpegError, OverflowError):  # beyond the end, for instance
            _log.debug("%s: cannot seek to %s s", self._path, float(self._cut.start))

    def _format(self, *, tagged: bool) -> VideoFormat:
        container, stream, convert = self._container, self._stream, self._convert
        live = self._path.split("://")[0] in _LIVE_SCHEMES
        format = VideoFormat(
            width=convert.width,
            height=convert.height,
            rate=rate_of(stream),
            time_base=self._clock.tick,
            start=self._start(),
            sample_aspect=convert.aspect(aspect_of(stream)),
            color=convert.color,
            live=live,
            streams=self._others,
            metadata=dict(container.metadata) if tagged else {},
            stream_metadata=dict(stream.metadata) if tagged else {},
            disposition=int(stream.disposition),
            chapters=tuple(container.chapters()) if tagged else (),
        )
        return format if live else replace(format, frames=self._expected_frames())

    def _start(self) -> Fraction:
        if self._cut is not None:
            return Fraction(0)
        return self._clock.read(self._stream.start_time or 0) if self._clock.by_dts else self.zero

    def _expected_frames(self) -> int | None:
        """An edit list may show fewer frames than the file holds: the duration counts."""
        rate, tick = fraction(self._stream.average_rate), self._clock.tick
        start, end = span_of(self._container, self._stream.duration * tick if self._stream.duration else None)
        if not (end and rate):
            return self._stream.frames or None
        part = self._cut or Cut(start)
        rest = max(end - max(part.start, start), Fraction(0))
        return round((rest if part.duration is None else min(rest, part.duration)) * rate)

    def _decode(self) -> Iterator[VideoFrame | Packet]:
        """Frames of the video and packets of the other streams, as they come out of the file."""
        # Decoded ahead in several threads, good frames would go with a damaged one; slices are slower and lose none.
        self._stream.thread_type = ThreadType.SLICE if self._tally.may_go_on else ThreadType.AUTO
        self._stream.codec_context.thread_count = 1 if self._hardware else codec_threads()
        copied = {stream.index for stream in self._others}
        for packet in demux(self._container, self._path, go_on=self._tally.may_go_on):
            self._tally.count(packet, self._stream)
            if packet.stream.index == self._stream.index:
                if packet.size or packet.dts is None:  # an empty one in mid-stream would end the decoder
                    yield from self._decode_packet(packet)
            elif packet.size and packet.stream.index in copied:
                self._clock.shift(packet)
                yield Packet(packet)
        yield from self._deinterlace.flush()
        self._tally.check(self._container, self._stream)

    def _decode_packet(self, packet: av.Packet[Stream]) -> Iterator[VideoFrame]:
        try:
            for decoded in self._stream.decode(packet):
                frame = decoded
                if self._hardware:
                    self._tally.came(frame.pts)
                    frame = planar(frame)
                frame.pts = self._clock.ticks(frame)
                yield from self._deinterlace(frame)
        except av.error.FFmpegError:  # one damaged packet, whatever code the decoder has for it
            self._tally.damage(packet)

    def _timed(self, items: Iterator[VideoFrame | Packet]) -> Iterator[_Timed | Packet]:
        """Frames with their seconds on the input's clock, those inside the cut."""
        before: _Timed | None = None
        for item in items:
            if isinstance(item, Packet):
                yield item
                continue
            self._last = time = self._time(item)
            if self._cut is not None and time < self._cut.start:
                before = item, time
                continue
            yield from self._still(before, time)
            before = None
            if self._cut is not None and self._cut.end is not None and time >= self._cut.end:
                return
            yield item, time
        yield from self._still(before, span_of(self._container)[1])

    def _still(self, before: _Timed | None, until: Fraction) -> Iterator[_Timed]:
        """The frame that is there when the cut begins, if it stands still from then on, as slides do."""
        if before is not None and self._cut is not None and self._cut.shows(before[1], until):
            before[0].duration = round((until - self._cut.start) / self._clock.tick)
            yield before[0], self._cut.start

    def _time(self, frame: VideoFrame) -> Fraction:
        """A frame without a time comes right after the one before."""
        if frame.pts is not None:
            return self._clock.read(frame.pts)
        if self._last is None:
            return Fraction(0)
        rate = rate_of(self._stream)
        return self._last + (frame.duration * self._clock.tick or (1 / rate if rate else self._clock.tick))

    def _frame(self, frame: VideoFrame, time: Fraction) -> Frame:
        self._shape.check(frame, time)
        try:
            image = self._convert(frame)
        except (av.error.FFmpegError, ValueError) as error:
            raise unconverted(self._path, frame, error) from error
        duration = frame.duration * self._clock.tick if frame.duration else None
        if duration is not None and self._cut is not None and self._cut.end is not None:
            duration = min(duration, self._cut.end - time)
        return Frame(image, time - self.zero, duration, captions_of(frame))


def _up_to_first_frame(
    items: Iterator[_Timed | Packet],
) -> Iterator[_Timed | Packet]:
    for item in items:
        yield item
        if not isinstance(item, Packet):
            return


def _without_frames(items: Iterator[_Timed | Packet], count: int) -> Iterator[_Timed | Packet]:
    """The items without the first ``count`` frames."""
    for item in items:
        if count and not isinstance(item, Packet):
            count -= 1
        else:
            yield item
