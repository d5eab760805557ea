"""What the pipeline requires of its parts, which need not import these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from rtstyle.frames import Batch, Frame, Packet, VideoFormat


class Source(Protocol):
    """Yields frames in display order and, between them, the packets of the streams in ``format.streams``."""

    @property
    def format(self) -> VideoFormat: ...

    def __iter__(self) -> Iterator[Frame | Packet]: ...

    def close(self) -> None: ...


class Stage(Protocol):
    """Maps a batch to a batch of the same length; ``reset`` forgets earlier frames."""

    def __call__(self, batch: Batch, /) -> Batch: ...

    def reset(self) -> None: ...


class Sink(Protocol):
    """Takes frames in order. ``closed`` turns true when it wants no more (the user closed the window)."""

    @property
    def closed(self) -> bool: ...

    def open(self, format: VideoFormat, /) -> None: ...

    def write(self, item: Frame | Packet, /) -> None: ...

    def close(self, *, complete: bool = True) -> None:
        """Finish. ``complete=False``: the frames stopped early, and a file must not appear under its final name."""
