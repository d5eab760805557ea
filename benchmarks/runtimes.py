"""How far each runtime is from PyTorch, in grey levels, on what rtstyle exports for it.

    python benchmarks/runtimes.py exported/wave-lite.onnx [MORE.onnx ...] [--photos FOLDER] [--size WxH ...]

For each model, three sizes, one frame and three at a time: the network itself in PyTorch, with the weights of the
exported file, against onnxruntime and OpenVINO (float32) on the contract's graph, and against OpenCV's DNN module on
the `float` target, which it wants of one size. Needs `rtstyle[train]`. Prints a table and then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import openvino
import torch

from rtstyle.engines.onnxruntime import CPU, OnnxRuntimeEngine
from rtstyle.engines.openvino import the_core
from rtstyle.export.float_nchw import in_planes, planar
from rtstyle.export.graph import of_size
from rtstyle.export.order import Run, Size
from rtstyle.export.pictures import made_up, read_photos
from training.weights import read_network

SIZES = ["640x480", "333x250", "1280x720"]  # the second odd
BATCHES = (1, 3)


def main() -> None:
    """Compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--size", nargs="+", default=SIZES)
    asked = parser.parse_args()
    photos = read_photos(asked.photos)[0] if asked.photos else made_up()
    rows = [row for model in asked.models for row in compare(model, photos, asked.size)]
    print("model                    runtime                 size         batch  levels at most  values that differ")
    for row in rows:
        print("{model:24} {runtime:23} {size:12} {batch:5}  {levels:14}  {share:.2%}".format(**row))
    versions = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__, "cv2": cv2.__version__}
    print(json.dumps({"versions": versions | {"openvino": openvino.__version__}, "rows": rows}))


def compare(model: Path, photos: list[np.ndarray], sizes: list[str]) -> Iterator[dict[str, object]]:
    """A row for each runtime, size and batch."""
    network = read_network(model)
    for width, height in (map(int, size.split("x")) for size in sizes):
        for batch in BATCHES:
            frames = np.stack([cv2.resize(photo, (width, height)) for photo in photos[:batch]])
            with torch.no_grad():
                expected = network.quantised(torch.from_numpy(frames)).numpy().astype(int)
            for name, run in runtimes(model, Size(width, height, batch)).items():
                off = np.abs(run(frames).astype(int) - expected)
                yield {
                    "model": model.name,
                    "runtime": name,
                    "size": f"{width}x{height}",
                    "batch": batch,
                    "levels": int(off.max()),
                    "share": float((off > 0).mean()),
                }


def runtimes(model: Path, size: Size) -> dict[str, Run]:
    """Each as a function of (N, H, W, 3) uint8."""
    graph = onnx.load(model)
    compiled = the_core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return {
        "onnxruntime CPU": OnnxRuntimeEngine(model, [(CPU, {})], chunk=size.batch),
        "OpenVINO CPU f32": lambda frames: np.array(compiled([frames])[0]),
        "OpenCV DNN, float": in_planes(in_opencv(planar(of_size(graph, size)))),
    }


def in_opencv(model: onnx.ModelProto) -> Run:
    """The static network on OpenCV's DNN module."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "planes.onnx"
        onnx.save(model, path)
        net = cv2.dnn.readNetFromONNX(str(path))

    def run(planes: np.ndarray) -> np.ndarray:
        net.setInput(planes)
        return net.forward()

    return run


if __name__ == "__main__":
    main()
