"""A film from keyframe to keyframe: what is held until the next one is reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rtstyle.frames import Frame, Image, Packet

if TYPE_CHECKING:
    from rtstyle.gatys.carry import Carrier

Marked = tuple[Frame | Packet, bool, bool]  # with: begins a shot, is asked for

_LONGEST = 48  # frames from one keyframe to the next: their flows are held in memory


@dataclass(slots=True)
class Propagation:
    """Paints frames segment by segment: from a keyframe up to the next one, or to the end of its shot."""

    carrier: Carrier
    size: tuple[int, int]  # width, height
    frames: int = 0
    keyframes: int = 0
    _held: list[Frame | Packet] = field(default_factory=list)  # the first frame among them is painted
    _painted: Image | None = None
    _first: int = 0  # its number

    def painted(self, items: Iterator[Marked]) -> Iterator[Frame | Packet]:
        """Every frame once, in order, at its own time, and every packet in its place."""
        for item, cut, wanted in items:
            if isinstance(item, Packet):
                self._held.append(item)
                continue
            self.frames += 1
            frame = replace(item, image=self._scaled(item.image))
            if cut or self._painted is None:
                yield from self._flushed()
                self._first = self.frames - 1
                self._held, self._painted = [frame], self.carrier.first(frame.image, self._first)
                self.keyframes += 1
                continue
            self._held.append(frame)
            if wanted or len(self._pictures()) > _LONGEST:
                yield from self._segment()
        yield from self._flushed()

    def _segment(self) -> Iterator[Frame | Packet]:
        """Everything but the last frame, with which the next segment begins."""
        last = self._held[-1]  # the frame that was just added
        pictures = self._paint()
        for item in self._held[:-1]:
            yield replace(item, image=next(pictures)) if isinstance(item, Frame) else item
        self._held, self._painted, self._first = [last], next(pictures), self.frames - 1

    def _flushed(self) -> Iterator[Frame | Packet]:
        """Everything that is held: the end of a shot, whose last frame is a keyframe too."""
        pictures = self._paint()
        for item in self._held:
            yield replace(item, image=next(pictures)) if isinstance(item, Frame) else item
        self._held = []

    def _paint(self) -> Iterator[Image]:
        frames = self._pictures()
        if self._painted is None:
            return
        yield self._painted
        if len(frames) > 1:
            self.keyframes += 1
            yield from self.carrier.segment(frames, self._painted, self._first)

    def _pictures(self) -> list[Image]:
        return [item.image for item in self._held if isinstance(item, Frame)]

    def _scaled(self, image: Image) -> Image:
        import cv2
        import numpy as np

        smaller = self.size[0] < image.shape[1]
        how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC  # the one repeats pixels upwards, the other has aliases
        return np.asarray(cv2.resize(image, self.size, interpolation=how), dtype=np.uint8)
