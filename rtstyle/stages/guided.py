"""Paints at a lower resolution and delivers at the full one, with the edges of the content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rtstyle.errors import UsageError

if TYPE_CHECKING:
    from rtstyle.frames import Batch, Image, Images
    from rtstyle.protocols import Stage

_MIN_SIDE = 16  # pixels, the model contract's
_RADIUS = 2  # of the small picture's pixels
_NOISE = 20.0  # variance below which the content explains nothing (grey levels squared)
_STROKES = 0.5  # of the painting's own detail, which the content does not explain, is kept


class Guided:
    """Sends frames through ``stages`` at ``lines`` lines and brings the result back to the content's size.

    Frames that have no more lines than that go through as they are. The stages see a small content too. Raises
    UsageError for less than 16 lines. Needs cv2.
    """

    def __init__(self, stages: Sequence[Stage], *, lines: int) -> None:
        if lines < _MIN_SIDE:
            raise UsageError(f"lines: expected {_MIN_SIDE} or more, got {lines}")
        self._stages = tuple(stages)
        self.lines = lines

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) at which frames of that size are painted: what to prepare a stylizer for."""
        if height <= self.lines:
            return height, width
        return self.lines, max(_MIN_SIDE, round(width * self.lines / height))

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
        triples = zip(full.content, batch.content, batch.images, strict=True)
        return replace(full, images=np.stack([guided_upsample(*triple) for triple in triples]))

    def reset(self) -> None:
        for stage in self._stages:
            stage.reset()


def guided_upsample(content: Image, small: Image, painted: Image) -> Image:
    """Bring ``painted`` to the size of ``content``, whose edges it takes; ``small`` is the content that was painted.

    All (H, W, 3) uint8 RGB; the last two of one size.
    """
    # He & Sun (2015), "Fast Guided Filter": a line a · content + b is fitted to the painting around every small pixel,
    # and a and b are brought to full size in the painting's place. Ours fits luma alone (colours are interpolated:
    # a third of the time, and eyes see colour coarsely), and gives half of what the line misses back, which are the
    # brush strokes; the plain filter takes them for noise.
    import cv2

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(cv2.blur(values, (2 * _RADIUS + 1, 2 * _RADIUS + 1)))

    size = content.shape[1], content.shape[0]
    guide, target = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (small, painted))
    mean_guide, mean_target = mean(guide), mean(target)
    a = (mean(guide * target) - mean_guide * mean_target) / (mean(guide * guide) - mean_guide**2 + _NOISE)
    a, b = mean(a), mean(mean_target - a * mean_guide)
    b += _STROKES * (target - a * guide - b) - target  # so that what is added below is a difference of luma
    luma = cv2.multiply(cv2.resize(a, size), cv2.cvtColor(content, cv2.COLOR_RGB2GRAY), dtype=cv2.CV_32F)
    more = cv2.add(luma, cv2.resize(b, size)).astype(np.int16)
    return np.asarray(cv2.add(cv2.resize(painted, size), cv2.merge([more, more, more]), dtype=cv2.CV_8U), np.uint8)


def _shrink(images: Images, size: tuple[int, int]) -> Images:
    import cv2

    return np.stack([cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA) for image in images])
