"""How a photo is to be turned to hang as it was seen."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rtstyle import avif

Pixels = NDArray[np.uint8]  # (H, W) or (H, W, 3)

UPRIGHT = 1
_ORIENTATION = 0x0112  # EXIF's tag
_TURNS: dict[int, Callable[[Pixels], Pixels]] = {  # EXIF 2.32, 4.6.4: from how it is stored to how it is seen
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: np.swapaxes(pixels, 0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.swapaxes(np.rot90(pixels, 2), 0, 1),
    8: np.rot90,
}


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """The picture as it is seen, of one that EXIF says is stored with that orientation."""
    return np.ascontiguousarray(_TURNS.get(orientation, np.asarray)(pixels))


def orientation_of_avif(data: bytes) -> int | None:
    """EXIF's word for how an AVIF's own boxes turn it; None where none does, and for other kinds of pictures.

    ISO/IEC 23008-12, 6.5.10 and 6.5.12: ``irot`` by so many quarters anti-clockwise, ``imir`` upside down, or with axis
    1 left to right, in the order in which the picture names them. Where they are, EXIF's orientation does not count.
    """
    corners, found = np.arange(4).reshape(2, 2), False
    for kind, payload in avif.properties(data):
        if kind == b"irot" and payload:
            corners, found = np.rot90(corners, payload[0] & 3), True
        elif kind == b"imir" and payload:
            corners, found = np.flip(corners, payload[0] & 1), True
    if not found:
        return None
    seen = {turned(np.arange(4, dtype=np.uint8).reshape(2, 2), value).tobytes(): value for value in (1, *_TURNS)}
    return seen[corners.astype(np.uint8).tobytes()]


def set_upright(exif: bytes) -> tuple[int, bytes]:
    """The orientation that an EXIF block tells, and the block as it is to be of a painting that stands upright.

    Nothing in it leads to the thumbnail (IFD1) any more, which would show the photo unpainted, and lying down; its
    bytes stay.
    """
    start = 6 if exif.startswith(b"Exif\0\0") else 0
    order = {b"II": "<", b"MM": ">"}.get(exif[start : start + 2])
    orientation, changed = UPRIGHT, bytearray(exif)
    try:
        if order is None:
            return UPRIGHT, exif
        (offset,) = struct.unpack_from(f"{order}I", exif, start + 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start + offset)
        end = start + offset + 2 + 12 * count
        for place in range(start + offset + 2, end, 12):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, place)
            if tag == _ORIENTATION:
                orientation = value
                struct.pack_into(f"{order}H", changed, place + 8, UPRIGHT)
        if len(exif) >= end + 4:  # some writers leave out where IFD1 would be
            changed[end : end + 4] = bytes(4)
    except struct.error:  # cut off
        return orientation, b""
    return orientation, bytes(changed)
