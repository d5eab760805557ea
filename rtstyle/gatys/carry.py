"""Paints a video from keyframe to keyframe, and carries them through the frames between (Ruder et al. 2016)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rtstyle.frames import Image
from rtstyle.gatys.colors import finished
from rtstyle.gatys.descent import Descent
from rtstyle.gatys.flow import Track, both_ways, trusted
from rtstyle.gatys.motions import Flow, Mask
from rtstyle.gatys.objective import Memory
from rtstyle.gatys.painter import Painter, Part
from rtstyle.gatys.pictures import to_image, to_tensor
from rtstyle.gatys.views import FlowPair, Trust, View, feathered, lasting, views

_HOLE_STEPS = 20  # iterations that a hole gets between keyframes,
_NEW_STEPS = 12  # and in one, where it begins as the photo
_LEAST_HOLE = 64  # px in one piece; smaller ones are closed by their surroundings
_SEAM = 8  # px around a hole whose style counts with its own
_TRUSTED = 0.5  # of a trust between 0 and 1
_AROUND, _LEAST_CROP = 24, 96  # px around a hole that are seen with it, and the least side of a crop


Start = Callable[[], Tensor]  # (1, 3, H, W)


class Paint(Protocol):
    """Paints, or remembers, the keyframe of that number; KeyboardInterrupt where it is stopped half-way.

    ``start`` takes a while: it is asked for where there is something to paint.
    """

    def __call__(self, number: int, content: Tensor, start: Start, memory: Memory | None, /) -> Image: ...


class Carrier:
    """Paints the shots of one video; ``device`` is the painter's. Frames are numbered through the video."""

    def __init__(self, painter: Painter, device: torch.device, paint: Paint | None = None) -> None:
        self._painter, self._device, self._paint = painter, device, paint or self._painted
        self._before: FlowPair | None = None  # the flows that lead to the frame that is carried next
        self.hole_pixels = 0  # that were painted by a local optimisation, in all

    def first(self, frame: Image, number: int = 0) -> Image:
        """The keyframe that begins a shot."""
        content, self._before = to_tensor(frame, self._device), None
        return self._paint(number, content, lambda: content, None)

    def segment(self, frames: Sequence[Image], painted: Image, number: int = 0) -> Iterator[Image]:
        """All frames after the first, which has that number and the painting ``painted``; the last is a keyframe."""
        flows: list[FlowPair] = []
        for a, b in pairwise(frames):
            there, back = both_ways(a, b, self._before)
            self._before = _packed(there), _packed(back)
            flows.append(self._before)
        near = views(frames, flows, painted)
        last = self._next_key(frames[-1], near.pop(), number + len(frames) - 1)
        homewards = [(back, there) for there, back in reversed(flows)]
        far = views(frames[::-1], homewards, last)[-2::-1]
        near_left = lasting([view.trust for view in near], flows[1:])
        far_left = lasting([view.trust for view in far[::-1]], homewards[1:])[::-1]
        before, palette = painted, to_tensor(frames[0], self._device)
        for index, frame in enumerate(frames[1:-1]):
            picture, hole = _blended(near[index].picture, near_left[index], far[index].picture, far_left[index])
            there, back = (flow.astype(np.float32) for flow in flows[index])
            before = self._filled(frame, picture, hole, before, (there, back), palette=palette)
            yield before
        yield last

    def _next_key(self, frame: Image, view: View, number: int) -> Image:
        """Start from the warped keyframe before, stay with it where it can be trusted."""
        trust = feathered(view.trust.astype(np.float32))[..., None]
        start = (trust * view.picture + (1 - trust) * frame).round().astype(np.uint8)
        content, warped = to_tensor(frame, self._device), to_tensor(start, self._device)
        weights = torch.from_numpy(view.trust.astype(np.float32))[None, None].to(self._device)
        memory = Memory(self._painter.seen(warped), weights)
        return self._paint(number, content, lambda: self._begun(frame, start, view.trust, content), memory)

    def _begun(self, frame: Image, start: Image, trust: Trust, content: Tensor) -> Tensor:
        """``start``, but what is new is painted by itself.

        The Gram matrices of a picture that is painted but for this hardly ask for more.
        """
        new = _large(trust < _TRUSTED)
        if new.any():
            start = self._painted_hole(frame, start, new, start=start, palette=content, steps=_NEW_STEPS)
        return to_tensor(start, self._device)

    def _filled(
        self,
        frame: Image,
        picture: Image,
        hole: NDArray[np.bool_],
        before: Image,
        flow: tuple[Flow, Flow],
        *,
        palette: Tensor,  # (1, 3, H, W): the whole keyframe's colours are the artwork's in the holes after it, too
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
        if not large.any():
            return picture
        start = _with_detail(picture, frame)
        return self._painted_hole(frame, picture, large, start=start, palette=palette, steps=_HOLE_STEPS)

    def _painted_hole(
        self, frame: Image, picture: Image, new: NDArray[np.bool_], *, start: Image, palette: Tensor, steps: int
    ) -> Image:
        """A short optimisation of the crop around the holes, in which only they may change, from ``start``."""
        rows, columns = _crop(new)
        content = to_tensor(frame[rows, columns], self._device)
        part = Part((frame.shape[0], frame.shape[1]), (rows, columns))
        free = torch.from_numpy(np.ascontiguousarray(new[rows, columns]))[None, None].to(self._device)
        begun = np.where(new[..., None], start, picture)[rows, columns]
        recipe = replace(self._painter.recipe, optimizer="lbfgs", learning_rate=None, average=0.0)
        where = torch.nn.functional.max_pool2d(free.float(), 2 * _SEAM + 1, 1, _SEAM)
        objective = self._painter.objective(content, part=part, palette=palette, where=where)
        if not recipe.content_weight and not objective.regions:  # nothing to paint it by
            return picture
        descent = Descent(objective, self._painter.seen(to_tensor(begun, self._device)), recipe, free=free)
        for _ in range(steps):
            descent.step()
        descent.finish()
        best = to_image(finished(descent.best, content, recipe.colors))
        result = picture.copy()
        result[rows, columns] = np.where(new[rows, columns][..., None], best, result[rows, columns])
        return result

    def _painted(self, number: int, content: Tensor, start: Start, memory: Memory | None, /) -> Image:
        return self._painter.paint(content, start(), memory=memory).image(f"keyframe {number}")


def _packed(flow: Flow) -> NDArray[np.float16]:
    """Half the memory; 1/32 px at a flow of 64."""
    return flow.astype(np.float16)


def _blended(near: Image, near_weight: Mask, far: Image, far_weight: Mask) -> tuple[Image, NDArray[np.bool_]]:
    """The weighted mean, and where neither has any weight."""
    weight = near_weight + far_weight
    safe = np.maximum(weight, 1e-6)[..., None]
    mean = (near * near_weight[..., None] + far * far_weight[..., None]) / safe
    hole = weight < 1e-3  # noqa: PLR2004 - as good as nothing
    return np.where(hole[..., None], near, mean.round()).astype(np.uint8), hole


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
