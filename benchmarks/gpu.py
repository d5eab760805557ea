"""How many megapixels a second an NVIDIA GPU paints: the engine alone, then from file to file. Not run on a GPU yet.

    python benchmarks/gpu.py CLIP [--lite wave] [--full wave-full] [--devices cuda tensorrt] [--size 1920x1080]
                             [--batches 1 2 4 8 16] [--encoders software nvenc] [--seconds 5]

Every network as it is and in fp16, at each batch. The engine alone is what the stylizer calls: uint8 frames go up, are
painted, and come down; beside it stands what their copies take alone. The smallest and the largest batch once more,
with networks of fixed size, without and with CUDA graphs. The clip, brought to that size, is decoded by the CPU and by
NVDEC, and painted by `rtstyle transcode` behind either, with the best batch. Prints a table and then one JSON line;
without a GPU one sentence. To reach, on a card of an H200's class: lite 1,000 MP/s, full 400 MP/s.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from clips import resized
from end_to_end import transcode
from machine import machine

import rtstyle
from rtstyle.choices import Decoder
from rtstyle.engines import nvidia, open_engine
from rtstyle.engines.lanes import LANES
from rtstyle.engines.pinned import PinnedBuffer
from rtstyle.errors import DeviceError
from rtstyle.export import fp16, static
from rtstyle.export.graph import of_size
from rtstyle.export.order import Order, Size, Subject
from rtstyle.style import load_model

WARM_UP = 3  # passes that are not counted
FRAMES = 300  # of the clip
DECODERS: tuple[Decoder, ...] = ("software", "nvdec")
ANY_SIZE, FIXED, GRAPHS = "any size", "this size", "graphs"

# What a row of the table begins with, and its figures
ALONE = (
    "{network:10} {kind:9} {device:9} batch {batch:3}",
    "{mp_s:8.1f} MP/s  {pass_ms:8.2f} ms a batch, its copies alone {copies_ms!s:.5}",
)
DECODED = "decoder {decoder:9}", "{mp_s:8.1f} MP/s  {fps:.1f} fps"
WHOLE = (
    "{network:10} {decoder} to {encoder}, {device:9} batch {batch:3}",
    "{mp_s:8.1f} MP/s  {fps:.1f} fps from file to file",
)

Row = dict[str, Any]


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--lite", default="wave")
    parser.add_argument("--full", default="wave-full")
    parser.add_argument("--devices", nargs="+", default=["cuda"])
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    parser.add_argument("--encoders", nargs="+", default=["software"])
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement")
    asked = parser.parse_args()
    if not nvidia.count_gpus():
        sys.exit(f"nothing was measured: {nvidia.DRIVER} finds no NVIDIA GPU on this machine")
    size = Size(*map(int, asked.size.split("x")))
    with tempfile.TemporaryDirectory() as folder:
        clip = resized(asked.clip, Path(folder) / "clip.mp4", (size.width, size.height), FRAMES)
        alone = [show(row, *ALONE) for row in engines(asked, size, Path(folder))]
        decoded = [show(with_mp_s(decode(clip, decoder), size), *DECODED) for decoder in DECODERS]
        whole = [
            show(with_mp_s(end_to_end(clip, row, chip["decoder"], encoder), size), *WHOLE)
            for row in best(alone)
            for chip in decoded
            for encoder in asked.encoders
            if not chip["error"]
        ]
    told = {"machine": machine(), "card": card(), "size": asked.size, "clip": asked.clip.name, "warm_up": WARM_UP}
    print(json.dumps({**told, "alone": alone, "decoded": decoded, "whole": whole}))


def engines(asked: argparse.Namespace, size: Size, folder: Path) -> Iterator[Row]:
    """Every network in either precision: for any size on every device at every batch, then for this one."""
    copies_ms = {batch: copies((batch, size.height, size.width, 3), asked.seconds) for batch in asked.batches}
    ends = sorted({min(asked.batches), max(asked.batches)})
    for name, path in networks(asked).items():
        for half in (False, True):
            runs = [(ANY_SIZE, device, batch) for device in asked.devices for batch in asked.batches]
            runs += [(kind, "cuda", batch) for batch in ends for kind in (FIXED, GRAPHS)]
            for kind, device, batch in runs:
                only = None if kind == ANY_SIZE else replace(size, batch=-(-batch // LANES))
                model = made(path, folder, half=half, size=only)
                yield {
                    "network": f"{name} fp16" if half else name,
                    "kind": kind,
                    "device": device,
                    "batch": batch,
                    "model": str(model),
                    "copies_ms": copies_ms[batch],
                    **paint(model, device, (batch, size.height, size.width, 3), asked.seconds, graphs=kind == GRAPHS),
                }


def networks(asked: argparse.Namespace) -> dict[str, Path]:
    """The two that are measured."""
    return {kind: rtstyle.find_style(name).path for kind, name in (("lite", asked.lite), ("full", asked.full))}


def made(path: Path, folder: Path, *, half: bool, size: Size | None) -> Path:
    """The network in fp16, for one size, or both, as ``rtstyle export`` makes it, but without the comparison."""
    target = folder / f"{path.stem}{'-fp16' if half else ''}{f'-{size}' if size else ''}.onnx"
    if not half and size is None:
        return path
    if not target.exists():
        style = rtstyle.find_style(path)
        model = load_model(style) if size is None else of_size(load_model(style), size)
        (fp16 if half else static).make(Order((Subject(style, model, style.styles),), target.name, size), folder)
    return target


def paint(model: Path, device: str, shape: tuple[int, int, int, int], seconds: float, *, graphs: bool) -> Row:
    """Megapixels a second through the engine, by the median of its passes; or why there are none."""
    frames = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    try:
        with closing(open_engine(model, device, batch=len(frames), graphs=graphs)) as engine:
            engine.prepare(*shape[1:3])
            pass_ms = median_ms(lambda: engine(frames), seconds)
    except DeviceError as error:
        return {"mp_s": 0.0, "pass_ms": None, "error": str(error)}
    return {"mp_s": frames.size / 3e3 / pass_ms, "pass_ms": pass_ms, "error": ""}


def copies(shape: tuple[int, int, int, int], seconds: float) -> float | None:
    """Milliseconds that a batch takes into pinned memory, up, down, and out of it; None where it does not fit."""
    frames = np.zeros(shape, np.uint8)
    try:
        with closing(PinnedBuffer(shape)) as place:

            def there_and_back() -> None:
                place.array[...] = frames
                place.upload()
                place.download()
                frames[...] = place.array

            return median_ms(there_and_back, seconds)
    except DeviceError:
        return None


def median_ms(once: Callable[[], object], seconds: float) -> float:
    """Of one pass, after those that warm up."""
    times_s: list[float] = []
    end = perf_counter() + seconds
    while len(times_s) <= WARM_UP or perf_counter() < end:
        start = perf_counter()
        once()
        times_s.append(perf_counter() - start)
    return 1000 * statistics.median(times_s[WARM_UP:])


def decode(clip: Path, decoder: Decoder) -> Row:
    """Frames a second, not made RGB; or why there are none."""
    try:
        with closing(rtstyle.VideoReader(clip, keep=None, decoder=decoder, on_error="stop")) as reader:
            start = perf_counter()
            reader.skip(FRAMES)
            list(reader)
            return {"decoder": decoder, "fps": FRAMES / (perf_counter() - start), "error": ""}
    except rtstyle.RtstyleError as error:
        return {"decoder": decoder, "fps": 0.0, "error": str(error)}


def best(rows: list[Row]) -> list[Row]:
    """The fastest batch of each network on each device, of those that paint any size."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = row["network"], row["device"]
        if row["kind"] == ANY_SIZE and row["mp_s"] > found.get(key, {"mp_s": 0.0})["mp_s"]:
            found[key] = row
    return list(found.values())


def end_to_end(clip: Path, row: Row, decoder: str, encoder: str) -> Row:
    """A whole transcode with that network, device and batch; or why there is none."""
    options = ["--style", row["model"], "--device", row["device"], "--batch", str(row["batch"])]
    same = {**{key: row[key] for key in ("network", "device", "batch")}, "decoder": decoder, "encoder": encoder}
    try:
        report = transcode(clip, [*options, "--decoder", decoder, "--encoder", encoder])
    except SystemExit as end:
        return {**same, "fps": 0.0, "error": str(end)}
    fps = (report["frames_out"] - row["batch"]) / (report["seconds"] - report["first_frame_s"])
    return {**same, "encoder": report["encoder"], "provider": report["provider"], "fps": fps, "error": ""}


def with_mp_s(row: Row, size: Size) -> Row:
    """The row with megapixels a second too."""
    return {**row, "mp_s": row["fps"] * size.width * size.height / 1e6}


def card() -> str:
    """The GPUs and their driver, as NVIDIA's own tool names them; empty where it is not there."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def show(row: Row, what: str, figures: str) -> Row:
    """Print a row as soon as it is measured, or why it was not; give it back."""
    print(what.format(**row), row["error"] or figures.format(**row), flush=True)
    return row


if __name__ == "__main__":
    main()
