"""The few motions that a picture is made of, the camera's first, where they explain it better than the flow does."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from rtstyle.frames import Image

Flow = NDArray[np.float32]  # (H, W, 2): x and y, px
Mask = NDArray[np.float32]  # (H, W), 0 to 1
Points = NDArray[np.float32]  # (N, 2): x and y, px

_MOST = 4  # motions: the camera's, and those of three things
_ROWS = 36  # of flow vectors that motions are fitted to
_LEAST = 12, 0.02  # vectors that have to move alike, and their share
_FITS = 0.7  # px
_AROUND = 9  # px: side of the square in which pictures are compared
_OUTSIDE = 30.0  # levels, the difference that counts where something comes from outside the picture
_MARGIN = 0.3  # levels by which the camera's motion may be worse, and every other has to be better,
_SHARE = 0.8  # and to leave at most so much of the difference
_BROAD_PX, _BROAD_SHARE = 4.0, 0.25  # what is broader, as light and smoke, counts so much of what is fine
_STILL = 0.1  # px at most, everywhere: a tripod


def with_motions(a: Image, b: Image, flow: Flow, trust: Mask) -> Flow:
    """The flow from ``a`` to ``b``, replaced by one of the motions in it where that makes ``b`` look more like ``a``.

    DIS goes astray on what repeats (arcades, fences), beside fast things and on thin ones; but it is right somewhere
    on each of them, and they move as a whole. ``trust``: where the flow may be believed.
    """
    least = _difference(a, b, flow)
    bound = least + _MARGIN
    for motion in _motions(flow, trust):
        gap = _difference(a, b, motion)
        here = _without_lone_pixels(gap < bound)
        flow = np.where(here[..., None], motion, flow).astype(np.float32)
        least = np.where(here, gap, least).astype(np.float32)
        bound = _SHARE * least - _MARGIN
    return flow


def better(a: Image, b: Image, flow: Flow, other: Flow) -> Flow:
    """The ``other`` flow from ``a`` to ``b`` where it makes ``b`` look clearly more like ``a``."""
    here = _without_lone_pixels(_difference(a, b, other) < _SHARE * _difference(a, b, flow) - _MARGIN)
    return np.where(here[..., None], other, flow).astype(np.float32)


def grid(flow: Flow) -> tuple[Mask, Mask]:
    """Every pixel's x and y."""
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def ends(flow: Flow) -> tuple[Mask, Mask]:
    """The x and y to which every pixel goes."""
    x, y = grid(flow)
    return x + flow[..., 0], y + flow[..., 1]


def inside(flow: Flow) -> NDArray[np.bool_]:
    """(H, W): whether it goes to somewhere in the picture."""
    x, y = ends(flow)
    height, width = flow.shape[:2]
    return np.asarray((x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1))


def _motions(flow: Flow, trust: Mask) -> Iterator[Flow]:
    """Fit one after the other to what none before explains: a homography, then shifts with turn and scale."""
    points = np.stack(grid(flow), axis=-1)
    step = max(2, flow.shape[0] // _ROWS)
    rows, columns = np.nonzero(trust[step // 2 :: step, step // 2 :: step])
    rows, columns = rows * step + step // 2, columns * step + step // 2
    there, vectors = points[rows, columns], flow[rows, columns]
    least = max(_LEAST[0], _LEAST[1] * len(there))
    for number in range(_MOST):
        matrix = None if len(there) < least else _fitted(there, there + vectors, free=number == 0)
        if matrix is None:
            return
        motion = np.asarray(cv2.perspectiveTransform(points.reshape(1, -1, 2), matrix), np.float32)
        motion = motion.reshape(points.shape) - points
        own = motion[there[:, 1].astype(int), there[:, 0].astype(int)]
        apart = np.linalg.norm(own - vectors, axis=1)
        if (apart < _FITS).sum() < least:
            return
        yield np.zeros_like(motion) if np.abs(motion).max() < _STILL else motion
        there, vectors = there[apart > 2 * _FITS], vectors[apart > 2 * _FITS]


def _fitted(there: Points, to: Points, *, free: bool) -> NDArray[np.float64] | None:
    """The (3, 3) matrix that most of the points agree with, where there is one."""
    if free:
        matrix, _ = cv2.findHomography(there, to, cv2.RANSAC, _FITS)
    else:
        rows, _ = cv2.estimateAffinePartial2D(there, to, method=cv2.RANSAC, ransacReprojThreshold=_FITS)
        matrix = None if rows is None else np.vstack([rows, (0, 0, 1)])
    return None if matrix is None else np.asarray(matrix, np.float64)


def _without_lone_pixels(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(cv2.medianBlur(mask.astype(np.uint8), 5) > 0)


def _difference(a: Image, b: Image, flow: Flow) -> Mask:
    """Mean absolute difference, in levels, of ``a`` and of ``b`` carried to it, around each pixel."""
    return _around(np.abs(_gap(a, b, flow)).mean(axis=-1), flow)


def unlike(a: Image, b: Image, flow: Flow) -> Mask:
    """The same, but what is broad, as light and smoke, counts a quarter of what is fine."""
    gap = _gap(a, b, flow)
    broad = cv2.GaussianBlur(gap, (0, 0), _BROAD_PX)
    return _around(np.abs(gap - broad).mean(axis=-1) + _BROAD_SHARE * np.abs(broad).mean(axis=-1), flow)


def _gap(a: Image, b: Image, flow: Flow) -> NDArray[np.float32]:
    """``a`` less ``b`` carried to it, (H, W, 3)."""
    carried = cv2.remap(b, *ends(flow), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(a.astype(np.float32) - carried, np.float32)


def _around(gap: Mask, flow: Flow) -> Mask:
    """Its mean around each pixel; large where the flow leads outside."""
    gap[~inside(flow)] = _OUTSIDE
    return np.asarray(cv2.blur(gap, (_AROUND, _AROUND)), dtype=np.float32)
