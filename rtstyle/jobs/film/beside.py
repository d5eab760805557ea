"""The original and the painting, side by side, for a preview."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rtstyle.frames import Batch, Frame, Packet, VideoFormat
from rtstyle.protocols import Sink


class Beside:
    """Puts the content left of the images, each in full."""

    def __call__(self, batch: Batch, /) -> Batch:
        return replace(batch, images=np.concatenate([batch.content, batch.images], axis=2))

    def reset(self) -> None:
        """Nothing to forget."""


class TwiceAsWide:
    """Opens ``sink`` for frames twice as wide as the source's."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    @property
    def closed(self) -> bool:
        return self._sink.closed

    def open(self, format: VideoFormat, /) -> None:
        self._sink.open(replace(format, width=2 * format.width))

    def write(self, item: Frame | Packet, /) -> None:
        self._sink.write(item)

    def close(self, *, complete: bool = True) -> None:
        self._sink.close(complete=complete)
