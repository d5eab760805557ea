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
    with av.open(str(clip)) as source:
        times = -(-frames // source.streams.video[0].frames)
    listing = path.with_suffix(".txt")
    listing.write_text("".join(f"file '{clip.resolve()}'\n" for _ in range(times)), encoding="utf-8")
    with av.open(str(listing), format="concat", options={"safe": "0"}) as source, av.open(str(path), "w") as target:
        copies = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                target.mux(packet)
    listing.unlink()
    return path


def _rate(clip: Path) -> Fraction:
    with av.open(str(clip)) as source:
        return Fraction(source.streams.video[0].average_rate)
