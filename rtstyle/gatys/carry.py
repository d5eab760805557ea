"""Paints a video from keyframe to keyframe, and carries them through the frames between (Ruder et al. 2016)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rtstyle.frames import Image
from rtstyle.gatys.descent import Descent
from rtstyle.gatys.flow import Track, both_ways, trusted
from rtstyle.gatys.motions import Flow, Mask
from rtstyle.gatys.objective import Memory
from rtstyle.gatys.painter import Painter, Part
from rtstyle.gatys.pictures import to_image, to_tensor

Flows = tuple[NDArray[np.float16], NDArray[np.float16]]  # from a frame to the next, and back: (H, W, 2) px

_FEATHER = 5  # px over which one keyframe gives way to the other at the edge of what is trusted
_ALONE = 0.05  # of the weight, at the very edge
_HOLE_STEPS = 20  # iterations that a hole gets
_LEAST_HOLE = 64  # px in one piece; smaller ones are closed by their surroundings
_AROUND, _LEAST_CROP = 24, 96  # px around a hole that are seen with it, and the least side of a crop


class Paint(Protocol):
    """Paints, or remembers, the keyframe of that number; KeyboardInterrupt where it is stopped half-way."""

    def __call__(self, number: int, content: Tensor, start: Tensor, memory: Memory | None, /) -> Image: ...


class Carrier:
    """Paints the shots of one video; ``device`` is the painter's. Frames are numbered through the video."""

    def __init__(self, painter: Painter, device: torch.device, paint: Paint | None = None) -> None:
        self._painter, self._device, self._paint = painter, device, paint or self._painted
        self.hole_pixels = 0  # that were painted by a local optimisation, in all

    def first(self, frame: Image, number: int = 0) -> Image:
        """The keyframe that begins a shot."""
        content = to_tensor(frame, self._device)
        return self._paint(number, content, content, None)

    def segment(self, frames: Sequence[Image], painted: Image, number: int = 0) -> Iterator[Image]:
        """All frames after the first, which has that number and the painting ``painted``; the last is a keyframe."""
        flows = []
        for a, b in pairwise(frames):
            there, back = both_ways(a, b)
            flows.append((_packed(there), _packed(back)))
        last = self._next_key(frames, flows, painted, number + len(frames) - 1)
        from_last = _backwards(frames, flows, last)
        track, before = Track.at(frames[0]), painted
        for index in range(1, len(frames) - 1):
            there, back = (flow.astype(np.float32) for flow in flows[index - 1])
            track = track.extended(back, there)
            other, other_trust = from_last[index]
            share = index / (len(frames) - 1)
            near = (1 - share) * _feathered(track.trust)
            far = share * _feathered(np.asarray(other_trust / 255, dtype=np.float32))
            picture, hole = _blended(track.carried(painted), near, other, far)
            before = self._filled(frames[index], picture, hole, before, (there, back))
            yield before
        yield last

    def _next_key(self, frames: Sequence[Image], flows: Sequence[Flows], painted: Image, number: int) -> Image:
        """Start from the warped keyframe before, stay with it where the flow can be trusted."""
        track = Track.at(frames[0])
        for there, back in flows:
            track = track.extended(back.astype(np.float32), there.astype(np.float32))
        trust = _feathered(track.trust)[..., None]
        start = (trust * track.carried(painted) + (1 - trust) * frames[-1]).round().astype(np.uint8)
        content, warped = to_tensor(frames[-1], self._device), to_tensor(start, self._device)
        weights = torch.from_numpy(track.trust)[None, None].to(self._device)
        return self._paint(number, content, warped, Memory(warped, weights))

    def _filled(
        self, frame: Image, picture: Image, hole: NDArray[np.bool_], before: Image, flow: tuple[Flow, Flow]
    ) -> Image:
        """What neither keyframe shows: the frame before, carried here, and what is new is painted in its place."""
        if not hole.any():
            return picture
        there, back = flow
        known = (trusted(back, there) > 0) & hole
        step = Track(back, np.ones(hole.shape, np.float32))
        picture = np.where(known[..., None], step.carried(before), picture)
        new = hole & ~known
        if not new.any():
            return picture
        picture = np.asarray(cv2.inpaint(picture, new.astype(np.uint8), 3, cv2.INPAINT_TELEA), np.uint8)
        large = _large(new)
        self.hole_pixels += int(large.sum())
        return self._painted_hole(frame, picture, large) if large.any() else picture

    def _painted_hole(self, frame: Image, picture: Image, new: NDArray[np.bool_]) -> Image:
        """A short optimisation of the crop around the holes, in which only they may change."""
        rows, columns = _crop(new)
        content = to_tensor(frame[rows, columns], self._device)
        part = Part((frame.shape[0], frame.shape[1]), (rows, columns))
        free = torch.from_numpy(np.ascontiguousarray(new[rows, columns]))[None, None].to(self._device)
        start = to_tensor(_with_detail(picture[rows, columns], frame[rows, columns]), self._device)
        start = torch.where(free, start, to_tensor(picture[rows, columns], self._device))
        recipe = replace(self._painter.recipe, optimizer="lbfgs", learning_rate=None, average=0.0)
        descent = Descent(self._painter.objective(content, part=part), start, recipe, free=free)
        for _ in range(_HOLE_STEPS):
            descent.step()
        descent.finish()
        result = picture.copy()
        result[rows, columns] = np.where(new[rows, columns][..., None], to_image(descent.best), result[rows, columns])
        return result

    def _painted(self, _: int, content: Tensor, start: Tensor, memory: Memory | None, /) -> Image:
        painting = self._painter.paint(content, start, memory=memory)
        if painting.stopped:
            raise KeyboardInterrupt
        return to_image(painting.picture)


def _packed(flow: Flow) -> NDArray[np.float16]:
    """Half the memory; 1/32 px at a flow of 64."""
    return flow.astype(np.float16)


def _backwards(
    frames: Sequence[Image], flows: Sequence[Flows], last: Image
) -> dict[int, tuple[Image, NDArray[np.uint8]]]:
    """The last keyframe, carried back to each frame between, and where it can be trusted (255)."""
    found = {}
    track = Track.at(frames[-1])
    for index in range(len(frames) - 2, 0, -1):
        there, back = (flow.astype(np.float32) for flow in flows[index])
        track = track.extended(there, back)
        found[index] = track.carried(last), (255 * track.trust).astype(np.uint8)
    return found


def _blended(near: Image, near_weight: Mask, far: Image, far_weight: Mask) -> tuple[Image, NDArray[np.bool_]]:
    """The weighted mean, and where neither has any weight."""
    weight = near_weight + far_weight
    safe = np.maximum(weight, 1e-6)[..., None]
    mean = (near * near_weight[..., None] + far * far_weight[..., None]) / safe
    hole = weight < 1e-3  # noqa: PLR2004 - as good as nothing
    return np.where(hole[..., None], near, mean.round()).astype(np.uint8), hole


def _feathered(trust: Mask) -> Mask:
    """Falls towards the edge of what is trusted, inside it; to a little, so that it still counts alone."""
    kernel = np.ones((_FEATHER, _FEATHER), np.uint8)
    inner = cv2.blur(cv2.erode(trust, kernel), (_FEATHER, _FEATHER))
    return np.asarray((_ALONE + inner) / (_ALONE + 1) * trust, dtype=np.float32)


def _large(new: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those holes that are large enough to show."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(new.astype(np.uint8))
    areas = np.asarray(statistics)[:, cv2.CC_STAT_AREA]
    areas[0] = 0  # what is no hole
    return np.asarray((areas >= _LEAST_HOLE)[np.asarray(labels)], dtype=np.bool_)


def _with_detail(colors: Image, frame: Image) -> Image:
    """The one's colours with what is finer than a few pixels in the other: a start for what nobody has painted."""
    fine = frame.astype(np.float32) - cv2.GaussianBlur(frame, (0, 0), 4).astype(np.float32)
    return np.asarray(np.clip(colors + fine, 0, 255), dtype=np.uint8)


def _crop(new: NDArray[np.bool_]) -> tuple[slice, slice]:
    """The holes' bounding box with what is around it."""
    slices = []
    for axis in (1, 0):
        where = np.flatnonzero(new.any(axis=axis))
        length = new.shape[1 - axis]
        low, high = max(0, where[0] - _AROUND), min(length, where[-1] + 1 + _AROUND)
        missing = _LEAST_CROP - (high - low)
        if missing > 0:
            low = max(0, min(low - missing // 2, length - _LEAST_CROP))
            high = min(length, low + _LEAST_CROP)
        slices.append(slice(int(low), int(high)))
    return slices[0], slices[1]
