"""Several sinks at once: a window and a file, say."""

from __future__ import annotations

from contextlib import ExitStack

from rtstyle.frames import Frame, Packet, VideoFormat
from rtstyle.protocols import Sink


class Tee:
    """Gives every item to each of ``sinks`` in turn; closed as soon as one of them is.

    Packets are handed on, not copied, so at most one of the sinks may mux them.
    """

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = sinks

    @property
    def closed(self) -> bool:
        return any(sink.closed for sink in self._sinks)

    def open(self, format: VideoFormat, /) -> None:
        """Open all, in order; what is raised comes through, and ``close`` undoes it."""
        for sink in self._sinks:
            sink.open(format)

    def write(self, item: Frame | Packet, /) -> None:
        """Write to all, in order."""
        for sink in self._sinks:
            sink.write(item)

    def close(self, *, complete: bool = True) -> None:
        """Close all, even if one of them fails."""
        with ExitStack() as stack:
            for sink in reversed(self._sinks):
                stack.callback(sink.close, complete=complete)
