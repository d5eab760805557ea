"""The gallery: docs/styles.md, and beside it a picture of what every bundled style makes of photos and a film.

    python docs/gallery.py FACE BUILDING LANDSCAPE CLIP

Photos are cropped and scaled to 640×480 and painted with the brushwork of ``rtstyle image``; five frames of the clip,
half a second apart, at their own size. What the page says about a style comes from its file alone; head and credits are
docs/styles.head.md's. Of a network of several styles: the first photo in each of them, and from one to another in five
steps. The README's picture, docs/banner.jpg, is the first photo as one large network paints it, beside that the other
large ones and the photo itself, and below all that run in real time. docs/scale.jpg is the middle of that photo,
painted at 1280×720 and at two shares of it; docs/brushwork.jpg is the second photo without, with some and with much of
it.
"""

import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from contact_sheet import painted, read, strokes_under

import rtstyle
from rtstyle.frames import Image, Images
from rtstyle.jobs.defaults import BRUSHWORK
from rtstyle.stages.brushwork import Brushwork
from rtstyle.stages.guided import Guided, share
from rtstyle.styles import find_styles
from training.catalogue import facts_of

WIDTH, HEIGHT = 640, 480  # of a photo as it is painted
SHOWN = 1200  # px, width of a picture on the page
FRAMES = 5
APART = 0.5  # seconds

FOLDER = Path(__file__).parent
HEAD = FOLDER / "styles.head.md"
PAGE = FOLDER / "styles.md"
PICTURES = FOLDER / "styles"
BANNER = FOLDER / "banner.jpg"
LEADING = "starry-night-full"
SCALED = FOLDER / "scale.jpg"
SCALES, SCALED_STYLE = (1, 0.5, 0.33), "starry-night"
MIDDLE = slice(0, 450), slice(440, 840)  # px, of the photo in docs/scale.jpg
BRUSHED = FOLDER / "brushwork.jpg"
AMOUNTS, BRUSHED_STYLES = (0, 0.5, 1), ("starry-night", "scream", "tree-of-life")


def main(*arguments: str) -> None:
    """Paint, write the pictures, then the page."""
    *photos, clip = arguments
    images = np.stack([read(Path(path), WIDTH, HEIGHT) for path in photos])  # (3, 480, 640, 3) uint8 RGB
    frames = np.stack(strip(clip))  # (5, H, W, 3)
    PICTURES.mkdir(exist_ok=True)
    write(PICTURES / "originals.jpg", images, frames)
    sections, real_time, large = [], {}, {}
    quick = {style.name for style in find_styles(())}
    for style in rtstyle.list_styles():
        several = len(style.styles) > 1
        paintings, strip_of_it = mixed(style, images[0]) if several else plain(style, images, frames)
        write(PICTURES / f"{style.name}.jpg", paintings, strip_of_it)
        if style.name in quick or style.network == "full":
            (real_time if style.name in quick else large)[style.name] = brushed(style, images[0], BRUSHWORK)
        rows = "\n".join(f"| {name} | {value} |" for name, value in facts_of(style).items())
        work = f"*{style.title}*, {style.artist}, {style.year} ({style.licence})"
        shown = (
            "A photo in each style, and from one to another" if several else "Three photos and five frames of a film"
        )
        picture = f"![{shown} in {style.name}](styles/{style.name}.jpg)"
        sections.append(f"## {style.name}\n\n{work}\n\n{picture}\n\n| | |\n| --- | --- |\n{rows}\n")
    PAGE.write_text("\n".join([HEAD.read_text(encoding="utf-8"), *sections]), encoding="utf-8")
    leading = large.pop(LEADING)
    save(BANNER, banner(leading, [*large.values(), images[0], *real_time.values()]))
    strokes = [brushed(style, images[1], amount) for style in BRUSHED_STYLES for amount in AMOUNTS]
    save(BRUSHED, mosaic(strokes, columns=len(AMOUNTS), width=SHOWN))
    write_scales(SCALED, read(Path(photos[0])))


def plain(style: rtstyle.Style, images: Images, frames: Images) -> tuple[Images, Images]:
    """Photos and frames as a network of one style paints them."""
    with rtstyle.Stylizer(style) as stylizer:
        return painted(stylizer, strokes_under(images)), painted(stylizer, frames)


def mixed(style: rtstyle.Style, image: Image) -> tuple[Images, Images]:
    """One photo in every style of a network, and in five mixes of its first with its last."""
    first, *_, last = style.styles
    mixes = [{first: 1 - part / (FRAMES - 1), last: part / (FRAMES - 1)} for part in range(FRAMES)]

    def one(parts: dict[str, float]) -> Image:
        with rtstyle.Stylizer(rtstyle.Mix(parts, style.path)) as stylizer:
            return painted(stylizer, strokes_under(image[None]))[0]

    return np.stack([one({name: 1}) for name in style.styles]), np.stack([one(parts) for parts in mixes])


def brushed(style: rtstyle.Style | str, image: Image, amount: float) -> Image:
    """One photo with ``--brushwork``."""
    with rtstyle.Stylizer(style) as stylizer:
        return painted(stylizer, strokes_under(image[None], amount))[0]


def strip(clip: str) -> list[Image]:
    """Frames of the clip that are shown half a second apart, from its first on."""
    frames: list[Image] = []
    with closing(rtstyle.VideoReader(clip)) as video:
        for item in video:
            if isinstance(item, rtstyle.Frame) and item.time >= len(frames) * APART:
                frames.append(item.image)
            if len(frames) == FRAMES:
                return frames
    sys.exit(f"{clip}: expected {(FRAMES - 1) * APART} s or more")


def write(path: Path, photos: Images, frames: Images) -> None:
    """The photos in one row, the frames in another below it, equally wide."""
    rows = [np.hstack([fitted(image, left, right) for image, (left, right) in zip(row, edges(len(row)), strict=True)])
            for row in (photos, frames)]  # fmt: skip
    save(path, np.vstack(rows))


def banner(leading: Image, others: list[Image]) -> Image:
    """One picture twice as wide as the others, four of them beside it, the rest in rows of four below."""
    top = np.hstack([leading, mosaic(others[:4], columns=2, width=WIDTH)])
    return np.vstack([top, mosaic(others[4:], columns=4, width=2 * WIDTH)])


def mosaic(pictures: list[Image], *, columns: int, width: int) -> Image:
    """In rows, ``width`` px wide; what the last row lacks is black."""
    size = width // columns, width // columns * HEIGHT // WIDTH
    small = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
    small += [np.zeros_like(small[0])] * (-len(small) % columns)
    return np.vstack([np.hstack(small[i : i + columns]) for i in range(0, len(small), columns)])


def save(path: Path, picture: Image) -> None:
    """As JPEG."""
    cv2.imwrite(str(path), picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


def write_scales(path: Path, photo: Image) -> None:
    """What ``--scale`` makes of strokes: the middle of the photo's paintings, pixel by pixel."""
    batch = rtstyle.Batch(photo[None], photo[None], [0])
    with rtstyle.Stylizer(SCALED_STYLE) as stylizer:
        stages = Brushwork(BRUSHWORK), stylizer
        paintings = [Guided(stages, lines=share(scale))(batch).images[0][MIDDLE] for scale in SCALES]
    save(path, np.hstack(paintings))


def edges(count: int) -> list[tuple[int, int]]:
    """Where ``count`` pictures begin and end, px, to fill the page's width."""
    return list(pairwise(round(SHOWN * i / count) for i in range(count + 1)))


def fitted(image: Image, left: int, right: int) -> Image:
    """As wide as from ``left`` to ``right``, in proportion."""
    width = right - left
    return cv2.resize(image, (width, width * image.shape[0] // image.shape[1]), interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    main(*sys.argv[1:])
