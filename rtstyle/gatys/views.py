"""A painted keyframe as the frames after it, or before it, see it: where it lies there, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from rtstyle.frames import Image
from rtstyle.gatys.flow import Track
from rtstyle.gatys.motions import Mask, ends, unlike

FlowPair = tuple[NDArray[np.float16], NDArray[np.float16]]  # flow from a frame to the next, and back: (H, W, 2) px
Trust = NDArray[np.float16]  # (H, W), 0 to 1

_ALIKE, _UNLIKE = 4.0, 16.0  # levels, between which trust falls from 1 to 0
_FEATHER = 5  # px over which one keyframe gives way to the other at the edge of what is trusted
_ALONE = 0.05  # of the weight, at the very edge


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A keyframe carried to another frame."""

    picture: Image
    trust: Trust


def views(frames: Sequence[Image], flows: Sequence[FlowPair], painted: Image) -> list[View]:
    """The painting of the first of ``frames`` as each of the others sees it.

    It is trusted where the flow leads home through all frames between; but also where the photo itself, carried
    along, looks like the frame: what has no shape, as snow or smoke, leads no flow home and needs none.
    """
    found, track = [], Track.at(frames[0])
    for (_, frame), (there, back) in zip(pairwise(frames), flows, strict=True):
        track = track.extended(back.astype(np.float32), there.astype(np.float32))
        gap = unlike(frame, frames[0], track.flow)
        alike = np.clip((_UNLIKE - gap) / (_UNLIKE - _ALIKE), 0, 1)
        trust = np.maximum(track.trust, alike).astype(np.float16)
        found.append(View(track.carried(painted), trust))
    return found


def lasting(trusts: Sequence[Trust], flows: Sequence[FlowPair]) -> list[Mask]:
    """For each frame, how many consecutive frames (this one included) still see the keyframe.

    Two keyframes blended by these numbers fade into one another in even steps, wherever either appears or disappears.
    """
    found: list[Mask] = []
    for index in range(len(trusts) - 1, -1, -1):
        own = feathered(trusts[index].astype(np.float32))
        ahead = _moved(found[-1], flows[index][0]) if found else 0
        found.append(own * (1 + ahead))
    return found[::-1]


def feathered(trust: Mask) -> Mask:
    """Falls towards the edge of what is trusted, inside it; to a little, so that it still counts alone."""
    kernel = np.ones((_FEATHER, _FEATHER), np.uint8)
    inner = cv2.blur(cv2.erode(trust, kernel), (_FEATHER, _FEATHER))
    return np.asarray((_ALONE + inner) / (_ALONE + 1) * trust, dtype=np.float32)


def _moved(mask: Mask, flow: NDArray[np.float16]) -> Mask:
    """What ``mask`` says of the place in the next frame to which each pixel goes."""
    there = ends(flow.astype(np.float32))
    return np.asarray(cv2.remap(mask, *there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
