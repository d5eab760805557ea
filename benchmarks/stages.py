"""Every stage alone, and all together: what the pipeline itself costs, in time and in memory.

    python benchmarks/stages.py CLIP [--style wave] [--runs 3] [--device auto] [--memory 5000] [--live 12]

Decoder, network and encoder alone, in turns with the codec floor (decode and encode, no network) and the whole
``rtstyle transcode``. Efficiency is what a frame takes end to end over the slower of the codec floor and the network.
The network alone may have all cores; beside a codec it cannot. So there are two figures: `over_alone`, against the
network with all cores to itself, and `over_left`, against the network on the cores that the codec leaves, which is
its time alone plus the codec's CPU time divided by the number of cores. Frames are counted from the first one written
to the verified film.

Then: latency live (the test pattern, without a window), the time from the command's start to the exit with one frame
painted, the time that ``import rtstyle`` takes, and resident memory over --memory frames of the clip, again and again
(0: not). Prints a table and then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter

from clips import lengthened
from end_to_end import WARM_UP, cut, transcode
from machine import machine
from process import finished

import rtstyle
from rtstyle.cores import usable_cores

FRAMES = 60  # that are kept in memory for the stages that need them
IMPORT = "from time import perf_counter as now; start = now(); import rtstyle; print(now() - start)"
IMPORTS = 11


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--style", default="wave")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", type=int, default=5000)
    parser.add_argument("--live", type=float, default=12)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            "clip": asked.clip.name,
            "style": asked.style,
            **stages(asked.clip, asked.style, asked.device, asked.runs, Path(folder)),
            **beginnings(asked.clip, ["--style", asked.style, "--device", asked.device], asked.runs, Path(folder)),
        }
        if asked.live:
            figures["live"] = latency(asked.style, asked.device, asked.live)
        if asked.memory:
            figures["memory"] = memory(asked.clip, asked.style, asked.device, asked.memory, Path(folder))
    print("{clip}, {size}, {style} on {provider}".format(**figures))
    for name, ms in figures["ms"].items():
        print(f"  {name:20} {ms:8.2f} ms a frame   {figures['cpu_ms'].get(name, 0):8.2f} ms of CPU")
    print(
        "end to end: {over_alone:.2f} × the slower part alone, {over_left:.2f} × it on the cores left".format(**figures)
    )
    print("first frame {first_frame_s:.2f} s; import rtstyle {import_s:.4f} s".format(**figures))
    for name in ("live", "memory"):
        if name in figures:
            print(f"{name}: {', '.join(f'{key} {value}' for key, value in figures[name].items())}")
    print(json.dumps({"machine": machine(), **figures, "warm_up": WARM_UP, "runs": asked.runs}))


def stages(clip: Path, style: str, device: str, runs: int, folder: Path) -> dict[str, object]:
    """Milliseconds a frame of every part, in turns, and what they are of each other."""
    with closing(rtstyle.VideoReader(clip, keep=None)) as source:
        format = source.format
        frames = [frame for _, frame in zip(range(FRAMES), source, strict=False)]
    with rtstyle.Stylizer(style, device=device) as stylizer:
        stylizer.prepare(format.height, format.width)
        batches = [rtstyle.Batch(frame.image[None], frame.image[None], [frame.time]) for frame in frames]
        painted = [rtstyle.Frame(stylizer(batch).images[0], batch.times[0], None) for batch in batches]

        def encode() -> int:
            sink = rtstyle.VideoWriter(folder / "encoded.mp4", overwrite=True)
            sink.open(format)
            for frame in painted:
                sink.write(frame)
            sink.close()
            return len(painted)

        def codec() -> int:
            sink = rtstyle.VideoWriter(folder / "codec.mp4", overwrite=True)
            return rtstyle.run(rtstyle.VideoReader(clip), [], sink).frames_out

        parts: dict[str, Callable[[], int]] = {
            "decode": lambda: rtstyle.run(rtstyle.VideoReader(clip), [], rtstyle.Null()).frames_out,
            "network": lambda: sum(len(stylizer(batch).images) for batch in batches),
            "encode": encode,
            "decode and encode": codec,
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in (*parts, "end to end")}
        for turn in range(WARM_UP + runs):
            measured = {name: timed(part) for name, part in parts.items()}
            report = transcode(clip, ["--style", style, "--device", device])
            each_s = (report["seconds"] - report["first_frame_s"]) / (report["frames_out"] - 1)
            for name, pair in {**measured, "end to end": (each_s * 1e3, 0.0)}.items():
                times[name] += [pair] if turn >= WARM_UP else []
    return {"size": f"{format.width}x{format.height}", "provider": report["provider"], **efficiency(times)}


def timed(part: Callable[[], int]) -> tuple[float, float]:
    """Milliseconds a frame, on the clock and of all cores."""
    start, cpu = perf_counter(), os.times()
    frames = part()
    after = os.times()
    used = after.user + after.system - cpu.user - cpu.system
    return (perf_counter() - start) / frames * 1e3, used / frames * 1e3


def efficiency(times: dict[str, list[tuple[float, float]]]) -> dict[str, object]:
    """Medians, and the two ratios, of each turn by itself."""
    turns = list(zip(times["network"], times["decode and encode"], times["end to end"], strict=True))
    alone = [whole / max(network, codec) for (network, _), (codec, _), (whole, _) in turns]
    left = [whole / max(network + cpu / usable_cores(), codec) for (network, _), (codec, cpu), (whole, _) in turns]
    return {
        "ms": {name: statistics.median(ms for ms, _ in pairs) for name, pairs in times.items()},
        "cpu_ms": {name: statistics.median(cpu for _, cpu in pairs) for name, pairs in times.items()},
        "over_alone": statistics.median(alone),
        "over_left": statistics.median(left),
    }


def beginnings(clip: Path, options: list[str], runs: int, folder: Path) -> dict[str, float]:
    """How long a first frame and an import take."""
    one, _ = cut(clip, folder / "one.mp4")
    firsts = [transcode(one, options)["process_s"] for _ in range(WARM_UP + runs)][WARM_UP:]
    command = [sys.executable, "-c", IMPORT]
    imports = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(IMPORTS)
    ]
    return {"first_frame_s": statistics.median(firsts), "import_s": statistics.median(imports)}


def latency(style: str, device: str, seconds: float) -> dict[str, float | int | str]:
    """From when a frame was due to when it was given away, of a camera of 1280×720 at 30 frames/s."""
    command = [sys.executable, "-m", "rtstyle", "live", "test", "--no-window", "--seconds", str(seconds), "--json"]
    report = json.loads(finished([*command, "--style", style, "--device", device]).stdout)
    times = report["stages"]["latency"]
    return {
        "p50_ms": times["p50_ms"],
        "p95_ms": times["p95_ms"],
        "frames": report["frames_out"],
        "on": report["provider"],
    }


def memory(clip: Path, style: str, device: str, frames: int, folder: Path) -> dict[str, float | int]:
    """MiB resident, over a long film with sound: when a fifth is done, in the middle, in the end, and at most."""
    film = lengthened(clip, folder / "long.mp4", frames)
    command = [sys.executable, "-m", "rtstyle", "transcode", film, "-o", folder / "out.mp4", "--json"]
    done = finished([*command, "--style", style, "--device", device])
    seen = done.resident_mib
    report = json.loads(done.stdout)
    return {
        "frames": report["frames_out"],
        "fps": report["fps"],
        "at_a_fifth_mib": round(seen[len(seen) // 5]),
        "at_half_mib": round(seen[len(seen) // 2]),
        "at_the_end_mib": round(seen[len(seen) * 9 // 10]),
        "at_most_mib": round(max(seen)),
    }


if __name__ == "__main__":
    main()
