"""The camera's picture and the painting in one, divided by a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rtstyle.frames import Batch

_LINE = 2  # pixels
_WHITE = 255


class Divided:
    """Shows the content left of the divider and the images right of it; both stay in place.

    ``divider``, called for every batch, is at 0 to 1 of the width.
    """

    def __init__(self, divider: Callable[[], float]) -> None:
        self._divider = divider

    def __call__(self, batch: Batch, /) -> Batch:
        width = batch.images.shape[2]
        at = round(min(max(self._divider(), 0), 1) * width)
        images = np.concatenate([batch.content[:, :, :at], batch.images[:, :, at:]], axis=2)
        images[:, :, max(at - _LINE // 2, 0) : at + _LINE // 2] = _WHITE
        return replace(batch, images=images)

    def reset(self) -> None:
        """Nothing to forget."""
