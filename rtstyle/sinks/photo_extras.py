"""What a photo has besides its colours: transparency, EXIF, an ICC profile."""

from __future__ import annotations

import logging
import struct
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtstyle import avif
from rtstyle.upright import orientation_of_avif, set_upright, turned

_log = logging.getLogger("rtstyle")

Alpha = NDArray[np.uint8]  # (H, W), 0 is transparent

_RGBA, _OPAQUE = 4, 255
_JPEG_EXIF, _JPEG_ICC = 65_527, 65_519  # bytes of them that a segment holds
_TIFF_EXIF, _TIFF_ICC = 34665, 34675  # tags


@dataclass(frozen=True, slots=True, eq=False)
class Extras:
    """What is carried over from a photo to its painting."""

    alpha: Alpha | None = None  # upright, as the painting is
    exif: bytes = b""  # which says that the picture is upright
    icc: bytes = b""


def read_extras(path: Path) -> Extras:
    """Read them from a readable photo; damaged ones count as absent."""
    data = np.fromfile(path, dtype=np.uint8)
    alpha, exif, icc = _decode(data)
    return Extras(alpha, exif, _profile(path, data.tobytes(), icc))


def read_alpha(path: Path) -> Alpha | None:
    """A readable photo's transparency, upright; None where nothing is transparent."""
    return _decode(np.fromfile(path, dtype=np.uint8))[0]


def _decode(data: NDArray[np.uint8]) -> tuple[Alpha | None, bytes, bytes]:
    """Transparency and EXIF, both upright, and an ICC profile as OpenCV finds it."""
    import cv2

    image, kinds, blocks = cv2.imdecodeWithMetadata(data, flags=cv2.IMREAD_UNCHANGED)
    found = {int(kind): bytes(np.asarray(block).ravel()) for kind, block in zip(kinds, blocks, strict=True)}
    orientation, exif = set_upright(found.get(cv2.IMAGE_METADATA_EXIF, b""))
    orientation = orientation_of_avif(data.tobytes()) or orientation
    alpha = None
    if image is not None and image.shape[2:] == (_RGBA,):
        plane = (image[..., 3] / (1 if image.dtype == np.uint8 else 257)).astype(np.uint8)  # 65535 / 255
        if plane.min() < _OPAQUE:
            alpha = turned(plane, orientation)
    return alpha, exif, found.get(cv2.IMAGE_METADATA_ICCP, b"")


def _profile(path: Path, data: bytes, found: bytes) -> bytes:
    """The ICC profile, wherever it is said, if it is one for the painting's colours."""
    icc = found or avif.profile(data) or _of_tiff(path, data)
    space = icc[16:20].decode("ascii", "replace").strip()
    if icc and space != "RGB":
        _log.warning("%s: its colour profile is for %s and is left out: the painting is RGB", path, space)
        return b""
    return icc


def _of_tiff(path: Path, data: bytes) -> bytes:
    """A TIFF's ICC profile. That it has EXIF, which is woven into the file, can only be told."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        return b""
    icc = b""
    with suppress(struct.error):  # cut off
        (offset,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, offset)
        for entry in range(count):
            tag, _, size, place = struct.unpack_from(f"{order}HHII", data, offset + 2 + 12 * entry)
            if tag == _TIFF_EXIF:
                _log.warning("%s: EXIF is left out: it is not read from TIFF; a .jpg or .png keeps it", path)
            elif tag == _TIFF_ICC:
                icc = data[place : place + size]
    return icc


def encode(image: NDArray[np.uint8], suffix: str, extras: Extras, quality: list[int]) -> tuple[bool, NDArray[np.uint8]]:
    """(H, W, 3) BGR to what ``cv2.imencode`` gives, with the extras that this kind of file and this OpenCV hold."""
    import cv2

    is_jpeg = suffix in {".jpg", ".jpeg"}
    if extras.alpha is not None and not is_jpeg:
        size = image.shape[1], image.shape[0]
        image = np.dstack([image, cv2.resize(extras.alpha, size, interpolation=cv2.INTER_AREA)])
    if is_jpeg:
        done, data = _encode_with(suffix, image, replace(extras, exif=_fitting(extras.exif), icc=b""), quality)
        return done, np.frombuffer(_with_profile(data.tobytes(), extras.icc), np.uint8)
    return _encode_with(suffix, image, extras, quality)


def _encode_with(
    suffix: str, image: NDArray[np.uint8], extras: Extras, quality: list[int]
) -> tuple[bool, NDArray[np.uint8]]:
    """What OpenCV makes of a picture, with EXIF and profile where it can."""
    import cv2

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


def _fitting(exif: bytes) -> bytes:
    """What a JPEG holds of it: all or nothing."""
    if len(exif) <= _JPEG_EXIF:
        return exif
    _log.warning("EXIF is left out: JPEG holds %d bytes of it, and these are %d; use .png", _JPEG_EXIF, len(exif))
    return b""


def _with_profile(jpeg: bytes, icc: bytes) -> bytes:
    """The JPEG with an ICC profile in as many pieces as it takes (ICC.1:2022, B.4); OpenCV writes but one."""
    pieces = [icc[start : start + _JPEG_ICC] for start in range(0, len(icc), _JPEG_ICC)]
    if len(pieces) > 255:  # noqa: PLR2004 - they are counted in a byte
        _log.warning("the ICC profile is left out: it is too large for a JPEG; use .png")
        return jpeg
    blocks = [
        struct.pack(">2sH12sBB", b"\xff\xe2", 16 + len(piece), b"ICC_PROFILE", number, len(pieces)) + piece
        for number, piece in enumerate(pieces, 1)
    ]
    place = 2
    while jpeg[place : place + 2] in {b"\xff\xe0", b"\xff\xe1"}:  # JFIF and EXIF come first
        place += 2 + struct.unpack_from(">H", jpeg, place + 2)[0]
    return jpeg[:place] + b"".join(blocks) + jpeg[place:]


def _has(extras: Extras) -> bool:
    return bool(extras.exif or extras.icc)
