"""Reads the packets of all streams but the painted one: sound, subtitles, covers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.frames import Cut, Packet, is_cover
from rtstyle.sources.clock import Clock
from rtstyle.sources.demuxer import demux
from rtstyle.sources.streams import Keep, losses, open_input, others, video_stream
from rtstyle.times import exact

if TYPE_CHECKING:
    import av
    from av.stream import Stream

_INTERLEAVED_S = 10  # by which a file may hold one stream's packets later than another's of the same time


class PacketReader:
    """The packets that ``VideoReader`` would give, without its frames; with ``cut``, those inside it.

    ``zero``: seconds on the input's clock that become 0. What has begun before the cut is not
    repeated, but a subtitle that is still to be read then stays until its end, or the cut's. Raises
    SourceError; the owner closes it.
    """

    def __init__(
        self, path: str | Path, keep: Keep, *, cut: Cut | None = None, zero: Fraction = Fraction(0), strict: bool = True
    ) -> None:
        self._path, self._cut, self._zero, self._strict = str(path), cut, zero, strict
        self._container = open_input(self._path)
        try:
            video = video_stream(self._container, self._path)
            self._clock = Clock.of(self._container, video)
            self.streams = others(self._container, video, keep)
            self.lost = losses(self._container)  # streams that nothing can be done with, a phrase each
        except BaseException:
            self._container.close()
            raise

    def __iter__(self) -> Iterator[Packet]:
        wanted = {stream.index for stream in self.streams if stream.type != "attachment"}
        if not wanted:
            return
        for packet in demux(self._container, self._path, go_on=not self._strict, again=True):
            if not packet.size or packet.stream.index not in wanted:
                continue
            time = self._clock.time_of(packet)
            if self._is_over(time):
                return
            if self._trim(packet, time):
                yield Packet(packet)

    def close(self) -> None:
        self._container.close()

    def _is_over(self, time: Fraction | None) -> bool:
        end = self._cut.end if self._cut else None
        return end is not None and time is not None and time > end + _INTERLEAVED_S

    def _trim(self, packet: av.Packet[Stream], time: Fraction | None) -> bool:
        """Shift a packet; False if it lies outside the cut."""
        if self._cut is None or is_cover(packet.stream):
            self._clock.shift(packet)
            return True
        if time is None or (self._cut.end is not None and time >= self._cut.end):
            return False
        if packet.stream.type == "subtitle" and self._cut.end is not None:
            left = max(round((self._cut.end - time) / exact(packet.time_base)), 1)
            packet.duration = min(packet.duration or 0, left)
        late = self._zero - time
        self._clock.shift(packet, self._zero)
        if late <= 0:
            return True
        if packet.stream.type != "subtitle":
            return False
        packet.pts = packet.dts = 0
        packet.duration = (packet.duration or 0) - round(late / exact(packet.time_base))
        return packet.duration > 0
