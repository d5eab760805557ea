"""Where every pixel of a frame was in the frame before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rtstyle.errors import SourceError
from rtstyle.frames import Image
from rtstyle.gatys.motions import Flow, ends, inside


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """From a frame back to the one before: pixel p was at p + flow[p], where ``visible``."""

    flow: Flow
    visible: NDArray[np.bool_]  # (H, W)

    def warp(self, before: Image) -> NDArray[np.float32]:
        """The frame before, moved to where its pixels are now, (H, W, 3) in 0…255, bilinear."""
        moved = cv2.remap(before.astype(np.float32), *ends(self.flow), cv2.INTER_LINEAR)
        return np.asarray(moved, np.float32)


def estimated(before: Image, now: Image) -> Motion:
    """DIS at its medium preset (Kroeger et al. 2016), with a forward-backward check.

    As in Ruder et al. (2016), equation 4, a pixel is not visible where flow and flow back do not cancel out. Lai
    et al. (2018) also leave out the edges of motion and estimate by FlowNet 2.
    """
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grey_before, grey_now = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (before, now))
    # The stubs do not know that there may be no flow to begin with.
    back = np.asarray(dis.calc(grey_now, grey_before, None), np.float32)  # type: ignore[call-overload]
    forth = np.asarray(dis.calc(grey_before, grey_now, None), np.float32)  # type: ignore[call-overload]
    returned = np.asarray(cv2.remap(forth, *ends(back), cv2.INTER_LINEAR), np.float32)
    gap = np.square(back + returned).sum(axis=2)
    length = np.square(back).sum(axis=2) + np.square(returned).sum(axis=2)
    return Motion(back, (gap <= 0.01 * length + 0.5) & inside(back))


def read_exact(flow: Path, occlusion: Path) -> Motion:
    """Two PNGs: KITTI's 16-bit flow, and a mask that is white where it is invalid. Raises SourceError."""
    pixels, mask = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (flow, occlusion))
    if pixels is None or pixels.dtype != np.uint16 or mask is None:
        raise SourceError(f"{flow}: expected KITTI's 16-bit flow, and a mask at {occlusion}")
    back = ((pixels[..., [2, 1]].astype(np.float32) - 32768) / 64).astype(np.float32)  # BGR: u is last
    return Motion(back, (pixels[..., 0] > 0) & (mask == 0) & inside(back))
