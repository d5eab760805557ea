"""A stream that does not wait for us, from the network or from another process."""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from ipaddress import ip_address
from time import perf_counter
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

import av
import av.error
from av.stream import Discard
from av.video.frame import VideoFrame

from rtstyle.errors import SourceError, first_line, reason_of
from rtstyle.sources.demuxer import packets_of
from rtstyle.sources.input_file import unreadable
from rtstyle.sources.pace import Pace
from rtstyle.sources.rgb_converter import RgbConverter, unconverted
from rtstyle.sources.square import squared
from rtstyle.sources.streams import aspect_of, rate_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet

    from rtstyle.frames import Image

_log = logging.getLogger(__name__)

_OPEN_S, _READ_S = 10.0, 5.0
_SEGMENTED = {"hls", "dash"}  # FFmpeg's demuxers of what comes in pieces of some seconds, each all at once
_SEGMENT_S = 20.0  # how long the next piece may take
_REMEMBERED = 10_000  # packets: more than the pieces hold that a server still offers when it stops
# FFmpeg would look at five seconds of a stream before it gives the first frame, and hold frames back to sort them. What
# it looked at is decoded, all at once: it may be ten seconds until a camera's next key frame.
_QUICK = {"probesize": "500000", "analyzeduration": "1000000"}
_LOW_LATENCY = {**_QUICK, "flags": "low_delay"}
_AT_ONCE = {"analyzeduration": "0", "probesize": "32"}  # all there is to know is in the header
_BUFFER = 1 << 20  # bytes
_OF_SCHEME = {
    "rtsp": {"rtsp_flags": "prefer_tcp"},  # a lost UDP packet smears the picture until the next key frame
    # PyAV reads on for ever where a sender begins again with other PIDs; with "reuse" who listens next gets it all.
    "udp": {"overrun_nonfatal": "1", "fifo_size": "50000", "reuse": "1"},
}


Shown = deque[tuple[int | None, int]]  # presentation time, in ticks, and size in bytes of packets


def nothing_shown() -> Shown:
    """What a stream that is opened again gets to know, so that no piece is shown twice."""
    return deque(maxlen=_REMEMBERED)


class Stream:
    """What FFmpeg can open and that comes at its own pace, decoded as fast as it comes; in segments, at their pace.

    Pixels are made square. Raises SourceError when it cannot be opened, when nothing comes for ``silence_s``, and at
    its end.
    """

    def __init__(self, address: str, *, film: IO[bytes] | None = None, shown: Shown | None = None) -> None:
        """``film``: NUT from another process, in place of what answers at the address.

        ``shown``: what was shown when it was open before; a server offers the last segments again.
        """
        self._address, self.silence_s = address, _READ_S
        self._shown = nothing_shown() if shown is None else shown
        self._pace: Pace | None = None
        scheme = address.split("://", maxsplit=1)[0]
        if "://" in address and scheme == "srt" and not _knows(scheme):
            raise SourceError(f"{address}: the FFmpeg inside PyAV does not know srt://; send it as udp:// or rtsp://")
        try:
            if film is None:
                self._container = self._open({**_LOW_LATENCY, **_OF_SCHEME.get(scheme, {})})
                if self._container.format.name in _SEGMENTED:
                    self._container.close()
                    self.silence_s, self._pace = _SEGMENT_S, Pace()
                    self._container = self._open(_QUICK)
            else:
                self._container = av.open(film, "r", format="nut", options=_AT_ONCE, buffer_size=_BUFFER)
        except (av.error.FFmpegError, OSError) as error:
            raise unreadable(address, OSError(error.errno, error.strerror)) from error
        if not self._container.streams.video:
            self._container.close()
            raise SourceError(f"{address}: expected a video stream, got none")
        self._video = self._container.streams.video[0]
        for stream in self._container.streams:
            if stream is not self._video:
                stream.discard = Discard.all  # sound, and a playlist's other sizes, which are not even fetched then
        self._video.thread_type = "SLICE"  # threads by frame hold as many frames back
        self.duration_s = float(self._container.duration or 0) / av.time_base  # 0: endless
        self._frames = self._decode()
        self._convert: RgbConverter | None = None
        self._kind = (0, 0, "")  # width, height and pixel format that it converts

    @property
    def rate(self) -> Fraction | None:
        rate = rate_of(self._video)
        return rate if rate is not None and 1 <= rate <= 1000 else None  # noqa: PLR2004 - 90000: a time base in disguise

    def read(self) -> Image:
        try:
            frame = next(self._frames)
        except StopIteration:
            raise SourceError(f"{self._address}: has ended") from None
        except (av.error.FFmpegError, OSError) as error:
            raise SourceError(f"{self._address}: breaks off: {reason_of(error)}") from error
        try:
            image = self._rgb(frame)
        except (av.error.FFmpegError, ValueError) as error:
            raise unconverted(self._address, frame, error) from error
        if self._pace and frame.time is not None:
            self._pace.wait(frame.time)
        return image

    def close(self) -> None:
        self._container.close()

    def _open(self, options: dict[str, str]) -> InputContainer:
        return av.open(self._address, options=options, timeout=(_OPEN_S, self.silence_s), metadata_errors="replace")

    def _rgb(self, frame: VideoFrame) -> Image:
        kind = frame.width, frame.height, frame.format.name
        if self._convert is None or kind != self._kind:  # encoders change their size when they start again
            self._convert, self._kind = RgbConverter(frame), kind
        return squared(self._convert(frame), self._convert.aspect(aspect_of(self._video)))

    def _decode(self) -> Iterator[VideoFrame]:
        """Frames; who joins in the middle, or has lost a packet, waits for the next key frame, but not for ever."""
        patience_s, since = _OPEN_S, 0.0  # when the packets began to give nothing
        before, again = frozenset(self._shown), set[int | None]()
        for packet in packets_of(self._container, self._address, _log.debug, only=self._video):
            if self._pace and packet.size:
                if (mark := (packet.pts, packet.size)) in before:
                    again.add(packet.pts)
                self._shown.append(mark)
            frames = _decoded(packet)
            yield from (frame for frame in frames if frame.pts not in again)
            if frames:
                patience_s, since = self.silence_s, 0.0
            elif perf_counter() - (since := since or perf_counter()) > patience_s:
                # Another codec since it was opened, or key frames that are far apart.
                raise SourceError(f"{self._address}: sends what cannot be decoded; ask its sender for more key frames")


def _decoded(packet: Packet[Any]) -> list[VideoFrame]:
    try:
        return [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
    except av.error.FFmpegError:
        return []


def check_port(address: str) -> None:
    """Raise SourceError where somebody listens already; with "reuse" each would take the stream from the other."""
    parts = urlsplit(address)
    with suppress(ValueError):  # a name
        if ip_address(parts.hostname or "").is_multicast:  # which all get that ask for it
            return
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
            trial.bind(("", parts.port or 0))
    except ValueError as error:
        raise SourceError(f"{address}: {first_line(error)}; expected udp://HOST:PORT") from error
    except OSError as error:
        raise unreadable(address, error) from error


def _knows(scheme: str) -> bool:
    """Whether this FFmpeg has that protocol; PyAV does not list them, but says so when one is opened."""
    try:
        av.open(f"{scheme}://127.0.0.1:1", timeout=0.01).close()
    except av.error.ProtocolNotFoundError:
        return False
    except (av.error.FFmpegError, OSError):
        pass
    return True
