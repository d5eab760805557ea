"""A synthetic film of any size and length, to measure with."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np

from rtstyle.errors import SinkError, reason_of

if TYPE_CHECKING:
    from pathlib import Path

    from rtstyle.frames import Image

RATE = 25  # frames/s
_SHOT = 24  # frames that differ; then it repeats, as after a cut
_SHOT_PIXELS = 24 * 1280 * 720  # in a shot, at most: making it must not take longer than the measurement
_OCTAVES = (4, 8, 16, 32, 64, 128, 256)  # cells across; each weaker than the one before by √2
_FINEST = 1280  # pixels; wider pictures are enlarged
_PAN = 0.002  # of the width, a frame
_BEHIND = 30  # levels by which moving parts are darker: a third of the picture moves, and encodes like a painted film


def make_film(path: Path, size: tuple[int, int], frames: int) -> None:
    """Write ``frames`` frames of H.264, ``size`` (width, height): clouds drifting in front of others.

    A shot is encoded once and its packets repeated, so that a long film costs little more than a short one. Needs cv2.
    Raises SinkError where the encoder refuses the size, or the disk is full.
    """
    try:
        _write(path, size, frames)
    except (av.error.FFmpegError, OSError) as error:
        what = f"a film of {size[0]}×{size[1]} to measure with cannot be written: {reason_of(error)}"
        raise SinkError(f"{what}; try another --size, or let TMPDIR name a folder with more room") from error


def _write(path: Path, size: tuple[int, int], frames: int) -> None:
    width, height = size
    tick = Fraction(1, RATE)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "20", "bf": "0"})
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv444p" if width % 2 or height % 2 else "yuv420p"
        shot = min(frames, _SHOT, max(_SHOT_PIXELS // (width * height), 4))
        pictures = (av.VideoFrame.from_ndarray(image, format="rgb24") for image in _shot(width, height, shot))
        coded = [bytes(packet) for picture in (*pictures, None) for packet in stream.encode(picture)]
        for index in range(frames):
            packet = av.Packet(coded[index % len(coded)])
            packet.stream, packet.time_base = stream, tick
            packet.pts = packet.dts = index
            packet.duration, packet.is_keyframe = 1, index % len(coded) == 0
            container.mux(packet)


def _shot(width: int, height: int, frames: int) -> Iterator[Image]:
    import cv2

    random = np.random.default_rng(0)
    step = max(round(width * _PAN), 1)
    still, moving = _clouds(width, height, random), _clouds(width + frames * step, height, random)
    darker = np.maximum(moving, _BEHIND) - _BEHIND
    for index in range(frames):
        left = index * step
        yield np.asarray(cv2.max(still, darker[:, left : left + width]), np.uint8)


def _clouds(width: int, height: int, random: np.random.Generator) -> Image:
    import cv2

    columns = min(width, _FINEST)
    rows = max(height * columns // width, 2)
    total = np.full((rows, columns, 3), 110, np.float32)
    for order, cells in enumerate(_OCTAVES):
        coarse = random.normal(0, 40 / 2 ** (order / 2), (max(cells * rows // columns, 2), cells, 3))
        total += cv2.resize(coarse.astype(np.float32), (columns, rows), interpolation=cv2.INTER_CUBIC)
    bytes_ = np.clip(total, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(bytes_, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
