"""The painting's brush strokes in the original's colours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rtstyle.frames import Batch, Image


class KeepColors:
    """Gives the painting the content's chroma and keeps its luma. Needs cv2."""

    # Gatys et al. (2016), "Preserving Color in Neural Artistic Style Transfer", luminance-only; in YCbCr, not YIQ.

    def __call__(self, batch: Batch, /) -> Batch:
        recolored = np.empty(batch.images.shape, np.uint8)
        for content, image, out in zip(batch.content, batch.images, recolored, strict=True):
            _recolor(content, image, out)
        return replace(batch, images=recolored)

    def reset(self) -> None:
        """Nothing to forget."""


def _recolor(content: Image, image: Image, out: Image) -> None:
    import cv2

    colors = cv2.cvtColor(content, cv2.COLOR_RGB2YCrCb)
    # Only the luma comes from the painting.
    cv2.mixChannels([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)], [colors], [0, 0])
    cv2.cvtColor(colors, cv2.COLOR_YCrCb2RGB, dst=out)
