"""Opens a finished film again and compares it with what was meant to be in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import av.error

from rtstyle.errors import SinkError
from rtstyle.sinks.carrier import kind_of
from rtstyle.sinks.container import Written

_MATROSKA_TICK = Fraction(1, 1000)  # seconds


def verify(path: Path, written: Sequence[Written], *, frames: int, first: Fraction, last: Fraction) -> None:
    """Read ``path`` from end to end, and decode one frame of it.

    ``written``: what went into the streams; ``first`` and ``last``: seconds at which the first and the
    last frame are shown, which may move together (Matroska has no time before 0). Raises SinkError
    for what is not as it should be.
    """
    try:
        with av.open(str(path)) as film:
            video = film.streams.video[0]
            painted = video.index
            found: Counter[int] = Counter()
            kinds = [kind_of(stream) for stream in film.streams]
            times = []
            for packet in film.demux():
                if packet.size:
                    found[packet.stream.index] += 1
                    if packet.stream.index == painted and packet.pts is not None:
                        times.append(packet.pts)
            tick = Fraction(video.time_base.numerator, video.time_base.denominator) if video.time_base else Fraction(1)
        with av.open(str(path)) as film:
            next(film.decode(video=0))
    except (av.error.FFmpegError, IndexError, StopIteration, OSError) as error:
        raise SinkError(f"{path}: was written, but cannot be read again: {error}") from error
    _expect(path, "frames", frames, found[painted])
    for kind in ("video", "audio", "subtitle", "attachment"):
        expected = [count for other, count in written if other == kind]
        got = [found[index] for index, other in enumerate(kinds) if other == kind]
        _expect(path, f"streams of {kind}", len(expected), len(got))
        for number, (count, there) in enumerate(zip(expected, got, strict=True)):
            if kind in {"video", "audio"}:  # MP4 fills the pauses between subtitles with empty ones
                _expect(path, f"packets of {kind} {number}", count, there)
            elif kind == "subtitle":
                _expect(path, f"packets of {kind} {number}", count, min(count, there))
    length = (max(times) - min(times)) * tick
    if abs(length - (last - first)) > max(tick, _MATROSKA_TICK):
        _expect(path, "seconds", float(last - first), float(length))


def _expect(path: Path, what: str, expected: float, got: float) -> None:
    if expected != got:
        raise SinkError(f"{path}: was written, but is not right: expected {expected} {what}, got {got}")
