"""What a photo has besides its colours: transparency, EXIF, an ICC profile."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_log = logging.getLogger("rtstyle")

Alpha = NDArray[np.uint8]  # (H, W), 0 is transparent

_ORIENTATION = 0x0112  # EXIF's tag
_UPRIGHT = 1
_TURNS: dict[int, Callable[[Alpha], Alpha]] = {  # EXIF 2.32, 4.6.4: from how it is stored to how it is seen
    2: np.fliplr,
    3: lambda alpha: np.rot90(alpha, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda alpha: np.rot90(alpha, -1),
    7: lambda alpha: np.rot90(alpha, 2).T,
    8: np.rot90,
}
_RGBA, _OPAQUE = 4, 255


@dataclass(frozen=True, slots=True, eq=False)
class Extras:
    """What is carried over from a photo to its painting."""

    alpha: Alpha | None = None  # upright, as the painting is
    exif: bytes = b""  # which says that the picture is upright
    icc: bytes = b""


def read_extras(path: Path) -> Extras:
    """Read them from a readable photo; damaged ones count as absent."""
    import cv2

    if (count := cv2.imcount(str(path))) > 1:
        all_ = "" if path.suffix.lower() in {".tif", ".tiff"} else "; rtstyle transcode paints all"
        _log.warning("%s: holds %d pictures, and only the first is painted%s", path, count, all_)
    if not hasattr(cv2, "imdecodeWithMetadata"):
        _log.warning("this OpenCV does not read metadata, which are lost; install opencv-python 4.13 or later")
        return Extras()
    data = np.fromfile(path, dtype=np.uint8)
    image, kinds, blocks = cv2.imdecodeWithMetadata(data, cv2.IMREAD_UNCHANGED)
    found = {int(kind): bytes(np.asarray(block).ravel()) for kind, block in zip(kinds, blocks, strict=True)}
    exif = found.get(cv2.IMAGE_METADATA_EXIF, b"")
    orientation, upright = set_upright(exif)
    alpha = None
    if image is not None and image.shape[2:] == (_RGBA,):
        plane = (image[..., 3] / (1 if image.dtype == np.uint8 else 257)).astype(np.uint8)  # 65535 / 255
        if plane.min() < _OPAQUE:
            alpha = np.ascontiguousarray(_TURNS.get(orientation, np.asarray)(plane))
    return Extras(alpha, upright, found.get(cv2.IMAGE_METADATA_ICCP, b""))


def set_upright(exif: bytes) -> tuple[int, bytes]:
    """The orientation that an EXIF block tells, and the block as it is to be of a picture that was set upright."""
    start = 6 if exif.startswith(b"Exif\0\0") else 0
    order = {b"II": "<", b"MM": ">"}.get(exif[start : start + 2])
    try:
        if order is None:
            return _UPRIGHT, exif
        (offset,) = struct.unpack_from(f"{order}I", exif, start + 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start + offset)
        for entry in range(count):
            place = start + offset + 2 + 12 * entry
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, place)
            if tag == _ORIENTATION:
                changed = bytearray(exif)
                struct.pack_into(f"{order}H", changed, place + 8, _UPRIGHT)
                return value, bytes(changed)
    except struct.error:  # cut off
        return _UPRIGHT, b""
    return _UPRIGHT, exif


def encode(image: NDArray[np.uint8], suffix: str, extras: Extras, quality: list[int]) -> tuple[bool, NDArray[np.uint8]]:
    """(H, W, 3) BGR to what ``cv2.imencode`` gives, with the extras that this kind of file and this OpenCV hold."""
    import cv2

    if extras.alpha is not None and suffix not in {".jpg", ".jpeg"} and extras.alpha.shape == image.shape[:2]:
        image = np.dstack([image, extras.alpha])
    kept = [(cv2.IMAGE_METADATA_EXIF, extras.exif), (cv2.IMAGE_METADATA_ICCP, extras.icc)] if _has(extras) else []
    blocks = [(kind, np.frombuffer(data, np.uint8)) for kind, data in kept if data]
    if blocks:
        try:
            done, data = cv2.imencodeWithMetadata(
                suffix, image, [k for k, _ in blocks], [b for _, b in blocks], quality
            )
        except cv2.error:
            done = False
        if done:
            return done, np.asarray(data, np.uint8)
        _log.warning("EXIF or ICC profile is damaged and is left out")
    done, data = cv2.imencode(suffix, image, quality)
    return done, np.asarray(data, np.uint8)


def _has(extras: Extras) -> bool:
    return bool(extras.exif or extras.icc)
