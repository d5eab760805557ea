"""The last step of ``make demo``: before and after in one picture, and the figures.

    python docs/demo.py BEFORE.mp4 AFTER.mp4 PICTURE.png REPORT.json

The report is what ``rtstyle transcode --json`` printed.
"""

import json
import sys
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

import rtstyle
from rtstyle.frames import Image

MOMENT = Fraction(2)  # seconds into the clip


def main(before: str, after: str, picture: str, report: str) -> None:
    """Write the picture and print where everything is."""
    left, right = image_at(before, MOMENT), image_at(after, MOMENT)  # (H, W, 3) uint8 RGB
    pair = np.concatenate([left, right], axis=1)
    cv2.imwrite(picture, cv2.cvtColor(pair, cv2.COLOR_RGB2BGR))

    figures = json.loads(Path(report).read_text(encoding="utf-8"))
    height, width = left.shape[:2]
    print(f"{after}: {figures['frames_out']} frames, {width}×{height}")
    print(f"{picture}: before and after")
    print(f"{figures['fps']:.1f} fps from file to file on {figures['provider']}")


def image_at(path: str, time: Fraction) -> Image:
    """The first picture of a video that is shown at ``time`` or later."""
    with closing(rtstyle.VideoReader(path)) as video:
        return next(item.image for item in video if isinstance(item, rtstyle.Frame) and item.time >= time)


if __name__ == "__main__":
    main(*sys.argv[1:])
