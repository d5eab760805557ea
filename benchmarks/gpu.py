"""How many megapixels a second an NVIDIA GPU paints: the engine alone, then from file to file.

    python benchmarks/gpu.py CLIP [--lite wave] [--full MODEL] [--devices cuda tensorrt] [--size 1920x1080]
                             [--batches 1 2 4 8 16] [--seconds 5]

The engine alone is what the stylizer calls: uint8 frames go up, are painted, and come down. Each network as it is and
as fp16 (`rtstyle export --to fp16`), at each batch; then `rtstyle transcode` of the clip brought to that size, with the
best batch. Without --full a network with fresh weights is made, which needs `rtstyle[train]`. Prints a table and then
one JSON line; without a GPU one sentence. To reach, on a card of an H200's class: lite 1,000 MP/s, full 400 MP/s.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from clips import resized
from end_to_end import transcode
from machine import machine

import rtstyle
from rtstyle.engines import nvidia, open_engine
from rtstyle.errors import DeviceError

WARM_UP = 3  # passes that are not counted
FRAMES = 300  # of the clip


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--lite", default="wave")
    parser.add_argument("--full")
    parser.add_argument("--devices", nargs="+", default=["cuda"])
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement")
    asked = parser.parse_args()
    if not nvidia.count_gpus():
        sys.exit(f"nothing was measured: {nvidia.DRIVER} finds no NVIDIA GPU on this machine")
    width, height = map(int, asked.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        networks = dict(exported(asked, Path(folder)))
        alone = [
            {"network": name, "device": device, "batch": batch}
            | alone_on(path, device, (batch, height, width, 3), asked.seconds)
            for name, path in networks.items()
            for device in asked.devices
            for batch in asked.batches
        ]
        clip = resized(asked.clip, Path(folder) / "clip.mp4", (width, height), FRAMES)
        whole = [end_to_end(clip, row, networks[row["network"]], width * height) for row in best(alone)]
    for row in alone:
        print("{network:10} {device:9} batch {batch:3}  {mp_s:8.1f} MP/s  {error}".format(**row))
    for row in whole:
        print(
            "{network:10} {device:9} batch {batch:3}  {mp_s:8.1f} MP/s from file to file, {fps:.1f} fps".format(**row)
        )
    print(json.dumps({"machine": machine(), "size": asked.size, "alone": alone, "whole": whole, "warm_up": WARM_UP}))


def exported(asked: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Path]]:
    """Each network as it is, and as fp16."""
    full = rtstyle.find_style(asked.full).path if asked.full else None
    if full is None:
        from untrained import untrained_full

        full = untrained_full(folder / "untrained-full.onnx")
    for name, path in (("lite", rtstyle.find_style(asked.lite).path), ("full", full)):
        yield name, path
        half = folder / f"{name}-fp16.onnx"
        rtstyle.export_style(path, half, to="fp16", force=True)
        yield f"{name} fp16", half


def alone_on(model: Path, device: str, shape: tuple[int, int, int, int], seconds: float) -> dict[str, Any]:
    """Megapixels a second through the engine, by the median of its passes; or why there are none."""
    frames = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    times_s: list[float] = []
    try:
        engine = open_engine(model, device, batch=len(frames))
        engine.prepare(*shape[1:3])
        end = perf_counter() + seconds
        while len(times_s) <= WARM_UP or perf_counter() < end:
            start = perf_counter()
            engine(frames)
            times_s.append(perf_counter() - start)
        engine.close()
    except DeviceError as error:
        return {"mp_s": 0.0, "error": str(error)}
    passes = times_s[WARM_UP:]
    return {"mp_s": frames.size / 3e6 / statistics.median(passes), "passes": len(passes), "error": ""}


def best(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The fastest batch of each network on each device."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = row["network"], row["device"]
        if row["mp_s"] > found.get(key, {"mp_s": 0.0})["mp_s"]:
            found[key] = row
    return list(found.values())


def end_to_end(clip: Path, row: dict[str, Any], model: Path, pixels: int) -> dict[str, Any]:
    """A whole transcode with that network, device and batch."""
    options = ["--style", str(model), "--device", row["device"], "--batch", str(row["batch"])]
    report = transcode(clip, options)
    fps = (report["frames_out"] - row["batch"]) / (report["seconds"] - report["first_frame_s"])
    return {**row, "fps": fps, "mp_s": fps * pixels / 1e6, "provider": report["provider"]}


if __name__ == "__main__":
    main()
