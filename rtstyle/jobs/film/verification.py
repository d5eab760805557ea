"""Opens a finished film again and compares it with what should be in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import av.error

from rtstyle.errors import SinkError
from rtstyle.frames import VideoFormat
from rtstyle.sinks.carrier import kind_of
from rtstyle.sinks.container import Written
from rtstyle.times import fraction

_MATROSKA_TICK = Fraction(1, 1000)  # seconds


@dataclass(slots=True)
class _Found:
    """What is in a file."""

    kinds: list[str]  # of its streams
    tick: Fraction  # seconds, the painted stream's
    aspect: Fraction  # of its pixels
    packets: Counter[int] = field(default_factory=Counter)  # by their stream
    bytes: Counter[int] = field(default_factory=Counter)  # the same
    times: list[int] = field(default_factory=list)  # of the painted stream, in its ticks


def verify(
    path: Path, written: Sequence[Written], format: VideoFormat, *, frames: int, first: Fraction, last: Fraction
) -> None:
    """Read ``path`` from end to end, and decode one frame of it.

    ``written``: what went into the streams; ``first`` and ``last``: seconds at which the first and the
    last frame are shown, which may move together (Matroska has no time before 0). Raises SinkError
    for what is not as it should be.
    """
    try:
        found = _look(path)
    except (av.error.FFmpegError, IndexError, OSError) as error:
        raise SinkError(f"{path}: was written, but cannot be read again: {error}") from error
    _expect(path, "frames", frames, len(found.times))
    if abs(found.aspect - format.sample_aspect) * format.width >= 1:  # Matroska says it in whole pixels
        _expect(path, "as the aspect of its pixels", format.sample_aspect, found.aspect)
    for kind in ("video", "audio", "subtitle", "attachment", "data"):
        _compare(path, kind, [stream for stream in written if stream.kind == kind], found)
    length = (max(found.times) - min(found.times)) * found.tick
    if abs(length - (last - first)) > max(found.tick, _MATROSKA_TICK):
        _expect(path, "seconds", float(last - first), float(length))


def _look(path: Path) -> _Found:
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        found = _Found(
            kinds=[kind_of(stream) for stream in film.streams],
            tick=fraction(video.time_base) or Fraction(1),
            aspect=fraction(video.sample_aspect_ratio) or Fraction(1),
        )
        decoded = False
        for packet in film.demux():
            if not decoded and packet.stream.index == video.index:
                decoded = bool(packet.decode())
            if packet.size:
                found.packets[packet.stream.index] += 1
                found.bytes[packet.stream.index] += packet.size
                if packet.stream.index == video.index and packet.pts is not None:
                    found.times.append(packet.pts)
    if not decoded:
        raise SinkError(f"{path}: was written, but not one frame of it can be decoded")
    return found


def _compare(path: Path, kind: str, written: Sequence[Written], found: _Found) -> None:
    """The streams of one kind, in their order."""
    there = [index for index, other in enumerate(found.kinds) if other == kind]
    if kind == "data":  # MP4 has its own, for chapters and timecodes
        there = there[: len(written)]
    if len(there) < len(written):  # MP4 has no track for what has no packets, as where sound ends before a cut begins
        written = [stream for stream in written if stream.packets]
    _expect(path, f"streams of {kind}", len(written), len(there))
    for number, (stream, index) in enumerate(zip(written, there, strict=True)):
        count = found.packets[index]
        if kind == "attachment" or (kind == "audio" and found.bytes[index] == stream.bytes):
            continue  # PCM has no packets of its own
        if kind == "subtitle":  # MP4 fills the pauses between them with empty ones
            count = min(stream.packets, count)
        _expect(path, f"packets of {kind} {number}", stream.packets, count)


def _expect(path: Path, what: str, expected: float | Fraction, got: float | Fraction) -> None:
    if expected != got:
        raise SinkError(f"{path}: was written, but is not right: expected {expected} {what}, got {got}")
