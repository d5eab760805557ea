"""Which engine runs a network fastest on this CPU, and how near it stays to f32.

    python benchmarks/engines.py exported/wave-lite.onnx [MORE.onnx ...] [--size 1280x720] [--runs 20]

Prints a table and then one JSON line. Engines take turns, so that a busy moment hits all of them. Run it again with
ONEDNN_MAX_CPU_ISA=AVX2 for an older CPU; that binds OpenVINO, not onnxruntime.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np

from rtstyle.engines.onnxruntime import CPU, OnnxRuntimeEngine
from rtstyle.engines.openvino import OpenVinoEngine
from rtstyle.errors import DeviceError

WARM_UP = 3
ENGINES = {
    "onnxruntime": lambda path: OnnxRuntimeEngine(path, [(CPU, {})]),
    "OpenVINO f32": lambda path: OpenVinoEngine(path, precision="f32"),
    "OpenVINO bf16": lambda path: OpenVinoEngine(path, precision="bf16"),
}


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--runs", type=int, default=20)
    asked = parser.parse_args()
    width, height = map(int, asked.size.split("x"))
    frame = scene(height, width)
    rows = [row for model in asked.models for row in measure(model, frame, asked.runs)]
    for row in rows:
        print("{model:24} {engine:14} median {median_ms:6.1f} ms  best {best_ms:6.1f} ms  {db:5.1f} dB".format(**row))
    print(json.dumps({"machine": machine(), "size": asked.size, "runs": asked.runs, "warm_up": WARM_UP, "rows": rows}))


def measure(model: Path, frame: np.ndarray, runs: int) -> list[dict[str, object]]:
    """One row per engine; the decibels are against the first, onnxruntime in f32."""
    engines, pictures = {}, {}
    for name, make in ENGINES.items():
        try:
            engine = make(model)
            pictures[name] = [engine(frame) for _ in range(WARM_UP)][-1]
            engines[name] = engine
        except DeviceError as error:
            print(f"{model.name:24} {name:14} {error}")
    times_ms: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(runs):
        for name, engine in engines.items():
            start = perf_counter()
            engine(frame)
            times_ms[name].append((perf_counter() - start) * 1e3)
    reference = next(iter(pictures.values()))
    return [
        {
            "model": model.name,
            "engine": name,
            "median_ms": statistics.median(times),
            "best_ms": min(times),
            "db": psnr_db(pictures[name], reference),
        }
        for name, times in times_ms.items()
    ]


def scene(height: int, width: int) -> np.ndarray:
    """Clouds of colour, (1, H, W, 3) uint8: noise would flatter nothing and resemble nothing."""
    clouds = np.random.default_rng(0).integers(0, 256, (18, 32, 3), dtype=np.uint8)
    return cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC)[None]


def psnr_db(picture: np.ndarray, reference: np.ndarray) -> float:
    """At most 99."""
    error = float(np.mean((picture.astype(float) - reference) ** 2))
    return 99.0 if error == 0 else min(99.0, 10 * np.log10(255**2 / error))


def machine() -> dict[str, object]:
    """What the figures depend on."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)  # noqa: S607
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "isa": os.environ.get("ONEDNN_MAX_CPU_ISA", "all"),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
    }


def cpu_name() -> str:
    """As Linux says it, elsewhere as Python does."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
