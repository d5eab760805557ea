"""Optical flow between frames, and pictures carried along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from rtstyle.frames import Image
from rtstyle.gatys.motions import Flow, Mask, better, ends, inside, with_motions

Vectors = NDArray[np.floating[Any]]  # a flow that need not be exact

_SOLID = 0.5  # of a trust that was interpolated


def both_ways(a: Image, b: Image, before: tuple[Vectors, Vectors] | None = None) -> tuple[Flow, Flow]:
    """From ``a`` to ``b`` and back: DIS, and the motions in it where they explain the picture better.

    ``before``: the flows of the pair of frames before. What is fast is found by where it was going.
    """
    there, back = dis_flow(a, b), dis_flow(b, a)
    if before is not None:
        there, back = better(a, b, there, dis_flow(a, b, before[0])), better(b, a, back, dis_flow(b, a, before[1]))
    trust, trust_back = trusted(there, back), trusted(back, there)
    new, new_back = with_motions(a, b, there, trust), with_motions(b, a, back, trust_back)
    lost, lost_back = trust > trusted(new, new_back), trust_back > trusted(new_back, new)
    return _unless(lost, new, there), _unless(lost_back, new_back, back)


def dis_flow(a: Image, b: Image, start: Vectors | None = None) -> Flow:
    """Where every pixel of ``a`` lies in ``b``, by DIS (Kroeger et al. 2016), begun at ``start``, by default at rest.

    OpenCV's medium preset stops at half the resolution; down to every pixel, with more steps, half as much is wrong.
    """
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    estimator.setFinestScale(0)
    estimator.setGradientDescentIterations(50)
    gray = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (a, b)]
    flow = np.zeros((*a.shape[:2], 2), np.float32) if start is None else start.astype(np.float32)  # is written to
    return np.asarray(estimator.calc(gray[0], gray[1], flow), dtype=np.float32)


def trusted(flow: Flow, back: Flow) -> Mask:
    """1 where following ``flow`` and then ``back`` leads home, and inside the picture; 0 elsewhere.

    The bounds are those of Sundaram et al. (2010, eq. 5): 1 % of the squared lengths and half a pixel's square.
    """
    there = cv2.remap(back, *ends(flow), cv2.INTER_LINEAR)
    gap = np.square(flow + there).sum(axis=-1)
    bound = 0.01 * (np.square(flow).sum(axis=-1) + np.square(there).sum(axis=-1)) + 0.5
    home = cv2.morphologyEx(np.asarray(gap < bound, np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.asarray((home > 0) & inside(flow), dtype=np.float32)  # without lone pixels, which no eye would miss


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """From where in a keyframe every pixel of a later (or earlier) frame comes, through all frames between.

    The flows are added up and the keyframe is sampled once, so that nothing blurs on the way.
    """

    flow: Flow  # to the keyframe
    trust: Mask

    @classmethod
    def at(cls, frame: Image) -> Self:
        """The keyframe itself."""
        height, width = frame.shape[:2]
        return cls(np.zeros((height, width, 2), np.float32), np.ones((height, width), np.float32))

    def extended(self, flow: Flow, back: Flow) -> Track:
        """One frame further: ``flow`` leads from the new frame to this one, ``back`` from this one to the new."""
        x, y = ends(flow)
        onwards = cv2.remap(self.flow, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        trust = cv2.remap(self.trust, x, y, cv2.INTER_LINEAR)
        return Track(flow + onwards, np.asarray(trusted(flow, back) * (trust > _SOLID), dtype=np.float32))

    def carried(self, picture: Image) -> Image:
        """The keyframe's picture where this frame has it; the edge repeats where it comes from outside."""
        moved = cv2.remap(picture, *ends(self.flow), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.uint8)


def _unless(lost: NDArray[np.bool_], new: Flow, old: Flow) -> Flow:
    """``new``; but ``old`` where only that one leads home."""
    return np.where(lost[..., None], old, new).astype(np.float32)
