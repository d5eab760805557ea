"""What an AVIF says of its picture in boxes that OpenCV does not read (ISO/IEC 23008-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_Box = tuple[bytes, bytes]  # kind and payload
_FULL = 4  # bytes of version and flags, with which some boxes begin


def properties(data: bytes) -> list[_Box]:
    """What is said of the picture that is shown, in the order in which it counts; nothing of what is no AVIF."""
    if data[4:8] != b"ftyp":
        return []
    try:
        meta = dict(_boxes(dict(_boxes(data))[b"meta"][_FULL:]))
        shown, told = meta[b"pitm"], dict(_boxes(meta[b"iprp"]))
        (item,) = struct.unpack_from(">I" if shown[0] else ">H", shown, _FULL)
        known = list(_boxes(told[b"ipco"]))
        return [known[place - 1] for place in _places(told[b"ipma"], item) if 0 < place <= len(known)]
    except (KeyError, IndexError, struct.error):  # damaged, or another kind of file
        return []


def profile(data: bytes) -> bytes:
    """Its ICC profile; empty where there is none."""
    colours = (payload for kind, payload in properties(data) if kind == b"colr")
    return next((payload[4:] for payload in colours if payload[:4] in {b"prof", b"rICC"}), b"")


def _boxes(data: bytes) -> Iterator[_Box]:
    start = 0
    while start + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:  # too large for four bytes
            (size,), head = struct.unpack_from(">Q", data, start + head), 16
        end = start + max(size, head) if size else len(data)
        yield kind, data[start + head : end]
        start = end


def _places(ipma: bytes, wanted: int) -> list[int]:
    """The properties of an item, counted from 1."""
    version, wide = ipma[0], ipma[3] & 1
    (entries,) = struct.unpack_from(">I", ipma, _FULL)
    place, head, entry = _FULL + 4, ">IB" if version else ">HB", ">H" if wide else ">B"
    for _ in range(entries):
        item, count = struct.unpack_from(head, ipma, place)
        place += struct.calcsize(head)
        values = [value for (value,) in struct.iter_unpack(entry, ipma[place : place + count * (1 + wide)])]
        if item == wanted:
            return [value & (0x7FFF if wide else 0x7F) for value in values]  # without the bit that says: essential
        place += count * (1 + wide)
    return []
