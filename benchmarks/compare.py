"""The same clip, painted by rtstyle, by the loop that everybody writes, by OpenCV DNN, and not painted at all.

    python benchmarks/compare.py CLIP [--lite wave] [--full wave-full] [--runs 3] [--device auto]

From file to file, in turns, each contestant in a process of its own:

    lite     rtstyle transcode, the lite network, as rtstyle chooses
    full     rtstyle transcode, the full network, as rtstyle chooses: in 8 bits on an x86 CPU without AMX, where it has
             a twin. It is the network of pytorch/examples' fast_neural_style, but that it doubles bilinearly and ends
             in a tanh
    exact    the same with --precision full
    loop     the full network with the same weights in eager PyTorch, frame by frame, read and written by OpenCV
    dnn      the same loop with OpenCV DNN, on what `rtstyle export --to float` gives
    codec    rtstyle's own reader and writer, with nothing in between: the floor

The seconds of `lite` and `full` are those that the command reports, from opening the clip to the verified painting.
Those of the others leave out what comes before their second frame, so that libraries and networks are loaded and
warm: the comparison is to their favour. Slow contestants get the clip's first frames only. Before all that it is seen
to that `full`, `exact`, `loop` and `dnn` paint the same picture. Needs `rtstyle[train]`. Prints a table and then one
JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from clips import shortened
from contestants import CONTESTANTS
from end_to_end import transcode
from machine import machine

import rtstyle

WARM_UP = 1  # rounds that are not counted
FRAMES = {"lite": None, "full": 24, "exact": 12, "loop": 5, "dnn": 5, "codec": None}  # of the clip; None: all
SAME_DB = {"dnn": 50.0, "exact": 40.0, "full": 35.0}  # to the loop's picture, at least: f32, bf16 at worst, 8 bits
PICTURES = 3


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--lite", default="wave")
    parser.add_argument("--full", default="wave-full")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(asked, Path(folder))
    print("{clip}, {size}, medians of {runs}".format(**figures))
    for key in FRAMES:
        ratio, on = figures["times_the_loop"][key], figures["provider"].get(key, "")
        print(f"{key:6} {figures['fps'][key]:8.2f} fps   {ratio:8.2f} × the loop   {on}")
    for key, found in figures["same_picture"].items():
        print(f"the picture of {key}: {found['db']:.1f} dB to the loop's, at most {found['levels']} levels off")
    print(json.dumps({"machine": machine(), **figures}))


def measure(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All contestants in turns."""
    full = rtstyle.find_style(asked.full).path
    clips = {}
    for key, frames in FRAMES.items():
        first = key in CONTESTANTS  # which is not counted
        clips[key] = asked.clip if frames is None else shortened(asked.clip, folder / f"{key}.mp4", frames + first)
    same = pictures(clips["loop"], full, asked.device)
    fps: dict[str, list[float]] = {name: [] for name in FRAMES}
    provider = {}
    for turn in range(WARM_UP + asked.runs):
        for key, clip in clips.items():
            if key in CONTESTANTS:
                value = run(key, clip, full)
            else:
                style = asked.lite if key == "lite" else str(full)
                precision = "full" if key == "exact" else "auto"
                report = transcode(clip, ["--style", style, "--device", asked.device, "--precision", precision])
                value, provider[key] = report["fps"], report["provider"]
            fps[key] += [value] if turn >= WARM_UP else []
    # of neighbours in time, so that a busy moment hits both sides
    times = {key: [mine / loop for mine, loop in zip(fps[key], fps["loop"], strict=True)] for key in fps}
    return {
        "clip": asked.clip.name,
        "size": size_of(asked.clip),
        "lite": asked.lite,
        "full": asked.full,
        "provider": provider,
        "fps": {key: statistics.median(values) for key, values in fps.items()},
        "fps_of_runs": fps,
        "times_the_loop": {key: statistics.median(values) for key, values in times.items()},
        "same_picture": same,
        "frames": FRAMES,
        "threads": "each its own choice",
        "warm_up": WARM_UP,
        "runs": asked.runs,
    }


def with_path(folder: Path) -> dict[str, str]:
    """The environment, in which ``folder`` and the checkout can be imported from."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(folder.parent)])}


def run(name: str, clip: Path, model: Path) -> float:
    """One contestant's frames a second, in a process of its own."""
    here = Path(__file__).parent
    command = [sys.executable, here / "contestants.py", name, clip, model]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=with_path(here))
    if done.returncode:
        sys.exit(done.stderr.strip())
    return float(json.loads(done.stdout.splitlines()[-1])["fps"])


def pictures(clip: Path, model: Path, device: str) -> dict[str, dict[str, float]]:
    """How near rtstyle's and OpenCV's pictures are to the loop's, before any codec; the end where they are not."""
    with closing(rtstyle.VideoReader(clip)) as source:
        frames = np.stack([frame.image for frame in source][:PICTURES])
    with tempfile.TemporaryDirectory() as folder:
        here, given = Path(__file__).parent, Path(folder) / "frames.npy"
        np.save(given, frames)
        painted = {}
        for name in ("loop", "dnn"):
            command = [sys.executable, here / "contestants.py", name, given, model]
            subprocess.run(command, check=True, env=with_path(here), stdout=subprocess.DEVNULL)
            painted[name] = np.load(given.with_suffix(f".{name}.npy"))
    for name, precision in (("full", "auto"), ("exact", "full")):
        with rtstyle.Stylizer(model, device=device, precision=precision) as stylizer:
            painted[name] = stylizer(rtstyle.Batch(frames, frames, [Fraction(0)] * len(frames))).images
    found = {name: difference(images, painted["loop"]) for name, images in painted.items() if name != "loop"}
    for name, off in found.items():
        if off["db"] < SAME_DB[name]:
            sys.exit(f"{name}: expected {SAME_DB[name]} dB to the loop's picture, got {off['db']:.1f}")
    return found


def difference(images: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Decibels and grey levels."""
    return {
        "db": float(cv2.PSNR(images.reshape(-1, 3), reference.reshape(-1, 3))),
        "levels": int(np.abs(images.astype(int) - reference).max()),
    }


def size_of(clip: Path) -> str:
    """WxH."""
    with closing(rtstyle.VideoReader(clip)) as source:
        return f"{source.format.width}x{source.format.height}"


if __name__ == "__main__":
    main()
