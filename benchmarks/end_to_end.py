"""How fast a video is painted from file to file, and how soon the first frame is there.

    python benchmarks/end_to_end.py CLIP [--style wave] [--device auto] [--runs 3]

Each run is an ``rtstyle transcode`` of its own, process start included. The first frame's time is that of a whole
process, from start to exit, on a clip of one frame: a little more than a user waits. ``make demo`` leaves a clip of
1280×720 at out/bigbuckbunny.mp4. Prints a table and then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from machine import machine
from process import finished

import rtstyle

WARM_UP = 1  # runs that are not counted: they fill the disk's cache


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--style", default="wave")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    options = ["--style", asked.style, "--device", asked.device]
    with tempfile.TemporaryDirectory() as folder:
        one_frame, size = cut(asked.clip, Path(folder) / "one.mp4")
        short = [transcode(one_frame, options) for _ in range(WARM_UP + asked.runs)][WARM_UP:]
        long = [transcode(asked.clip, options) for _ in range(WARM_UP + asked.runs)][WARM_UP:]
    middle = sorted(long, key=lambda run: run["fps"])[len(long) // 2]  # the stages of one run belong together
    figures = {
        "clip": asked.clip.name,
        "size": size,
        "frames": middle["frames_out"],
        "dropped": middle["frames_dropped"],
        "style": asked.style,
        "provider": middle["provider"],
        "fps": middle["fps"],
        "fps_of_runs": [run["fps"] for run in long],
        "process_s": statistics.median(run["process_s"] for run in long),
        "first_frame_s": statistics.median(run["process_s"] for run in short),
        "peak_mib": middle["peak_mib"],
        "stages": middle["stages"],
        "warm_up": WARM_UP,
        "runs": asked.runs,
    }
    print("{clip}, {size}, {frames} frames, {style} on {provider}".format(**figures))
    print(
        "{fps:.1f} fps; process {process_s:.1f} s; first frame {first_frame_s:.2f} s; memory {peak_mib:.0f} MiB".format(
            **figures
        )
    )
    for name, times in middle["stages"].items():
        print(f"  {name:16} p50 {times['p50_ms']:7.1f} ms   p95 {times['p95_ms']:7.1f} ms")
    print(json.dumps({"machine": machine(), **figures}))


def cut(clip: Path, path: Path) -> tuple[Path, str]:
    """Write the first frame of ``clip`` to ``path``; return that and the size."""
    with closing(rtstyle.VideoReader(clip)) as source:
        frame = next(item for item in source if isinstance(item, rtstyle.Frame))
        writer = rtstyle.VideoWriter(path)
        writer.open(source.format)
        writer.write(frame)
        writer.close()
        return path, f"{source.format.width}x{source.format.height}"


def transcode(clip: Path, options: list[str]) -> dict[str, Any]:
    """One process: its report, ``process_s``, the seconds from its start to its exit, and ``peak_mib``."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "rtstyle", "transcode", clip, "-o", Path(folder) / "out.mp4", "--json"]
        done = finished([*command, *options])
    return {**json.loads(done.stdout), "process_s": done.seconds, "peak_mib": done.peak_mib and round(done.peak_mib)}


if __name__ == "__main__":
    main()
