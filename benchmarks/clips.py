"""Clips for benchmarks, made of one that is at hand: of another size, shorter, or longer."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from pathlib import Path

import av


def resized(clip: Path, path: Path, size: tuple[int, int], frames: int) -> Path:
    """Its first frames at ``size`` (width, height), from the start again where there are too few; no sound."""
    width, height = size
    with av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=_rate(clip), options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        tick, done = 1 / _rate(clip), 0
        while done < frames:
            with av.open(str(clip)) as source:
                for frame in islice(source.decode(video=0), frames - done):
                    scaled = frame.reformat(width, height, "yuv420p")
                    scaled.pts, scaled.time_base = done, tick
                    target.mux(stream.encode(scaled))
                    done += 1
        target.mux(stream.encode(None))
    return path


def shortened(clip: Path, path: Path, frames: int) -> Path:
    """Its first frames, coded anew; no sound."""
    with av.open(str(clip)) as source:
        stream = source.streams.video[0]
        size = stream.width, stream.height
    return resized(clip, path, size, frames)


def lengthened(clip: Path, path: Path, frames: int) -> Path:
    """The clip again and again, with its sound, until there are ``frames``: packets are copied, nothing is coded."""
    done, start, earliest = 0, Fraction(0), Fraction(0)  # seconds; what is decoded first may come before 0
    with av.open(str(clip)) as first, av.open(str(path), "w") as target:
        copies = [target.add_stream_from_template(stream) for stream in first.streams]
        while done < frames:
            end = start
            with av.open(str(clip)) as source:
                for packet in source.demux():
                    if packet.dts is None:
                        continue
                    earliest = min(earliest, packet.dts * packet.time_base)
                    ticks = round(start / packet.time_base)
                    packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                    end = max(end, (packet.pts + packet.duration) * packet.time_base)
                    done += packet.stream.type == "video"
                    packet.stream = copies[packet.stream.index]
                    target.mux(packet)
            start = end - earliest
    return path


def _rate(clip: Path) -> Fraction:
    with av.open(str(clip)) as source:
        return Fraction(source.streams.video[0].average_rate)
