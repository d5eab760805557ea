"""Takes the flicker out of a painted film: what stands still or can be followed is averaged over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rtstyle.errors import UsageError

if TYPE_CHECKING:
    from rtstyle.frames import Batch, Image

Floats = NDArray[np.float32]
Luma = NDArray[np.uint8]  # (h, w)

_LOOK_AT = 320  # pixels, the longer side at which motion is looked for
_STILL = 0.3  # of those pixels: less is noise, and resampling for it would only blur
_SAME, _OTHER = 4.0, 14.0  # grey levels: up to here it is the same thing, from there on another
_CUT = 0.6  # of the picture is another thing: nothing of the old one may shine through


class Steady:
    """Averages every painted pixel with what was painted there before, along the motion of the content.

    ``share`` of the older picture is kept, 0 to below 1, where the content, moved back along its optical
    flow, is still the same; none where it is not (uncovered, changed, badly followed), so nothing leaves a
    ghost. Does nothing on the first frame, after ``reset``, at a change of size, and at a cut, which it
    sees for itself: most of the picture is another thing. Remembers one frame. Needs cv2.
    """

    # The flow-warped average with an occlusion mask of Ruder et al. (2016), as a filter behind the network, with the
    # content's own difference in place of the forward-backward check (half the flow) and DIS (Kroeger et al., 2016).

    def __init__(self, share: float = 0.7) -> None:
        if not 0 <= share < 1:
            raise UsageError(f"steady: expected 0 to below 1, got {share}")
        import cv2

        self._share = share
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._before: _Moment | None = None

    def __call__(self, batch: Batch, /) -> Batch:
        """One frame after the other."""
        pairs = zip(batch.content, batch.images, strict=True)
        return replace(batch, images=np.stack([self._steadied(content, image) for content, image in pairs]))

    def reset(self) -> None:
        """Forget the frame before: call at a cut and at a seek."""
        self._before = None

    def _steadied(self, content: Image, image: Image) -> Image:
        seen, before = _look(content), self._before
        steadied = image
        if before is not None and before.fits(seen, image):
            flow = self._motion(seen, before.seen)
            weight = _sameness(seen, before.seen, flow)
            if np.count_nonzero(weight) > (1 - _CUT) * weight.size:
                steadied = _average(image, before.painted, flow, self._share * weight)
        self._before = _Moment(seen, steadied)
        return steadied

    def _motion(self, seen: Luma, before: Luma) -> Floats:
        """(h, w, 2): where every pixel was, relative to where it is; exactly 0 where it stands still."""
        start = np.zeros((*seen.shape, 2), np.float32)  # DIS goes on from whatever stands here
        flow = np.asarray(self._flow.calc(seen, before, start), np.float32)
        flow[np.abs(flow).max(axis=2) < _STILL] = 0
        return flow


@dataclass(frozen=True, slots=True)
class _Moment:
    """What is remembered of a frame."""

    seen: Luma
    painted: Image  # (H, W, 3) uint8 RGB

    def fits(self, seen: Luma, image: Image) -> bool:
        return self.seen.shape == seen.shape and self.painted.shape == image.shape


def _look(content: Image) -> Luma:
    """The content in grey, small enough to be searched in a millisecond or two, large enough for the search."""
    import cv2

    height, width = content.shape[:2]
    scale = min(1.0, _LOOK_AT / max(height, width))
    size = max(16, round(width * scale)), max(16, round(height * scale))  # DIS wants patches of 8
    small = cv2.resize(content, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def _moved(image: NDArray[np.uint8], flow: Floats) -> NDArray[np.uint8]:
    """The picture as it would look now: every pixel fetched from where it was."""
    import cv2

    if not flow.any():
        return image
    height, width = image.shape[:2]
    small_height, small_width = flow.shape[:2]
    if (small_height, small_width) != (height, width):
        scale = np.array([width / small_width, height / small_height], np.float32)
        flow = np.asarray(cv2.resize(flow, (width, height)), np.float32) * scale
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    maps = flow[..., 0] + x, flow[..., 1] + y[:, None]
    return np.asarray(cv2.remap(image, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _sameness(seen: Luma, before: Luma, flow: Floats) -> Floats:
    """(h, w) 0 to 1: how surely a pixel shows what it showed before; 0 for what came from outside the picture."""
    import cv2

    difference = cv2.blur(cv2.absdiff(seen, _moved(before, flow)).astype(np.float32), (5, 5))
    same = np.clip((_OTHER - difference) / (_OTHER - _SAME), 0, 1)
    height, width = seen.shape
    x = flow[..., 0] + np.arange(width)
    y = flow[..., 1] + np.arange(height)[:, None]
    same[(x < -1) | (x > width) | (y < -1) | (y > height)] = 0
    return np.asarray(cv2.erode(same, np.ones((3, 3), np.uint8)), np.float32)


def _average(image: Image, before: Image, flow: Floats, weight: Floats) -> Image:
    """``weight`` (h, w) of the older picture, moved, and the rest of the new one."""
    import cv2

    height, width = image.shape[:2]
    weight = np.asarray(cv2.resize(weight, (width, height)), np.float32)
    return np.asarray(cv2.blendLinear(_moved(before, flow), image, weight, 1 - weight), np.uint8)
