"""Writes the pixel aspect into a Matroska or WebM file, for which PyAV has no interface."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

# FFmpeg takes the aspect from a field of its stream that PyAV 18 cannot set. For a film of two pictures side by side,
# however, it writes the display size of one of them right after the element that says so. So we claim that it is one,
# and then overwrite all that with the size we want.
STEREO_MODE = "stereo_mode"  # a key of the stream's metadata
STEREO = {STEREO_MODE: "left_right"}
PLAIN = {"write_crc32": "0"}  # the muxer's option: a checksum of the header would no longer be right

_STEREO_MODE = b"\x53\xb8\x81\x01"  # RFC 9559, 5.1.4.1.28.3: two pictures, the left one first
_WIDTH, _HEIGHT = b"\x54\xb0", b"\x54\xba"  # DisplayWidth, DisplayHeight
_MARK = 0x80  # with it begins the size of an element of less than 127 bytes
_HEADER = 1 << 20  # bytes at the beginning of a file, in which the track is described


def set_aspect(path: Path, width: int, height: int, aspect: Fraction) -> None:
    """Say how ``width`` × ``height`` pixels of this aspect are shown, in a file that claims to be ``STEREO``."""
    with path.open("r+b") as file:
        head = file.read(_HEADER)
        start = place = head.index(_STEREO_MODE + _WIDTH)
        place += len(_STEREO_MODE)
        for _ in (_WIDTH, _HEIGHT):
            place += 3 + (head[place + 2] ^ _MARK)
        room = place - start - 6  # bytes for both numbers
        halves = (_WIDTH, round(width * aspect), room // 2), (_HEIGHT, height, room - room // 2)
        file.seek(start)
        for name, number, size in halves:
            file.write(name + bytes([_MARK | size]) + number.to_bytes(size, "big"))
