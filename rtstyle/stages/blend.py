"""Mixes the stages' work with what the camera saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rtstyle.errors import UsageError
from rtstyle.frames import Batch, Images

_ONE = 256


class Blend:
    """``strength`` 0 gives the content back, 1 leaves the images as they are, between them it mixes."""

    def __init__(self, strength: float) -> None:
        if not 0 <= strength <= 1:
            raise UsageError(f"strength: expected 0 to 1, got {strength}")
        self._weight = round(strength * _ONE)

    def __call__(self, batch: Batch, /) -> Batch:
        if self._weight == _ONE:
            return batch
        return replace(batch, images=_mix(batch.content, batch.images, self._weight))

    def reset(self) -> None:
        """Nothing is remembered."""


def _mix(content: Images, images: Images, weight: int) -> Images:
    """(content (256 - w) + images w + 128) / 256; in uint16, since 255 * 256 + 128 fits."""
    mixed = np.multiply(content, _ONE - weight, dtype=np.uint16)
    mixed += np.multiply(images, weight, dtype=np.uint16)
    mixed += _ONE // 2
    mixed >>= 8
    return mixed.astype(np.uint8)
