"""Makes a single clock out of those of files joined end to end."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import TYPE_CHECKING

from rtstyle.times import exact

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

_log = logging.getLogger(__name__)

# FFmpeg's own command calls a discontinuity what goes back a tenth of a second, or ten seconds ahead; but slides stand
# longer than that.
_BACK_S, _AHEAD_S = Fraction(1, 10), 60


class Discontinuities:
    """The parts of a file whose clock begins again, as after ``cat a.ts b.ts``, each put behind the one before.

    All streams of a part are moved by the same time, so that they stay in step; what a demuxer gives late
    still belongs to its own part.
    """

    def __init__(self, path: str, *, quiet: bool = False) -> None:
        """``quiet``: they were told of before."""
        self._path, self._quiet = path, quiet
        self._offsets = [Fraction(0)]  # seconds by which each part is moved
        self._part: dict[int, int] = {}  # by the stream's index
        self._last: dict[int, Fraction] = {}  # the same: seconds at which its last packet is decoded
        self._now = self._end = Fraction(0)  # seconds, of decoding and where all that was shown so far ends

    def mend(self, packet: Packet[Stream]) -> bool:
        """Put the packet on the clock of the first part; False for sound that the part before has played already."""
        ticks, shown = (a if a is not None else b for a, b in ((packet.dts, packet.pts), (packet.pts, packet.dts)))
        if ticks is None or shown is None or not packet.size:
            return True
        index, base = packet.stream.index, exact(packet.time_base)
        part = self._part_of(index, ticks * base)
        if part is None:
            part = self._begin(shown * base)
        offset, late = self._offsets[part], part > self._part.get(index, part)
        time = ticks * base + offset
        if late and packet.stream.type == "audio" and time <= self._last[index]:
            return False
        lasts = (packet.duration or 0) * base or time - self._last.get(index, time)  # some demuxers say no durations
        self._part[index], self._last[index] = part, time
        self._now = time if len(self._last) == 1 else max(self._now, time)
        if packet.stream.type in {"video", "audio"}:  # a subtitle may stay for minutes
            self._end = max(self._end, shown * base + offset + lasts)
        if offset:
            moved = round(offset / base)
            packet.pts = None if packet.pts is None else packet.pts + moved
            packet.dts = None if packet.dts is None else packet.dts + moved
        return True

    def _part_of(self, index: int, time: Fraction) -> int | None:
        """The part in which ``time`` is nearest to where we are; None where it fits into none."""
        if not self._last:
            return 0
        here, last = self._part.get(index, 0), self._last.get(index, time + self._offsets[0])
        away = {
            part: abs(time + offset - self._now)
            for part, offset in enumerate(self._offsets)
            if part > here or time + offset >= last - _BACK_S
        }
        nearest = min(away, key=lambda part: away[part], default=None)
        if nearest is None or index not in self._last:  # whoever has not spoken yet may have a clock of its own
            return nearest
        is_ahead = time + self._offsets[nearest] - max(last, self._now) > _AHEAD_S
        return None if is_ahead else nearest

    def _begin(self, shown: Fraction) -> int:
        if len(self._offsets) == 1 and not self._quiet:
            sentence = "%s: its clock starts again, as in joined files; what follows is placed after what came before"
            _log.warning(sentence, self._path)
        self._offsets.append(self._end - shown)
        return len(self._offsets) - 1
