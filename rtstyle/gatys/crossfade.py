"""Goes over from one keyframe to the next, pixel by pixel, without a leap where one of them is lost from sight."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rtstyle.frames import Image
from rtstyle.gatys.flow import Track
from rtstyle.gatys.motions import Mask, grid

_FEATHER = 5  # px over which one picture gives way to the other at the edge of what is trusted
_ALONE = 0.05  # of the weight, at the very edge
_NOTHING = 0.02  # of the next keyframe: as good as none of it


@dataclass(frozen=True, slots=True)
class View:
    """A keyframe, carried to a frame between, and where that can be trusted (0 or 1)."""

    picture: Image
    trust: Mask


class Crossfade:
    """Call it for each frame between two keyframes, in order; ``count``: from the one keyframe to the other.

    What is seen along the flow changes by its share of the way, and no more: a pixel that loses one keyframe stays as
    it was in the frame before and goes to the other in as many steps as there are left. Where the flow from the frame
    before is not to be trusted, or there is none, what the keyframes show is blended.
    """

    def __init__(self, painted: Image, count: int) -> None:
        self._before, self._count, self._index = painted, count, 0
        self._share = np.zeros(painted.shape[:2], np.float32)  # of the next keyframe, in what was shown last

    def __call__(self, near: View, far: View, step: Track) -> tuple[Image, NDArray[np.bool_]]:
        """The picture, and where nobody knows what it should show. ``step`` leads to the frame before."""
        self._index += 1
        even = self._index / self._count
        pace = np.float32(1 / (self._count - self._index + 1)) * (far.trust > 0)
        share = _carried(self._share, step)
        share = share + (1 - share) * pace
        before = step.carried(self._before).astype(np.float32)
        near_sees = (near.trust > 0) & ((far.trust > 0) | (share < _NOTHING))
        both = near.picture + (far.picture.astype(np.float32) - near.picture) * share[..., None]
        steady = np.where(near_sees[..., None], both, before + (far.picture - before) * pace[..., None])
        near_weight, far_weight = (1 - even) * feathered(near.trust), even * feathered(far.trust)
        weight = near_weight + far_weight
        safe = np.maximum(weight, 1e-6)
        blend = (near.picture * near_weight[..., None] + far.picture * far_weight[..., None]) / safe[..., None]
        unseen, follows = weight < 1e-3, step.trust > 0  # noqa: PLR2004 - as good as nothing
        trust = np.where(unseen, follows, feathered(step.trust))
        self._share = np.where(follows, share, far_weight / safe).astype(np.float32)
        picture = blend + (steady - blend) * trust[..., None]
        return np.clip(picture.round(), 0, 255).astype(np.uint8), unseen & ~follows

    def shown(self, picture: Image) -> None:
        """What came of it, its holes filled."""
        self._before = picture


def feathered(trust: Mask) -> Mask:
    """Falls towards the edge of what is trusted, inside it; to a little, so that it still counts alone."""
    kernel = np.ones((_FEATHER, _FEATHER), np.uint8)
    inner = cv2.blur(cv2.erode(trust, kernel), (_FEATHER, _FEATHER))
    return np.asarray((_ALONE + inner) / (_ALONE + 1) * trust, dtype=np.float32)


def _carried(share: Mask, step: Track) -> Mask:
    x, y = grid(step.flow)
    to_x, to_y = x + step.flow[..., 0], y + step.flow[..., 1]
    return np.asarray(cv2.remap(share, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
