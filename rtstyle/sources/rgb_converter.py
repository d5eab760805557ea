"""Turns decoded frames into upright RGB images of standard dynamic range."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from rtstyle.cores import color_threads
from rtstyle.errors import SourceError
from rtstyle.frames import BT709, SWS_MATRIX, Color, Image
from rtstyle.sources.tone_mapper import TRANSFERS, ToneMapper

_UNKNOWN_TO_SWSCALE = {  # AVCOL_SPC_*: its name, and what zscale makes of it
    8: ("YCgCo", "matrix=709"),
    10: (  # which zscale must know more of than some files say
        "BT.2020 with constant luminance",
        "transferin=2020_10:primariesin=2020:matrix=709:transfer=709:primaries=709",
    ),
    14: ("ICtCp", "matrix=2020_ncl"),
}
_RGB, _UNSPECIFIED = 0, 2  # AVCOL_SPC_RGB, AVCOL_*_UNSPECIFIED


class RgbConverter:
    """Converts all frames of a stream the way its first one asks for, and to that one's size.

    Orientation is the display matrix's, in steps of 90 degrees and mirrored where it says so. PQ and
    HLG are tone-mapped to SDR BT.709.
    """

    def __init__(self, first: VideoFrame) -> None:
        self._reformatter = VideoReformatter()
        self._transfer = first.color_trc
        self._coded_size = first.width, first.height
        self._tone_mapper = ToneMapper(first) if first.color_trc in TRANSFERS and not first.format.is_rgb else None
        self.turned, self._upright = _orientation(first)
        self.width, self.height = reversed(self._coded_size) if self.turned else self._coded_size
        self.color, self._matrix = self._read_color(first)

    def __call__(self, frame: VideoFrame) -> Image:
        """Give (H, W, 3) uint8 RGB; without rotation a view of FFmpeg's own buffer."""
        width, height = self._coded_size
        if self._tone_mapper and (frame.width, frame.height) == self._coded_size:
            return self._upright(_packed(self._tone_mapper(frame)))
        rgb = self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format="rgb24",
            src_colorspace=self._matrix if frame.colorspace == _UNSPECIFIED else None,
            threads=color_threads(),
        )
        return self._upright(_packed(rgb))

    @property
    def notes(self) -> list[str]:
        """What is done to the picture that the user should know, a phrase each."""
        if self._tone_mapper is None:
            return []
        kind = TRANSFERS[self._transfer]
        return [f"HDR ({kind}, up to {self._tone_mapper.peak_nits:.0f} nits) is tone-mapped to SDR BT.709"]

    def aspect(self, coded: Fraction) -> Fraction:
        """Turn the coded pixel aspect with the picture."""
        return 1 / coded if self.turned else coded

    def _read_color(self, first: VideoFrame) -> tuple[Color, int | None]:
        """What the RGB images mean, and what swscale must take an untagged matrix for."""
        color = Color(first.color_range, first.colorspace, first.color_primaries, first.color_trc)
        if color.matrix == _RGB or first.format.is_rgb:
            return color, None
        matrix = color.matrix_for(*self._coded_size)
        if self._tone_mapper:
            return Color(color.range, BT709, BT709, BT709), SWS_MATRIX[matrix]
        return Color(color.range, matrix, color.primaries, color.transfer), SWS_MATRIX[matrix]


def unconverted(name: str, frame: VideoFrame, error: Exception) -> SourceError:
    """What to raise where a frame of the input ``name`` cannot be converted."""
    if int(frame.colorspace) not in _UNKNOWN_TO_SWSCALE:
        return SourceError(f"{name}: {frame.format.name} cannot be converted to RGB: {error}")
    matrix, zscale = _UNKNOWN_TO_SWSCALE[int(frame.colorspace)]
    remedy = f"convert it first, as with: ffmpeg -i INPUT -vf zscale={zscale} OUTPUT"
    return SourceError(f"{name}: expected colours that swscale converts to RGB, got {matrix}; {remedy}")


def _packed(rgb: VideoFrame) -> Image:
    image = rgb.to_ndarray()
    return np.ascontiguousarray(image, dtype=np.uint8)  # copies only where FFmpeg padded the lines


def _orientation(frame: VideoFrame) -> tuple[bool, Callable[[Image], Image]]:
    """Whether width and height change places, and the function that sets an image upright.

    The matrix maps (x, y) to (a x + c y, b x + d y) with y downwards, as 16.16 numbers a b u c d v x y w
    (ISO 14496-12, 6.2.2); its translation is ignored, and so is any turn that is not by 90 degrees.
    """
    data = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(data, SideData):
        return False, _as_it_is
    a, b, _, c, d = np.frombuffer(bytes(data), dtype=np.int32)[:5]
    turned = bool(abs(b) > abs(a))
    flip_x, flip_y = (c < 0, b < 0) if turned else (a < 0, d < 0)
    if not (turned or flip_x or flip_y):
        return False, _as_it_is
    x, y = slice(None, None, -1 if flip_x else 1), slice(None, None, -1 if flip_y else 1)

    def upright(image: Image) -> Image:
        return np.ascontiguousarray((image.transpose(1, 0, 2) if turned else image)[y, x])

    return turned, upright


def _as_it_is(image: Image) -> Image:
    return image
