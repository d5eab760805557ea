"""How cost grows with the size of the picture, and with how many go through the network at a time.

    python benchmarks/scale.py CLIP [--style wave] [--sizes 320x240 ...] [--batches 1 2 4 8 16] [--seconds 4]
                               [--batch-size 640x480] [--device auto]

For each size: the network alone (median of single frames), and a whole ``rtstyle transcode`` of the clip brought to
that size, in a process of its own, with its fps from the first frame written on and its memory at most. For each batch:
the network alone, and the transcode with ``--batch``. `growth` is the slope of log milliseconds over log pixels: 1 is
linear. Prints tables and then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from fractions import Fraction
from itertools import islice
from pathlib import Path
from time import perf_counter

import av
import numpy as np
from clips import resized
from end_to_end import transcode
from machine import machine

import rtstyle

SIZES = ["320x240", "640x360", "640x480", "960x540", "1280x720", "1920x1080", "2560x1440", "3840x2160"]
BATCHES = [1, 2, 4, 8, 16]
FEWEST, MOST = 30, 400  # frames of a transcode
PASSES = 7  # at least, through the network alone
WARM_UP = 2  # of them, not counted


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--style", default="wave")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--sizes", nargs="*", default=SIZES)
    parser.add_argument("--batches", nargs="*", type=int, default=BATCHES)
    parser.add_argument("--batch-size", default="640x480")
    parser.add_argument("--seconds", type=float, default=4, help="of each transcode, about")
    asked = parser.parse_args()
    by_size = [measure(asked, size, 1) for size in asked.sizes]
    by_batch = [measure(asked, asked.batch_size, batch) for batch in asked.batches]
    growth = {key: slope(by_size, key) for key in ("network_ms", "frame_ms")}
    print("size        batch   network ms   ms/MP      fps   ms/MP   memory MiB")
    for one in by_size + by_batch:
        alone = "{size:10} {batch:6} {network_ms:12.2f} {network_ms_mp:7.1f}".format(**one)
        print(alone, "{fps:8.2f} {frame_ms_mp:7.1f} {peak_mib:12}".format(**one))
    print(f"growth with pixels: network {growth['network_ms']:.2f}, end to end {growth['frame_ms']:.2f} (1: linear)")
    figures = {"clip": asked.clip.name, "style": asked.style, "by_size": by_size, "by_batch": by_batch}
    print(json.dumps({"machine": machine(), **figures, "growth": growth, "warm_up": WARM_UP, "passes": PASSES}))


def measure(asked: argparse.Namespace, size: str, batch: int) -> dict[str, float | int | str]:
    """One size and batch."""
    width, height = map(int, size.split("x"))
    network_ms = network_alone(asked, (width, height), batch)
    frames = round(min(max(asked.seconds * 1e3 / (network_ms + width * height / 1e5), FEWEST), MOST))
    with tempfile.TemporaryDirectory() as folder:
        clip = resized(asked.clip, Path(folder) / "clip.mp4", (width, height), frames)
        options = ["--style", asked.style, "--device", asked.device, "--batch", str(batch)]
        report = transcode(clip, options)
    written = report["frames_out"] - batch  # those of the first batch come at once
    fps = written / (report["seconds"] - report["first_frame_s"])
    pixels = width * height / 1e6
    return {
        "size": size,
        "batch": batch,
        "provider": report["provider"],
        "frames": report["frames_out"],
        "network_ms": network_ms,
        "network_ms_mp": network_ms / pixels,
        "fps": fps,
        "frame_ms": 1e3 / fps,
        "frame_ms_mp": 1e3 / fps / pixels,
        "peak_mib": report["peak_mib"],
    }


def network_alone(asked: argparse.Namespace, size: tuple[int, int], batch: int) -> float:
    """Milliseconds a frame in the network, median."""
    with av.open(str(asked.clip)) as source:
        images = [
            frame.to_ndarray(format="rgb24", width=size[0], height=size[1])
            for frame in islice(source.decode(video=0), batch)
        ]
    frames = np.stack(images)
    group = rtstyle.Batch(frames, frames, [Fraction(0)] * batch)
    times_ms: list[float] = []
    with rtstyle.Stylizer(asked.style, device=asked.device, batch=batch) as stylizer:
        stylizer.prepare(size[1], size[0])
        end = perf_counter() + asked.seconds / 2
        while len(times_ms) < WARM_UP + PASSES or perf_counter() < end:
            start = perf_counter()
            stylizer(group)
            times_ms.append((perf_counter() - start) / batch * 1e3)
    return statistics.median(times_ms[WARM_UP:])


def slope(rows: list[dict[str, float | int | str]], key: str) -> float:
    """Of log ``key`` over log pixels, by least squares; nan for fewer than two sizes."""
    if len(rows) < 2:  # noqa: PLR2004 - a line needs as many
        return float("nan")
    pixels = [int(np.prod([int(side) for side in str(one["size"]).split("x")])) for one in rows]
    return float(np.polyfit(np.log(pixels), np.log([float(one[key]) for one in rows]), 1)[0])


if __name__ == "__main__":
    main()
