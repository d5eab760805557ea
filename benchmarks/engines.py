"""Which engine runs a network fastest on this CPU, and how near it stays to f32.

    python benchmarks/engines.py exported/wave-lite.onnx [MORE.onnx ...] [--size 1280x720] [--runs 20]
                                 [--calibrate PHOTOS]

Prints a table and then one JSON line. Engines take turns, so that a busy moment hits all of them. Run it again with
ONEDNN_MAX_CPU_ISA=AVX2 for an older CPU; that binds OpenVINO, not onnxruntime. With --calibrate, a folder of photos,
int8 is measured too: onnxruntime's static quantisation (QDQ, per channel, 16 photos) of all convolutions, and of all
but the first and last two.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
import onnx
from machine import machine

from rtstyle.engines.engine import Engine
from rtstyle.engines.onnxruntime import CPU, OnnxRuntimeEngine, import_onnxruntime
from rtstyle.engines.openvino import OpenVinoEngine
from rtstyle.errors import DeviceError

WARM_UP = 3
REFERENCE = "onnxruntime f32"  # what the decibels are against
Entry = tuple[str, Callable[[Path], Engine], Path]  # name, what makes it, of which file
ENGINES = {
    "onnxruntime f32": lambda path: OnnxRuntimeEngine(path, [(CPU, {})]),
    "OpenVINO f32": lambda path: OpenVinoEngine(path, precision="f32"),
    "OpenVINO bf16": lambda path: OpenVinoEngine(path, precision="bf16"),
}
INT8_ENGINES = {  # on files that hold int8 layers, the rest of them in f32
    "onnxruntime int8": ENGINES["onnxruntime f32"],
    "OpenVINO int8": ENGINES["OpenVINO f32"],
}


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--calibrate", type=Path)
    asked = parser.parse_args()
    width, height = map(int, asked.size.split("x"))
    frame = scene(height, width)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for model in asked.models:
            entries = [(name, make, model) for name, make in ENGINES.items()]
            for kept in (0, 2) if asked.calibrate else ():
                int8 = quantised(model, asked.calibrate, Path(folder), kept_in_float=kept)
                entries += [(f"{name}{', ends f32' * bool(kept)}", make, int8) for name, make in INT8_ENGINES.items()]
            rows += measure(model.name, entries, frame, asked.runs)
    for row in rows:
        print("{model:24} {engine:26} median {median_ms:6.1f} ms  best {best_ms:6.1f} ms  {db:5.1f} dB".format(**row))
    print(json.dumps({"machine": machine(), "size": asked.size, "runs": asked.runs, "warm_up": WARM_UP, "rows": rows}))


def measure(model: str, entries: list[Entry], frame: np.ndarray, runs: int) -> list[dict[str, object]]:
    """One row per engine; the decibels are against onnxruntime in f32."""
    engines, pictures = {}, {}
    for name, make, path in entries:
        try:
            engine = make(path)
            pictures[name] = [engine(frame) for _ in range(WARM_UP)][-1]
            engines[name] = engine
        except DeviceError as error:
            print(f"{model:24} {name:26} {error}")
    times_ms: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(runs):
        for name, engine in engines.items():
            start = perf_counter()
            engine(frame)
            times_ms[name].append((perf_counter() - start) * 1e3)
    if REFERENCE not in pictures:
        sys.exit(f"{model}: no decibels without {REFERENCE}")
    return [
        {
            "model": model,
            "engine": name,
            "median_ms": statistics.median(times),
            "best_ms": min(times),
            "db": psnr_db(pictures[name], pictures[REFERENCE]),
        }
        for name, times in times_ms.items()
    ]


def quantised(model: Path, photos: Path, folder: Path, *, kept_in_float: int) -> Path:
    """The model with int8 convolutions, but for ``kept_in_float`` at either end."""
    import_onnxruntime()  # without its telemetry
    from onnxruntime.quantization import CalibrationDataReader, quant_pre_process, quantize_static

    class Photos(CalibrationDataReader):
        def __init__(self) -> None:
            paths = sorted(photos.glob("*.jpg"))[:: max(1, len(list(photos.glob("*.jpg"))) // 16)][:16]
            images = (cv2.resize(cv2.imread(str(path)), (320, 240))[:, :, ::-1] for path in paths)
            self.feeds = iter([{"frames": np.ascontiguousarray(image)[None]} for image in images])

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.feeds, None)

    prepared, path = folder / "prepared.onnx", folder / f"{model.stem}-int8-{kept_in_float}.onnx"
    quant_pre_process(model, prepared, skip_symbolic_shape=True)
    convolutions = [node.name for node in onnx.load(prepared).graph.node if node.op_type == "Conv"]
    ends = convolutions[:kept_in_float] + convolutions[len(convolutions) - kept_in_float :]
    quantize_static(prepared, path, Photos(), per_channel=True, op_types_to_quantize=["Conv"], nodes_to_exclude=ends)
    return path


def scene(height: int, width: int) -> np.ndarray:
    """Clouds of colour, (1, H, W, 3) uint8: noise would flatter nothing and resemble nothing."""
    clouds = np.random.default_rng(0).integers(0, 256, (18, 32, 3), dtype=np.uint8)
    return cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC)[None]


def psnr_db(picture: np.ndarray, reference: np.ndarray) -> float:
    """At most 99."""
    error = float(np.mean((picture.astype(float) - reference) ** 2))
    return 99.0 if error == 0 else min(99.0, 10 * np.log10(255**2 / error))


if __name__ == "__main__":
    main()
