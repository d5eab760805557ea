"""A small web server that fails on demand."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WebServer(ThreadingHTTPServer):
    """Serves ``files`` by path, with ranges as RFC 9110 has them, unless told otherwise."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.etag: str | None = '"one"'
        self.ranges = True  # whether it knows Range
        self.careless = False  # knows Range, but not If-Range
        self.states: list[int] = []  # answers of this kind come first
        self.cuts: list[int] = []  # the next answers end after so many bytes
        self.asked: list[str | None] = []  # the Range of every request

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: WebServer

    def do_GET(self) -> None:
        server = self.server
        server.asked.append(self.headers.get("Range"))
        if server.states or self.path not in server.files:
            self.send_error(server.states.pop(0) if server.states else 404)
            return
        content = server.files[self.path]
        begin = self._begin()
        if begin >= len(content) > 0:
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        if server.etag:
            self.send_header("ETag", server.etag)
        self.end_headers()
        rest = content[begin:]
        if server.cuts:
            rest = rest[: server.cuts.pop(0)]
        self.wfile.write(rest)

    def _begin(self) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.server.careless or self.headers.get("If-Range") == self.server.etag
        return int(match[1]) if match and self.server.ranges and same else 0

    def log_message(self, *_: object) -> None:
        """Tests say nothing."""


@contextmanager
def serving() -> Iterator[WebServer]:
    """A server on a free port of this machine."""
    server = WebServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="rtstyle-test-server")
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
