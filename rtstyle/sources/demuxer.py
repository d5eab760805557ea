"""Yields the packets of a file on one clock, continuing after what cannot be read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import av.error

from rtstyle.errors import SourceError, reason_of
from rtstyle.sources.clock import FREE_CLOCKS
from rtstyle.sources.discontinuities import Discontinuities
from rtstyle.times import exact

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

_log = logging.getLogger(__name__)

Say = Callable[..., None]  # a logger's method

_RETRIES = 5  # places where a file is tried again behind one that cannot be read


def demux(container: InputContainer, path: str, *, go_on: bool, again: bool = False) -> Iterator[Packet[Stream]]:
    """Packets of all streams: the file's duration is that of the longest, and a clock is begun again in any of them.

    What cannot be read raises SourceError, or is jumped over with ``go_on``. ``again``: nothing is said of a file
    that was read before.
    """
    discontinuities = Discontinuities(path, quiet=again) if container.format.name in FREE_CLOCKS else None
    say: Say = _log.debug if again else _log.warning
    end, told = Fraction(0), Fraction(-1)  # seconds, of what came last in any stream by the file's own clock
    for attempt in range(_RETRIES + 1):
        try:
            for packet in packets_of(container, path, say):
                if packet.pts is not None:
                    end = max(end, (packet.pts + (packet.duration or 0)) * exact(packet.time_base))
                if discontinuities is None or discontinuities.mend(packet):
                    yield packet
        except av.error.FFmpegError as error:
            if not go_on:
                raise SourceError(f"{path}: breaks off while it is read: {reason_of(error)}") from error
            if end != told:
                say("%s: cannot be read at %.1f s (%s); continuing after it", path, float(end), reason_of(error))
            told = end
            with suppress(av.error.FFmpegError):  # where it cannot be jumped, it may yet be read on
                container.seek(int((end + 2**attempt) * av.time_base), backward=False, any_frame=False)
        else:
            return
    say("%s: nothing more can be read after %.1f s", path, float(end))


def packets_of(
    container: InputContainer, path: str, say: Say = _log.warning, *, only: Stream | None = None
) -> Iterator[Packet[Stream]]:
    """What PyAV's ``demux`` gives, which stumbles at the end over streams that were not there at the beginning."""
    try:
        yield from container.demux() if only is None else container.demux(only)
    except IndexError:
        remedy = (
            "ffmpeg -probesize 1G -analyzeduration 1G -i IN -c copy OUT.mkv makes a copy that has it from the start"
        )
        say("%s: a stream that begins in the middle is left out; %s", path, remedy)
