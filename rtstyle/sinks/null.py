"""A sink that only counts."""

from __future__ import annotations

from rtstyle.frames import Frame, Packet, VideoFormat


class Null:
    """Takes everything and keeps nothing, to measure all that comes before it."""

    closed = False

    def __init__(self) -> None:
        self.frames = 0
        self.packets = 0

    def open(self, format: VideoFormat, /) -> None:
        """Nothing to prepare."""

    def write(self, item: Frame | Packet, /) -> None:
        """Count."""
        if isinstance(item, Frame):
            self.frames += 1
        else:
            self.packets += 1

    def close(self, *, complete: bool = True) -> None:
        """Nothing to finish."""
