"""Paints at a lower resolution, with larger strokes, and returns full resolution with the content's edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rtstyle.errors import UsageError
from rtstyle.stages.guided_upsampler import GuidedUpsampler
from rtstyle.style import MIN_SIZE

if TYPE_CHECKING:
    from rtstyle.frames import Batch, Images
    from rtstyle.protocols import Stage

Lines = Callable[[int, int], float]  # height, width: lines


class Guided:
    """Sends frames through ``stages`` at fewer lines, and scales the result back to their size.

    ``lines``: 16 or more, or a function of height and width, such as ``share`` and ``short_side`` return; frames with
    no more lines go through unchanged, and no side gets smaller than 16 pixels. The stages see the content scaled down
    too. Raises UsageError for fewer than 16 lines. Needs cv2.
    """

    def __init__(self, stages: Sequence[Stage], *, lines: int | Lines) -> None:
        self._stages = tuple(stages)
        self._upsampler: GuidedUpsampler | None = None
        self._lines = _fixed(lines) if isinstance(lines, int) else lines

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) at which frames of that size are painted: what to prepare a stylizer for."""
        lines = min(max(round(self._lines(height, width)), MIN_SIZE), height)
        return lines, max(round(width * lines / height), min(MIN_SIZE, width))

    def __call__(self, batch: Batch, /) -> Batch:
        full, size = batch, self.size(*batch.content.shape[1:3])
        shrunk = size != batch.content.shape[1:3]
        if shrunk:
            content = _shrink(full.content, size)
            images = content if full.images is full.content else _shrink(full.images, size)
            batch = replace(full, content=content, images=images)
        for stage in self._stages:
            batch = stage(batch)
        if not shrunk:
            return batch
        return replace(full, images=self._upsampled(full.content, batch))

    def reset(self) -> None:
        for stage in self._stages:
            stage.reset()

    def _upsampled(self, content: Images, small: Batch) -> Images:
        sizes = small.images.shape[1:3], content.shape[1:3]
        if self._upsampler is None or self._upsampler.sizes != sizes:
            self._upsampler = GuidedUpsampler(*sizes)
        images = np.empty_like(content)
        for frames in zip(content, small.content, small.images, images, strict=True):
            self._upsampler(*frames)
        return images


def share(scale: float) -> Lines:
    """Return ``lines`` for that share of the height. Raises UsageError outside 0 to 1."""
    if not 0 < scale <= 1:
        raise UsageError(f"scale: expected more than 0, at most 1, got {scale:g}")
    return lambda height, _: height * scale


def short_side(side: int) -> Lines:
    """Return ``lines`` that make the short side ``side`` pixels."""
    return lambda height, width: side * height / min(height, width)


def _fixed(lines: int) -> Lines:
    if lines < MIN_SIZE:
        raise UsageError(f"lines: expected {MIN_SIZE} or more, got {lines}")
    return lambda _height, _width: lines


def _shrink(images: Images, size: tuple[int, int]) -> Images:
    import cv2

    shrunk = np.empty((len(images), *size, 3), np.uint8)
    for image, small in zip(images, shrunk, strict=True):
        cv2.resize(image, size[::-1], dst=small, interpolation=cv2.INTER_AREA)
    return shrunk
