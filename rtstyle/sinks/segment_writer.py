"""Writes a film in segments, each a file that is either complete or absent."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.error

from rtstyle.errors import SinkError
from rtstyle.frames import Frame, Packet, VideoFormat
from rtstyle.sinks.encoding import Encoder
from rtstyle.sinks.video_encoder import VideoEncoder
from rtstyle.sinks.video_writer import translated
from rtstyle.times import exact

if TYPE_CHECKING:
    from av.container import OutputContainer

_OPTIONS = {"use_editlist": "0"}  # times inside a segment count from its first frame, and need no list


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive frames in a file of their own. Times are in ticks of the format's time base, from its clock's 0."""

    file: str
    frames: int
    bytes: int  # of the file
    first: int  # when the first frame is shown
    last: int  # when the last frame is shown
    tail: int  # how long the last frame is shown; 0: unknown
    delay: int  # frames by which the encoder's order may be behind the order of display


class SegmentWriter:
    """Files of ``length`` frames each in ``folder``; the last may be shorter. Packets of other streams are dropped.

    ``done`` is called with every segment once it is complete and on disk. The first ``lead`` frames only
    warm up the stages and are not written. ``after``: the segment that is there already, if any.
    Raises SinkError. An unfinished segment is removed; whole ones stay, whatever happens.
    """

    closed = False

    def __init__(
        self,
        folder: Path,
        encoder: Encoder,
        done: Callable[[Segment], None],
        *,
        format: VideoFormat,
        length: int,
        lead: int = 0,
        number: int = 0,
        after: Segment | None = None,
    ) -> None:
        self._folder, self._encoder, self._done = folder, encoder, done
        self._format, self._length, self._lead, self._number = format, length, lead, number
        self._last = None if after is None else after.last
        self._open: _OpenSegment | None = None

    def open(self, format: VideoFormat, /) -> None:
        """Files are made when frames come, and stages may have widened those: the format is the one given before."""

    def write(self, item: Frame | Packet, /) -> None:
        """Encode a frame; with the last one of a segment, close it."""
        if isinstance(item, Packet):
            return
        if self._lead:
            self._lead -= 1
            return
        if self._open is None:
            path = self._folder / f"{self._number:06}.mp4"
            self._open = _OpenSegment(path, self._encoder, self._format, item, self._last)
        self._open.write(item)
        if self._open.frames == self._length:
            self._finish()

    def close(self, *, complete: bool = True) -> None:
        """Finish the last segment; or, incomplete, remove what is unfinished."""
        if self._open is not None and complete:
            self._finish()
        elif self._open is not None:
            self._open.discard()
            self._open = None

    def _finish(self) -> None:
        if self._open is None:
            return
        try:
            segment = self._open.finish()
        except BaseException:
            self._open.discard()
            raise
        self._open, self._last = None, segment.last
        self._number += 1
        self._done(segment)


class _OpenSegment:
    """The segment that is being written, under a name that says so."""

    def __init__(self, path: Path, encoder: Encoder, format: VideoFormat, first: Frame, last: int | None) -> None:
        self._path = path
        self._temporary = path.with_suffix(".part.mp4")
        self._format = format
        ticks = round((first.time + format.start) / format.time_base)
        self._first = ticks if last is None else max(ticks, last + 1)
        self.frames = 0
        self._tail = 0
        self._order: list[int] = []  # times in the encoder's order
        with translated(path):
            self._container: OutputContainer = av.open(str(self._temporary), "w", format="mp4", options=_OPTIONS)
            relative = replace(format, start=-first.time, stream_metadata={}, disposition=0)
            self._video = VideoEncoder(self._container, path, encoder, relative)
            self._container.start_encoding()

    def write(self, frame: Frame) -> None:
        self.frames += 1
        self._tail = round((frame.duration or 0) / self._format.time_base)
        with translated(self._path):
            self._mux(self._video.encode(frame))

    def finish(self) -> Segment:
        with translated(self._path):
            self._mux(self._video.flush())
            self._container.close()
            with self._temporary.open("rb+") as file:
                os.fsync(file.fileno())
            self._temporary.replace(self._path)
        if len(self._order) != self.frames:
            name = self._video.stream.codec_context.name
            raise SinkError(f"{self._path}: {name} gave {len(self._order)} packets for {self.frames} frames")
        shown = sorted(self._order)
        delay = max(place - bisect_left(shown, time) for place, time in enumerate(self._order))
        last = self._first + shown[-1] - shown[0]
        return Segment(self._path.name, self.frames, self._path.stat().st_size, self._first, last, self._tail, delay)

    def discard(self) -> None:
        try:
            with suppress(av.error.FFmpegError, OSError, ValueError):
                self._container.close()
        finally:
            with suppress(OSError):
                self._temporary.unlink(missing_ok=True)

    def _mux(self, packets: list[av.Packet[Any]]) -> None:
        for packet in packets:
            self._order.append(round((packet.pts or 0) * exact(packet.time_base) / self._format.time_base))
            self._container.mux(packet)
