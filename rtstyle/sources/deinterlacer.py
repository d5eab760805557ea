"""Makes whole pictures of fields that were taken one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction

import av.error
import av.filter
from av.video.frame import VideoFrame


class Deinterlacer:
    """Gives every frame back, once and with its own time; those that are interlaced through FFmpeg's bwdif.

    Until the first interlaced frame nothing is done or held. ``frame.pts`` must be right. Frames
    of another size than the first interlaced one are given back as they are.
    """

    def __init__(self) -> None:
        self._graph: av.filter.Graph | None = None
        self._shape: tuple[int, int, str] | None = None
        self._times: deque[tuple[int | None, int | None, int]] = deque()  # of the frames inside: pts, dts, duration

    @property
    def active(self) -> bool:
        """Whether anything was interlaced so far."""
        return self._graph is not None

    def __call__(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        shape = frame.width, frame.height, frame.format.name
        if self._graph is None and frame.interlaced_frame:
            self._graph, self._shape = _graph(frame), shape
        if self._graph is None:
            yield frame
            return
        if shape != self._shape:
            yield from self.flush()
            yield frame
            return
        self._times.append((frame.pts, frame.dts, frame.duration))
        if frame.pts is None:
            frame.pts = len(self._times)  # bwdif wants some time
        self._graph.vpush(frame)
        yield from self._ready()

    def flush(self) -> Iterator[VideoFrame]:
        """What is still inside; afterwards it is as new."""
        if self._graph is not None:
            self._graph.vpush(None)
            yield from self._ready()
            self._graph = None
            self._times.clear()

    def _ready(self) -> Iterator[VideoFrame]:
        while self._graph is not None and self._times:
            try:
                frame = self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            pts, dts, duration = self._times.popleft()
            frame.pts, frame.dts, frame.duration = pts, dts, duration  # bwdif counts in half ticks
            yield frame


def _graph(first: VideoFrame) -> av.filter.Graph:
    base = first.time_base or Fraction(1, 90_000)
    graph = av.filter.Graph()
    source = graph.add(
        "buffer",
        video_size=f"{first.width}x{first.height}",
        pix_fmt=first.format.name,
        time_base=f"{base.numerator}/{base.denominator}",
        colorspace=str(int(first.colorspace)),
        range=str(int(first.color_range)),
    )
    bwdif = graph.add("bwdif", mode="send_frame", deint="interlaced")
    graph.link_nodes(source, bwdif, graph.add("buffersink")).configure()
    return graph
