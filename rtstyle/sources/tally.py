"""Counts what comes out of a file, and compares it with what the file promised."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av

from rtstyle.choices import OnError
from rtstyle.errors import SourceError
from rtstyle.sources.clock import FREE_CLOCKS
from rtstyle.times import exact

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

_log = logging.getLogger(__name__)

_INDEXED = {"mov,mp4,m4a,3gp,3g2,mj2"}  # demuxers whose index lists every packet, fragments too
_TIMED = {"matroska,webm", "avi", "flv", "asf", "mxf"}  # demuxers whose duration is the header's promise
_COUNTED_FROM_0 = {"matroska,webm", "asf"}  # demuxers whose duration is when the film ends, even if it begins later
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")  # ASF 1.20, 3.2: the File Properties Object
_CUT_ANYWHERE = {"mpegts", "mpeg"}  # recordings of broadcasts, which rarely end between two packets
_MOSTLY_SOUND = 10  # one packet in so many may be damaged, and the film is still the film
_SLACK_S = Fraction(1)  # by which a header may be wrong about the duration, or by a tenth, if that is less

_SOFTWARE = "--decoder software (decoder='software') may decode it"
_SKIP = "--on-error skip (on_error='skip')"


class Tally:
    """What has come out of the file at ``path`` so far, and what is to happen when something does not.

    ``warn`` puts up with little damage and with no early end, ``stop`` with neither, ``skip`` with both.
    """

    def __init__(self, path: str, on_error: OnError = "warn", *, hardware: bool = False) -> None:
        """``hardware``: the decoder is a chip that may leave frames out and not say so; ``came`` must hear of each."""
        self._path = path
        self._on_error = on_error
        self._hardware = hardware
        self._owed: dict[int, float] = {}  # by pts: seconds at which a frame is to be shown that has not come yet
        self._begun = False
        self._packets = 0  # of the video
        self._first: int | None = None  # decoding time of the first one, in its ticks
        self.damaged = 0  # of those, could not be decoded
        self.end = Fraction(0)  # seconds, of what came last in any stream
        self._last_is_corrupt = False
        self._undecodable: SourceError | None = None  # what to raise if the packet that was cut off is not the last

    @property
    def may_go_on(self) -> bool:
        """Whether what cannot be read at all may be jumped over."""
        return self._on_error == "skip"

    def count(self, packet: Packet[Stream], video: Stream) -> None:
        """Take note of a packet that was read."""
        if not packet.size:
            return
        if packet.stream.index == video.index:
            if not self._packets:
                self._first = packet.dts
            self._packets += 1
            if self._undecodable:
                raise self._undecodable
            if self._hardware and packet.pts is not None and not packet.is_discard:
                self._owed[packet.pts] = float(packet.pts * exact(packet.time_base))
        self._last_is_corrupt = packet.is_corrupt
        lasts = (packet.duration or 0) * exact(packet.time_base)
        if packet.pts is not None:
            self.end = max(self.end, packet.pts * exact(packet.time_base) + lasts)
        elif packet.stream.index == video.index:  # as in an MXF whose index is at its end, and lost
            self.end += lasts

    def came(self, pts: int | None) -> None:
        """Take note of a frame. One that was to be shown before it and did not come is lost, as if it were damaged.

        Before the first one nothing is missed: what refers to what lies before the beginning is in no decoder's power.
        """
        if pts is None:
            return
        late = [self._owed.pop(one) for one in sorted(self._owed) if one < pts]
        self._owed.pop(pts, None)
        if self._begun:
            self._lose(late)
        self._begun = True

    def _lose(self, late: Sequence[float]) -> None:
        if late and self._on_error == "stop":
            raise SourceError(f"{self._path}: NVDEC left out the frame at {late[0]:.3f} s; {_SOFTWARE}")
        if late and not self.damaged:
            _log.warning("%s: NVDEC left out the frame at %.3f s; %s", self._path, late[0], _SOFTWARE)
        self.damaged += len(late)

    def damage(self, packet: Packet[Stream]) -> None:
        """Take note of a packet that cannot be decoded; the first one is worth a warning, or the end.

        The last one of a file that was cut off is no damage: ``check`` says that the file ends early.
        """
        at_s = float((packet.pts or packet.dts or 0) * exact(packet.time_base))
        if packet.pts is not None:
            self._owed.pop(packet.pts, None)
        if self._on_error == "stop":
            remedy = f"{_SOFTWARE}, or {_SKIP}" if self._hardware else f"{_SKIP} leaves it out"
            self._undecodable = SourceError(
                f"{self._path}: is damaged: it cannot be decoded at about {at_s:.1f} s; {remedy}"
            )
            if packet.is_corrupt:
                return
            raise self._undecodable
        self.damaged += 1
        if self.damaged == 1:
            _log.warning("%s: a damaged packet at %.3f s is skipped", self._path, at_s)

    def check(self, container: InputContainer, video: VideoStream) -> None:
        """Raise SourceError if the file ended before it should have, or is damaged all over."""
        if not self._last_is_corrupt:
            self._lose([self._owed[pts] for pts in sorted(self._owed)])
        if self.damaged > 1:
            _log.warning("%s: %d damaged packets were skipped", self._path, self.damaged)
        if self.damaged * _MOSTLY_SOUND > self._packets and not self.may_go_on:
            got = f"{self.damaged} of {self._packets} packets of video cannot be decoded"
            raise SourceError(f"{self._path}: is damaged: {got}; try another copy")
        what = self._missing(container, video)
        if not what and self._last_is_corrupt:
            what = "its last packet is cut off"
            if container.format.name in _CUT_ANYWHERE:
                _log.warning("%s: %s", self._path, what)
                return
        if what and self.may_go_on:
            _log.warning("%s: ends early: %s", self._path, what)
        elif what:
            remedy = f", or {_SKIP} keeps the part that is there" if self._on_error == "stop" else ""
            raise SourceError(f"{self._path}: ends early: {what}; get it whole{remedy}")

    def _missing(self, container: InputContainer, video: VideoStream) -> str:
        """What was expected and did not come, in words."""
        name, promised, indexed = container.format.name, duration_of(container), _indexed(video, self._first)
        if name in _INDEXED and self._packets < indexed:
            return f"expected {indexed} packets of video, got {self._packets}"
        if name in _TIMED and self.end < promised - min(_SLACK_S, promised / 10):
            return f"expected {float(promised):.1f} s, got {float(self.end):.1f} s"
        if name == "asf" and not promised and Path(self._path).is_file():  # FFmpeg does not tell it of one cut short
            expected, got = _asf_bytes(self._path), Path(self._path).stat().st_size
            return f"expected {expected} bytes, got {got}" if got < expected else ""
        return ""


def duration_of(container: InputContainer) -> Fraction:
    """Seconds, as the container says; 0 where it does not."""
    return Fraction(container.duration or 0, av.time_base)


def span_of(container: InputContainer, length: Fraction | None = None) -> tuple[Fraction, Fraction]:
    """Seconds at which it begins and ends on its own clock, as the container says; the end is 0 where it does not.

    ``length``: the duration of one of its streams, if the end of that is meant.
    """
    length, name = duration_of(container) if length is None else length, container.format.name
    start = Fraction(0) if name in FREE_CLOCKS else max(Fraction(container.start_time or 0, av.time_base), Fraction(0))
    counts_from_0 = name in _COUNTED_FROM_0 and length > start  # some Matroska has the length in its place
    return start, length + start if length and not counts_from_0 else length


def _indexed(stream: VideoStream, first: int | None) -> int:
    """How many packets the index lists from that decoding time on, but for empty ones, which repeat a picture."""
    return sum(entry.size > 0 and (first is None or entry.timestamp >= first) for entry in stream.index_entries)


def _asf_bytes(path: str) -> int:
    """How long a WMV's header says that the file is, in bytes; 0 where it does not, as in what was recorded live."""
    with Path(path).open("rb") as file:
        head = file.read(1 << 16)
    place = head.find(_ASF_PROPERTIES)
    if place < 0 or len(head) < place + 92 or head[place + 88] & 1:
        return 0
    return int.from_bytes(head[place + 40 : place + 48], "little")
