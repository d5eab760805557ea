"""An X server, asked whether it would show our windows."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from struct import pack

_PORT = 6000  # display :0 over TCP
_PATIENCE_S = 2.0  # for a display on another machine


def greet(host: str, display: int) -> None:
    """Connect with the keys that we have. Raises PermissionError if it refuses us, another OSError if none is there.

    X Window System Protocol, chapter 8. Of the ways to authorize we know only cookies, which need no computation.
    """
    if not any(_lets_in(host, display, *key) for key in (*_keys(display), (b"", b""))):
        raise PermissionError


def _lets_in(host: str, display: int, name: bytes, secret: bytes) -> bool:
    local = Path(f"/tmp/.X11-unix/X{display}")  # noqa: S108 - where X servers listen
    here = host in {"", "unix"} and local.exists()
    address = host or "localhost", _PORT + display
    with socket.socket(socket.AF_UNIX) if here else socket.create_connection(address, _PATIENCE_S) as server:
        if here:
            server.settimeout(_PATIENCE_S)
            server.connect(str(local))
        lengths = pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(secret))
        server.sendall(lengths + _padded(name) + _padded(secret))
        return server.recv(1) == b"\1"


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
