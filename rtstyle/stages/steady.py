"""Reduces flicker in a painted film: what stands still or can be followed is averaged over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rtstyle.errors import UsageError
from rtstyle.stages.warp import Flow, Grey, Warp

if TYPE_CHECKING:
    from rtstyle.frames import Batch, Image

_LOOK_AT = 320  # pixels, the longer side at which motion is estimated
_STILL = np.float32(0.3)  # of those pixels; less is noise, and resampling for it would only blur
_SAME, _OTHER = 4, 14  # grey levels: the same thing up to the first, another from the second
_CUT = 0.6  # of the picture has changed: nothing of the old one may shine through
_ALL = 255  # the weight that is 1


class Steady:
    """Averages every painted pixel with what was painted there before, along the motion of the content.

    ``share`` (0 to below 1) of the older picture is kept where the content, moved back along its optical
    flow, is still the same; none where it is not (uncovered, changed, badly tracked), so nothing leaves a
    ghost. Does nothing on the first frame, after ``reset``, when the size changes, and at a cut, which it
    detects itself: most of the picture has changed. Remembers one frame. Needs cv2.
    """

    # The flow-warped average with an occlusion mask of Ruder et al. (2016), as a filter behind the network, with the
    # content's own difference in place of the forward-backward check (half the flow) and DIS (Kroeger et al., 2016).

    def __init__(self, share: float = 0.7) -> None:
        if not 0 <= share < 1:
            raise UsageError(f"steady: expected 0 to below 1, got {share}")
        import cv2

        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        levels = np.arange(_ALL + 1)
        self._weights = (share * _ALL * np.clip((_OTHER - levels) / (_OTHER - _SAME), 0, 1)).round().astype(np.uint8)
        self._before: _Moment | None = None
        self._warps: list[Warp] = []  # for the content as analysed, for the painting

    def __call__(self, batch: Batch, /) -> Batch:
        """Smooth the batch frame by frame."""
        images = np.empty_like(batch.images)
        for content, image, steadied in zip(batch.content, batch.images, images, strict=True):
            self._steady(content, image, steadied)
        return replace(batch, images=images)

    def reset(self) -> None:
        """Forget the frame before: call at a cut and at a seek."""
        self._before = None

    def _steady(self, content: Image, image: Image, out: Image) -> None:
        seen, before = _look(content), self._before
        np.copyto(out, image)
        if before is not None and before.fits(seen, image):
            self._average(seen, before, out)
        self._before = _Moment(seen, out)

    def _average(self, seen: Grey, before: _Moment, out: Image) -> None:
        """Mix what was painted before into ``out``, where the content is the same."""
        import cv2

        small, full = seen.shape, out.shape[:2]
        moved, painted = before.seen, before.painted
        difference = _difference(seen, moved)
        moves = cv2.minMaxLoc(difference)[1] > _SAME
        if moves:
            if not self._warps or self._warps[1].sizes != (small, full):
                self._warps = [Warp(small, small), Warp(small, full)]
            flow = self._motion(seen, moved)
            self._warps[0].follow(flow)
            difference = _difference(seen, self._warps[0](moved))
        weight = cv2.LUT(difference, self._weights)
        if moves:
            weight = cv2.min(weight, self._warps[0].inside())
        sure = np.asarray(cv2.erode(weight, np.ones((3, 3), np.uint8)), np.uint8)
        if np.count_nonzero(sure) <= (1 - _CUT) * sure.size:
            return
        if moves:
            self._warps[1].follow(flow)
            painted = self._warps[1](painted)
        _mix(out, painted, sure)

    def _motion(self, seen: Grey, before: Grey) -> Flow:
        """(h, w, 2): where every pixel was, relative to where it is; exactly 0 where it stands still."""
        import cv2

        start = np.zeros((*seen.shape, 2), np.float32)  # DIS starts from whatever is in here
        flow = np.asarray(self._flow.calc(seen, before, start), np.float32)
        still = cv2.inRange(flow, np.full(2, -_STILL), np.full(2, _STILL))
        np.copyto(flow, 0, where=np.asarray(still, bool)[..., None])
        return flow


@dataclass(frozen=True, slots=True)
class _Moment:
    """What is remembered of a frame."""

    seen: Grey
    painted: Image  # (H, W, 3) uint8 RGB

    def fits(self, seen: Grey, image: Image) -> bool:
        return self.seen.shape == seen.shape and self.painted.shape == image.shape


def _look(content: Image) -> Grey:
    """The content in grey, small enough to search in a millisecond or two, large enough for the search."""
    import cv2

    height, width = content.shape[:2]
    scale = min(1.0, _LOOK_AT / max(height, width))
    size = max(16, round(width * scale)), max(16, round(height * scale))  # DIS wants patches of 8
    small = cv2.resize(content, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def _difference(one: Grey, other: NDArray[np.uint8]) -> Grey:
    """The difference of local means, so that noise is not mistaken for change."""
    import cv2

    return np.asarray(cv2.blur(cv2.absdiff(one, other), (5, 5)), np.uint8)


def _mix(out: Image, before: Image, weight: Grey) -> None:
    """Move ``out`` towards ``before`` by ``weight`` (h, w): up where that is lighter, down where darker."""
    import cv2

    height, width = out.shape[:2]
    share = cv2.cvtColor(cv2.resize(weight, (width, height)), cv2.COLOR_GRAY2RGB)
    up, down = cv2.subtract(before, out), cv2.subtract(out, before)
    cv2.add(out, cv2.multiply(up, share, dst=up, scale=1 / _ALL), dst=out)
    cv2.subtract(out, cv2.multiply(down, share, dst=down, scale=1 / _ALL), dst=out)
