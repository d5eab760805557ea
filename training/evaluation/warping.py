"""Flicker: what changes between two frames, other than by the motion of what is filmed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rtstyle.frames import Image
from training.evaluation.flow import Motion


def warping_error(frames: Sequence[Image], motions: Sequence[Motion]) -> float:
    """The warping error of Lai et al. (2018), section 4.2, averaged over the pairs of frames.

    Each frame is compared with the one before, moved by the flow of the *input's* frames, where that is visible:
    the mean over pixels and channels of the squared difference, values in [0, 1]. They sum over the channels.
    """
    errors = [
        np.square((motion.warp(before) - now)[motion.visible] / 255).mean()
        for (before, now), motion in zip(pairwise(frames), motions, strict=True)
        if motion.visible.any()
    ]
    return float(np.mean(errors)) if errors else float("nan")
