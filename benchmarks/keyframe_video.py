"""How steady carried keyframes are, beside networks that paint frame by frame.

    python benchmarks/keyframe_video.py SEQUENCES ARTWORK [--net wave ...] [--size 144] [--every 6] [--iterations 60]

SEQUENCES is a folder of sequences with exact flow (frames/*.png, flow_bw/*.png in KITTI's 16-bit encoding, occ_bw/).
Warping error (Lai et al. 2018): the mean squared difference, values in [0, 1], between a frame and the frame before
carried along by the flow of the *input*, where it is not occluded. Beside each: the input's own error, and sharpness
(the variance of the Laplacian), since a blur would win otherwise. Prints a table and then one JSON line.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from machine import machine

import rtstyle
from rtstyle.gatys.carry import Carrier
from rtstyle.gatys.recipe import Recipe
from rtstyle.jobs.keyframe import Studio, StyleImage


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sequences", type=Path)
    parser.add_argument("artwork", type=Path)
    parser.add_argument("--net", action="append", default=[])
    parser.add_argument("--size", type=int, default=144, help="height, px")
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--save", type=Path, help="a folder for the painted frames")
    asked = parser.parse_args()
    recipe = Recipe(iterations=asked.iterations)
    studio = Studio.open([StyleImage(path=asked.artwork)], recipe)
    rows = []
    for folder in sorted(path for path in asked.sequences.iterdir() if (path / "flow_bw").is_dir()):
        frames, flows = read(folder, asked.size, asked.frames)
        painted = {"input": frames, "keyframes": carried(Carrier(studio.painter, studio.device), frames, asked.every)}
        for net in asked.net:
            with rtstyle.Stylizer(net) as stylizer:
                batch = [stylizer(rtstyle.Batch(f[None], f[None], [0])).images[0] for f in frames]
            painted[net] = batch
        for name, pictures in painted.items():
            row = {
                "sequence": folder.name,
                "what": name,
                "warp_error": error(pictures, flows),
                "sharp": sharp(pictures),
            }
            print(
                "{sequence:22} {what:12} warping error {warp_error:.6f}  sharpness {sharp:8.1f}".format(**row),
                flush=True,
            )
            rows.append(row)
            for index, picture in enumerate(pictures if asked.save else ()):
                target = asked.save / f"{folder.name}-{name}-{index:02}.png"
                cv2.imwrite(str(target), picture[..., ::-1])
    settings = {key: str(value) for key, value in vars(asked).items()}
    print(json.dumps({"machine": machine(), **settings, "rows": rows}))


def carried(carrier: Carrier, frames: list[np.ndarray], every: int) -> list[np.ndarray]:
    """Keyframes every so many frames, and at the end."""
    paintings = [carrier.first(frames[0])]
    for start in range(0, len(frames) - 1, every):
        paintings += carrier.segment(frames[start : start + every + 1], paintings[-1])
    return paintings


def read(folder: Path, height: int, count: int) -> tuple[list[np.ndarray], list[tuple[np.ndarray, np.ndarray]]]:
    """Frames (H, W, 3) RGB, and for each but the first the flow to the one before and where it holds."""
    paths = sorted((folder / "frames").glob("*.png"))[:count]
    frames, flows = [], []
    for index, path in enumerate(paths):
        image = cv2.imread(str(path))
        scale = height / image.shape[0]
        size = (round(image.shape[1] * scale), height)
        frames.append(np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA)[..., ::-1]))
        if index:
            raw = cv2.imread(str(folder / "flow_bw" / path.name), cv2.IMREAD_UNCHANGED)
            flow = (raw[..., :0:-1].astype(np.float32) - 32768) / 64
            flow = cv2.resize(flow, size, interpolation=cv2.INTER_AREA) * np.float32(scale)
            bad = cv2.imread(str(folder / "occ_bw" / path.name), cv2.IMREAD_GRAYSCALE)
            flows.append((flow, cv2.resize(bad, size, interpolation=cv2.INTER_AREA) == 0))
    return frames, flows


def error(pictures: list[np.ndarray], flows: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Mean over frames of the mean squared difference over what is not occluded."""
    height, width = pictures[0].shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    found = []
    for before, after, (flow, good) in zip(pictures[:-1], pictures[1:], flows, strict=True):
        warped = cv2.remap(before.astype(np.float32), x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
        found.append(np.square((after.astype(np.float32) - warped) / 255)[good].mean())
    return float(np.mean(found))


def sharp(pictures: list[np.ndarray]) -> float:
    """Mean variance of the Laplacian of the grey picture."""
    grays = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
    return float(np.mean([cv2.Laplacian(gray, cv2.CV_32F).var() for gray in grays]))


if __name__ == "__main__":
    main()
