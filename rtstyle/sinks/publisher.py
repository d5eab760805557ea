"""Sends what is painted to a server, or to whoever listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtstyle.errors import SinkError
from rtstyle.frames import Frame
from rtstyle.sinks.live_encoder import LiveEncoder

if TYPE_CHECKING:
    from rtstyle.frames import Packet, VideoFormat

_MUXERS = {"rtmp": "flv", "rtmps": "flv", "rtsp": "rtsp", "udp": "mpegts", "tcp": "mpegts", "srt": "mpegts"}
_MUXERS |= {"rtp": "rtp_mpegts", "http": "mpegts", "https": "mpegts"}
_OPTIONS = {"rtsp": {"rtsp_transport": "tcp"}, "udp": {"pkt_size": "1316"}}
_ENCODER = {"maxrate": "6M", "bufsize": "3M", "crf": "23"}  # what an ordinary connection carries at 720p


class Publisher:
    """H.264 to ``rtmp://``, ``rtsp://``, ``udp://`` (MPEG-TS), ``tcp://``, ``rtp://`` or ``http://``.

    Raises SinkError: for another kind of address at once, when nobody answers in ``open``, later when the
    connection breaks.
    """

    closed = False

    def __init__(self, address: str) -> None:
        self._address = address
        self._scheme = address.split("://", maxsplit=1)[0]
        if "://" not in address or self._scheme not in _MUXERS:
            expected = ", ".join(f"{scheme}://" for scheme in _MUXERS)
            raise SinkError(f"{address}: expected an address that begins with one of {expected}")
        self._encoder: LiveEncoder | None = None

    def open(self, format: VideoFormat, /) -> None:
        """Connect."""
        muxer, options = _MUXERS[self._scheme], _OPTIONS.get(self._scheme, {})
        self._encoder = LiveEncoder(self._address, format, container=muxer, options=options, encoder=_ENCODER)

    def write(self, item: Frame | Packet, /) -> None:
        if self._encoder is not None and isinstance(item, Frame):
            self._encoder.write(item)

    def close(self, *, complete: bool = True) -> None:  # noqa: ARG002 - a stream has no name to keep back
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.close()
