"""The original and the painting, side by side, for a preview."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rtstyle.frames import Batch


class SideBySide:
    """Puts the content left of the images, each in full."""

    def __call__(self, batch: Batch, /) -> Batch:
        return replace(batch, images=np.concatenate([batch.content, batch.images], axis=2))

    def reset(self) -> None:
        """Nothing to forget."""
