"""Sends the painting to a server, or to whoever listens."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from rtstyle.errors import SinkError
from rtstyle.frames import Frame
from rtstyle.sinks import relay
from rtstyle.sinks.live_encoder import LiveEncoder

if TYPE_CHECKING:
    from rtstyle.frames import Packet, VideoFormat

_MUXERS = {"rtmp": "flv", "rtmps": "flv", "rtsp": "rtsp", "udp": "mpegts", "tcp": "mpegts", "srt": "mpegts"}
_MUXERS |= {"rtp": "rtp_mpegts", "http": "mpegts", "https": "mpegts"}
_OPTIONS = {"rtsp": {"rtsp_transport": "tcp"}, "udp": {"pkt_size": "1316"}}
_ENCODER = {"maxrate": "6M", "bufsize": "3M", "crf": "23"}  # what an ordinary connection carries at 720p
_FAREWELL_S = 2.0  # time the server has for the rest


class Publisher:
    """H.264 to ``rtmp://``, ``rtsp://``, ``udp://`` (MPEG-TS), ``tcp://``, ``rtp://`` or ``http://``.

    Connects in a process of its own. Raises SinkError: for another kind of address at once, with the
    first frame when nobody answers within ten seconds, later when the connection breaks.
    """

    closed = False

    def __init__(self, address: str) -> None:
        self._address = address
        self._scheme = address.split("://", maxsplit=1)[0]
        if "://" not in address or self._scheme not in _MUXERS:
            expected = ", ".join(f"{scheme}://" for scheme in _MUXERS)
            raise SinkError(f"{address}: expected an address that begins with one of {expected}")
        self._encoder: LiveEncoder | None = None
        self.connecting = True
        self._relay: subprocess.Popen[bytes] | None = None

    def open(self, format: VideoFormat, /) -> None:
        """Begin to connect."""
        self._relay, film = relay.start(self._address, _MUXERS[self._scheme], _OPTIONS.get(self._scheme, {}))
        try:
            self._encoder = LiveEncoder(film, format, container="nut", encoder=_ENCODER)
        except SinkError as error:
            raise self._failure() from error

    def write(self, item: Frame | Packet, /) -> None:
        """Send it; the first waits until there is a connection."""
        if self._encoder is None or not isinstance(item, Frame):
            return
        try:
            self._encoder.write(item)
        except SinkError as error:  # a pipe to somebody who is no longer there
            raise self._failure() from error
        if self.connecting and self._relay is not None and self._relay.stdout is not None:
            if not self._relay.stdout.readline():
                raise self._failure()
            self.connecting = False

    def close(self, *, complete: bool = True) -> None:  # noqa: ARG002 - a stream has no name to keep back
        """Send the rest; what the server does not take within two seconds is lost."""
        encoder, self._encoder = self._encoder, None
        try:
            if encoder is not None:
                encoder.close()
        except SinkError as error:  # as above
            raise self._failure() from error
        process, self._relay = self._relay, None
        if process is not None:
            try:
                process.communicate(timeout=_FAREWELL_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()

    def _failure(self) -> SinkError:
        """What the other process has to say."""
        process, self._relay, self._encoder = self._relay, None, None
        said = b"" if process is None else process.communicate()[1]
        sentence = said.decode(errors="replace").strip().rpartition("\n")[2]  # after PyAV's warnings
        return SinkError(sentence or f"{self._address}: nobody answers")
