"""Blends the painting with the original."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rtstyle.errors import UsageError
from rtstyle.frames import Batch

_ONE = 256
_Bytes = TypeVar("_Bytes", bound=NDArray[np.uint8])


class Blend:
    """``strength`` 0 returns the content, 1 the images, in between a mix.

    A function instead of the number is called for every batch.
    """

    def __init__(self, strength: float | Callable[[], float]) -> None:
        self._strength = strength if callable(strength) else partial(float, check_strength(strength))

    def __call__(self, batch: Batch, /) -> Batch:
        return replace(batch, images=mix(batch.content, batch.images, check_strength(self._strength())))

    def reset(self) -> None:
        """Nothing to forget."""


def check_strength(strength: float) -> float:
    """Return ``strength`` unchanged; raise UsageError outside 0 to 1."""
    if not 0 <= strength <= 1:
        raise UsageError(f"strength: expected 0 to 1, got {strength}")
    return strength


def mix(under: _Bytes, over: _Bytes, share: float) -> _Bytes:
    """Mix two pictures of one shape, uint8, in 256 steps of ``share``; at 0 and 1 returns one of them itself."""
    weight = round(share * _ONE)
    if weight in {0, _ONE} or not under.size:
        return over if weight else under
    import cv2

    flat = -1, under.shape[-2] * under.shape[-1]  # for OpenCV, which knows of no batches
    halves_up = 1 / (4 * _ONE)
    mixed = cv2.addWeighted(under.reshape(flat), 1 - weight / _ONE, over.reshape(flat), weight / _ONE, halves_up)
    return mixed.reshape(under.shape)  # type: ignore[return-value]  # OpenCV does not carry the bound
