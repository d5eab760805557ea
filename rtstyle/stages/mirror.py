"""Flips pictures horizontally, as a mirror does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rtstyle.frames import Batch, Images


class Mirror:
    """Flips content and images alike, so that later stages still find them aligned."""

    def __call__(self, batch: Batch, /) -> Batch:
        content = _mirrored(batch.content)
        images = content if batch.images is batch.content else _mirrored(batch.images)
        return replace(batch, content=content, images=images)

    def reset(self) -> None:
        """Nothing to forget."""


def _mirrored(images: Images) -> Images:
    import cv2

    mirrored = np.empty(images.shape, np.uint8)
    for image, out in zip(images, mirrored, strict=True):
        cv2.flip(image, 1, dst=out)
    return mirrored
