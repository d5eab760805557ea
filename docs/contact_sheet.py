"""A contact sheet: every photo in a row of its own, followed by its paintings.

    python docs/contact_sheet.py SHEET.jpg PHOTO [PHOTO ...] --style wave --style starry-night [--width 560]

Photos are scaled and cropped to 1280×720, painted with the brushwork of ``rtstyle image``, and shown --width px wide.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

import rtstyle
from rtstyle.frames import Image, Images
from rtstyle.jobs.defaults import BRUSHWORK
from rtstyle.stages.brushwork import Brushwork

WIDTH, HEIGHT = 1280, 720


def main() -> None:
    """Paint and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--style", action="append", required=True)
    parser.add_argument("--width", type=int, default=560)
    asked = parser.parse_args()
    photos = np.stack([read(path) for path in asked.photos])  # (N, 720, 1280, 3) uint8 RGB
    columns = [photos]
    for style in asked.style:
        with rtstyle.Stylizer(style) as stylizer:
            columns.append(painted(stylizer, strokes_under(photos)))
    size = (asked.width, asked.width * HEIGHT // WIDTH)
    rows = [
        np.hstack([cv2.resize(cell, size, interpolation=cv2.INTER_AREA) for cell in row])
        for row in zip(*columns, strict=True)
    ]
    cv2.imwrite(str(asked.sheet), np.vstack(rows)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


def painted(stylizer: rtstyle.Stylizer, images: Images) -> Images:
    """Every image of (N, H, W, 3)."""
    return stylizer(rtstyle.Batch(images, images, [0] * len(images))).images


def strokes_under(photos: Images, amount: float = BRUSHWORK) -> Images:
    """What ``rtstyle image`` gives its networks of (N, H, W, 3)."""
    return Brushwork(amount)(rtstyle.Batch(photos, photos, [0] * len(photos))).images


def read(path: Path, width: int = WIDTH, height: int = HEIGHT) -> Image:
    """The picture filled into (height, width, 3) RGB; of an upright one rather the upper part, where faces are."""
    image = cv2.imread(str(path))
    scale = max(width / image.shape[1], height / image.shape[0])
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = (image.shape[0] - height) // 4, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width, ::-1]


if __name__ == "__main__":
    main()
