"""An X server, asked whether it would show our windows, and how large they may be."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from struct import pack, unpack_from

_PORT = 6000  # display :0 over TCP
_PATIENCE_S = 2.0  # for a display on another machine


def greet(host: str, display: int) -> tuple[int, int]:
    """Connect with the keys that we have, and return the screen's (width, height), pixels.

    X Window System Protocol, chapter 8. Of the ways to authorize we know only cookies, which need no computation.
    Raises PermissionError if it refuses us, another OSError if none is there, struct.error if what is there is none.
    """
    for key in (*_keys(display), (b"", b"")):
        if setup := _setup(host, display, *key):
            vendor, formats = unpack_from("<16xH3xB", setup)
            width, height = unpack_from("<20xHH", setup, 32 + len(_padded(bytes(vendor))) + 8 * formats)
            return width, height
    raise PermissionError


def _setup(host: str, display: int, name: bytes, secret: bytes) -> bytes:
    """What it tells of itself to those whom it lets in; nothing to others."""
    local = Path(f"/tmp/.X11-unix/X{display}")  # noqa: S108 - where X servers listen
    here = host in {"", "unix"} and local.exists()
    address = host or "localhost", _PORT + display
    with socket.socket(socket.AF_UNIX) if here else socket.create_connection(address, _PATIENCE_S) as server:
        if here:
            server.settimeout(_PATIENCE_S)
            server.connect(str(local))
        lengths = pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(secret))
        server.sendall(lengths + _padded(name) + _padded(secret))
        with server.makefile("rb") as said:
            head = said.read(8)
            return said.read(4 * int.from_bytes(head[6:], "little")) if head[:1] == b"\1" else b""


def _keys(display: int) -> Iterator[tuple[bytes, bytes]]:
    """Name and secret of every entry for that display, as libXau finds and reads them (Xau.h)."""
    try:
        file = BytesIO(Path(os.environ.get("XAUTHORITY", f"{os.environ.get('HOME', '')}/.Xauthority")).read_bytes())
    except OSError:
        return
    while file.read(2):  # the address's family
        _address, shown, name, secret = (file.read(int.from_bytes(file.read(2), "big")) for _ in range(4))
        if shown in {b"", str(display).encode()}:
            yield name, secret


def _padded(text: bytes) -> bytes:
    return text + bytes(-len(text) % 4)
