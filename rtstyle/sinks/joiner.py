"""Joins segments and the other streams' packets into one file, without re-encoding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import av
import av.error

from rtstyle.errors import SinkError
from rtstyle.frames import Packet, VideoFormat
from rtstyle.resumption import ANEW
from rtstyle.sinks.container import Container, Written
from rtstyle.sinks.encoding import Encoder
from rtstyle.sinks.segment_writer import Segment
from rtstyle.sinks.video_encoder import VideoEncoder
from rtstyle.sinks.video_writer import translated
from rtstyle.times import exact

if TYPE_CHECKING:
    from av.video.stream import VideoStream


def join(
    segments: Sequence[Segment],
    folder: Path,
    others: Iterable[Packet],
    *,
    target: Path,
    format: VideoFormat,
    encoder: Encoder,
) -> list[Written]:
    """Write ``target``, a file as its extension says; ``format.streams`` are those that ``others`` belong to.

    Returns what went into each of its streams. Raises SinkError, where segments do not belong
    together as well.
    """
    with translated(target):
        container = Container(target, target.suffix, format)
        try:
            # An encoder that codes nothing: only a stream that has one knows its frame rate, for PyAV.
            context = VideoEncoder(container.av, target, encoder, format).stream.codec_context
            context.open()
            first = _read(folder / segments[0].file)
            context.extradata = first.header
            stream = container.av.streams.video[0]
            container.start(format.streams, format.chapters)
            waiting = _Waiting(others)
            for packet in _video(segments, folder, first, format):
                for other in waiting.until((packet.dts or 0) * format.time_base):
                    container.carry(other)
                packet.stream = stream
                container.mux([packet])
            for other in waiting.until(None):
                container.carry(other)
            return container.finish()
        finally:
            with suppress(av.error.FFmpegError, OSError, ValueError):
                container.close()


class _Part(NamedTuple):
    """A segment, read."""

    header: bytes  # what a decoder must know before the first packet, as MP4 and Matroska write it
    packets: list[av.Packet[VideoStream]]  # in the encoder's order


class _Waiting:
    """Packets in the order of their file, given out as time goes by."""

    def __init__(self, others: Iterable[Packet]) -> None:
        self._packets = (item.packet for item in others)
        self._next = next(self._packets, None)

    def until(self, seconds: Fraction | None) -> Iterator[av.Packet[Any]]:
        """All packets that begin by then; None: all."""
        while self._next is not None and (seconds is None or _time(self._next) <= seconds):
            yield self._next
            self._next = next(self._packets, None)


def _time(packet: av.Packet[Any]) -> Fraction:
    ticks = packet.dts if packet.dts is not None else packet.pts or 0
    return ticks * exact(packet.time_base)


def _video(
    segments: Sequence[Segment], folder: Path, first: _Part, format: VideoFormat
) -> Iterator[av.Packet[VideoStream]]:
    """The packets of all segments on one clock: shown when they were to be, decoded ``delay`` frames before.

    The n-th packet is decoded when the frame ``delay`` places before the n-th is shown.
    """
    delay = max(segment.delay for segment in segments)
    rate = format.rate or 25
    step = max(round(1 / rate / format.time_base), 1)
    decoding = [segments[0].first - step * (delay - place) for place in range(delay)]
    starts = [segment.first for segment in segments[1:]]
    for segment, start in zip(segments, [*starts, None], strict=True):
        header, packets = first if segment is segments[0] else _read(folder / segment.file)
        if header != first.header:
            path = folder / segment.file
            raise SinkError(f"{path}: was encoded with other settings than the first segment; {ANEW}")
        times = [round((packet.pts or 0) * exact(packet.time_base) / format.time_base) for packet in packets]
        if len(packets) != segment.frames:
            raise SinkError(f"{folder / segment.file}: expected {segment.frames} frames, got {len(packets)}")
        shown = sorted(segment.first + time - min(times) for time in times)
        end = shown[-1] + (segment.tail or step)
        after = dict(zip(shown, [*shown[1:], end if start is None else start], strict=True))
        decoding += shown
        for packet, time in zip(packets, times, strict=True):
            packet.pts = segment.first + time - min(times)
            packet.dts = decoding.pop(0)
            packet.duration = max(after[packet.pts] - packet.pts, 0)
            packet.time_base = format.time_base
            yield packet


def _read(path: Path) -> _Part:
    """Raise SinkError for a segment that cannot be read."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            header = bytes(stream.codec_context.extradata or b"")
            return _Part(header, [packet for packet in container.demux(stream) if packet.size])
    except (av.error.FFmpegError, IndexError) as error:
        raise SinkError(f"{path}: cannot be read again: {error}; {ANEW}") from error
