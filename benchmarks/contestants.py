"""The others in compare.py, each in a process of its own.

    python benchmarks/contestants.py NAME CLIP|FRAMES.npy MODEL

With a clip it prints, as JSON, the frames a second from the second frame on. With frames (N, H, W, 3) it paints them,
for comparison, into FRAMES.NAME.npy.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np

Paint = Callable[[np.ndarray], np.ndarray]  # (1, H, W, 3) uint8 RGB to the same


def in_torch(model: Path, _size: tuple[int, int]) -> Paint:
    """Eager PyTorch with as many threads as it takes by itself."""
    import torch

    from training.weights import read_network

    network = read_network(model)

    def paint(frame: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network.quantised(torch.from_numpy(frame)).numpy()

    return paint


def in_opencv_dnn(model: Path, size: tuple[int, int]) -> Paint:
    """OpenCV's own engine, on the network in planes of float and of fixed size."""
    import onnx
    from runtimes import in_opencv

    from rtstyle.export.float_nchw import in_planes, planar
    from rtstyle.export.graph import of_size
    from rtstyle.export.order import Size

    return in_planes(in_opencv(planar(of_size(onnx.load(model), Size(*size, 1)))))


NETWORKS = {"loop": in_torch, "dnn": in_opencv_dnn}


def everyday(clip: Path, painting: Path, make: Callable[[Path, tuple[int, int]], Paint], model: Path) -> float:
    """Read, paint and write frame by frame; give the frames a second without the first."""
    capture = cv2.VideoCapture(str(clip))
    size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    writer = cv2.VideoWriter(str(painting), cv2.VideoWriter.fourcc(*"mp4v"), capture.get(cv2.CAP_PROP_FPS), size)
    paint, frames, start = make(model, size), 0, 0.0
    while True:
        there, bgr = capture.read()
        if not there:
            break
        painted = paint(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)[None])[0]
        writer.write(cv2.cvtColor(painted, cv2.COLOR_RGB2BGR))
        frames += 1
        start = start or perf_counter()
    writer.release()
    return (frames - 1) / (perf_counter() - start)


def floor(clip: Path, painting: Path) -> float:
    """Decode and encode as `rtstyle transcode` does, and nothing in between; the same, sound and all."""
    import rtstyle

    report = rtstyle.run(rtstyle.VideoReader(clip), [], rtstyle.VideoWriter(painting))
    return report.fps


CONTESTANTS = (*NETWORKS, "codec")


def main() -> None:
    """Run one."""
    name, given, model = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if given.suffix == ".npy":
        frames = np.load(given)
        paint = NETWORKS[name](model, (frames.shape[2], frames.shape[1]))
        np.save(given.with_suffix(f".{name}.npy"), np.concatenate([paint(frame[None]) for frame in frames]))
        return
    with tempfile.TemporaryDirectory() as folder:
        painting = Path(folder) / "out.mp4"
        fps = floor(given, painting) if name == "codec" else everyday(given, painting, NETWORKS[name], model)
    print(json.dumps({"fps": fps}))


if __name__ == "__main__":
    main()
