"""Reads a video stream's clock, whatever the container does with it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from rtstyle.times import exact, fraction

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_UNTIMED = {"avi"}  # these number their packets; FFmpeg makes up presentation times that jump where B-frames are
FREE_CLOCKS = {"mpeg", "mpegts", "hls", "rtsp", "rtp", "sdp"}  # these start anywhere; all others keep their own time


@dataclass(slots=True)
class Clock:
    """The video stream's ticks, and the seconds by which the container's clock is put back."""

    tick: Fraction  # seconds
    origin: Fraction  # seconds
    by_dts: bool  # whether only the order of decoding has times, which frames then take in turn

    @classmethod
    def of(cls, container: InputContainer, video: VideoStream) -> Clock:
        tick = fraction(video.time_base) or Fraction(1, 90_000)
        by_dts = container.format.name in _UNTIMED
        if container.format.name not in FREE_CLOCKS:
            return cls(tick, Fraction(0), by_dts)
        starts = [
            s.start_time * exact(s.time_base) for s in container.streams if s.start_time is not None and s.time_base
        ]
        return cls(tick, min(starts, default=Fraction(0)), by_dts)

    def ticks(self, frame: VideoFrame) -> int | None:
        """When the frame is shown; in AVI the n-th to come out is, however late, the n-th that went in."""
        return frame.dts if self.by_dts else frame.pts

    def read(self, ticks: int) -> Fraction:
        """Seconds at ``ticks`` of the video stream."""
        return ticks * self.tick - self.origin

    def time_of(self, packet: av.Packet[Stream]) -> Fraction | None:
        """Seconds at which a packet of any stream begins; None where it does not say."""
        ticks = packet.dts if packet.pts is None else packet.pts
        return None if ticks is None else ticks * exact(packet.time_base) - self.origin

    def shift(self, packet: av.Packet[Stream], earlier: Fraction = Fraction(0)) -> None:
        """Put a packet's own times back as the video's are, and ``earlier`` seconds more."""
        ticks = round((self.origin + earlier) / exact(packet.time_base))
        if ticks:
            packet.pts = None if packet.pts is None else packet.pts - ticks
            packet.dts = None if packet.dts is None else packet.dts - ticks
