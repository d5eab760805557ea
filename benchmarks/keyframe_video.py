"""How steady carried keyframes are, beside networks that paint frame by frame.

    python benchmarks/keyframe_video.py ARTWORK [--sequences DIR] [--clip FILE[@SECONDS] ...] [--net wave ...]
                                        [--size 144] [--every 6] [--iterations 60] [--frames 13] [--save DIR]

DIR holds sequences with exact flow (frames/*.png, flow_bw/*.png in KITTI's 16-bit encoding, occ_bw/). The flow of a
clip is DIS's, OpenCV's medium preset, checked forward and backward: not the flow that keyframes are carried by.
Warping error (Lai et al. 2018): the mean squared difference, values in [0, 1], between a frame and the frame before
carried along by the flow of the *input*, where it is not occluded. Where a clip shows nothing, as on a white wall, that
flow is a guess, and strokes that move with the camera are found unsteady: "known" is the error where Farneback's flow
(2003), another method, is within half a pixel of it. Beside each: the input's own error, and sharpness (the variance of
the Laplacian), since a blur would win otherwise. Prints a table and then one JSON line.
"""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from machine import machine

import rtstyle
from rtstyle.gatys.carry import Carrier
from rtstyle.gatys.flow import trusted
from rtstyle.gatys.motions import ends
from rtstyle.gatys.recipe import Recipe
from rtstyle.jobs.studio import Materials, Studio, StyleImage

AGREE = 0.5  # px


class Motion(NamedTuple):
    """From a frame to the one before."""

    flow: np.ndarray  # (H, W, 2) px
    seen: np.ndarray  # (H, W) bool: not occluded
    known: np.ndarray  # (H, W) bool: seen, and two methods agree


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artwork", type=Path)
    parser.add_argument("--sequences", type=Path)
    parser.add_argument("--clip", action="append", default=[])
    parser.add_argument("--net", action="append", default=[])
    parser.add_argument("--size", type=int, default=144, help="height, px")
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--frames", type=int, default=13)
    parser.add_argument("--save", type=Path, help="a folder for the painted frames")
    asked = parser.parse_args()
    recipe = Recipe(iterations=asked.iterations)
    studio = Studio.open(Materials(styles=[StyleImage(path=asked.artwork)], recipe=recipe))
    rows = []
    folders = asked.sequences.iterdir() if asked.sequences else ()
    inputs = {path.name: partial(read, path) for path in sorted(folders) if (path / "flow_bw").is_dir()}
    inputs |= {Path(text.partition("@")[0]).stem: partial(read_clip, text) for text in asked.clip}
    for input_name, reader in inputs.items():
        frames, motions = reader(asked.size, asked.frames)
        painted = {"input": frames, "keyframes": carried(Carrier(studio.painter, studio.device), frames, asked.every)}
        for net in asked.net:
            with rtstyle.Stylizer(net) as stylizer:
                batch = [stylizer(rtstyle.Batch(f[None], f[None], [0])).images[0] for f in frames]
            painted[net] = batch
        for name, pictures in painted.items():
            row = {
                "sequence": input_name,
                "what": name,
                "warp_error": error(pictures, [(motion.flow, motion.seen) for motion in motions]),
                "known_error": error(pictures, [(motion.flow, motion.known) for motion in motions]),
                "known_share": float(np.mean([motion.known.mean() for motion in motions])),
                "sharp": sharp(pictures),
            }
            print(
                "{sequence:22} {what:12} warping error {warp_error:.6f}  known ({known_share:.0%}) {known_error:.6f}"
                "  sharpness {sharp:8.1f}".format(**row),
                flush=True,
            )
            rows.append(row)
            for index, picture in enumerate(pictures if asked.save else ()):
                target = asked.save / f"{input_name}-{name}-{index:02}.png"
                cv2.imwrite(str(target), picture[..., ::-1])
    settings = {key: str(value) for key, value in vars(asked).items()}
    print(json.dumps({"machine": machine(), **settings, "rows": rows}))


def carried(carrier: Carrier, frames: list[np.ndarray], every: int) -> list[np.ndarray]:
    """Keyframes every so many frames, and at the end."""
    paintings = [carrier.first(frames[0])]
    for start in range(0, len(frames) - 1, every):
        paintings += carrier.segment(frames[start : start + every + 1], paintings[-1])
    return paintings


def read(folder: Path, height: int, count: int) -> tuple[list[np.ndarray], list[Motion]]:
    """Frames (H, W, 3) RGB, and for each but the first its exact motion."""
    paths = sorted((folder / "frames").glob("*.png"))[:count]
    frames, motions = [], []
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
            seen = cv2.resize(bad, size, interpolation=cv2.INTER_AREA) == 0
            motions.append(Motion(flow, seen, seen))
    return frames, motions


def read_clip(text: str, height: int, count: int) -> tuple[list[np.ndarray], list[Motion]]:
    """The same of FILE@SECONDS, with the motion that DIS sees."""
    path, _, start = text.partition("@")
    frames = []
    with closing(rtstyle.VideoReader(path)) as source:
        for frame in source:
            if isinstance(frame, rtstyle.Frame) and frame.time >= float(start or 0):
                size = (round(frame.image.shape[1] * height / frame.image.shape[0] / 2) * 2, height)
                frames.append(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA))
            if len(frames) == count:
                break
    grays = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    motions = []
    for before, after in pairwise(grays):
        back, there = medium(after, before), medium(before, after)
        seen = trusted(back, there) > 0
        agree = np.linalg.norm(back - farneback(after, before), axis=-1) < AGREE
        motions.append(Motion(back, seen, seen & agree))
    return frames, motions


def medium(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """From ``a`` (H, W) to ``b``, as ``python -m training evaluate`` has it."""
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return estimator.calc(a, b, np.zeros((*a.shape, 2), np.float32))


def farneback(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The same by polynomials fitted around every pixel."""
    settings = {"pyr_scale": 0.5, "levels": 5, "winsize": 21, "iterations": 5, "poly_n": 7, "poly_sigma": 1.5}
    return cv2.calcOpticalFlowFarneback(a, b, None, **settings, flags=0)


def error(pictures: list[np.ndarray], flows: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Mean over frames of the mean squared difference over what is not occluded."""
    found = []
    for before, after, (flow, good) in zip(pictures[:-1], pictures[1:], flows, strict=True):
        warped = cv2.remap(before.astype(np.float32), *ends(flow), cv2.INTER_LINEAR)
        found.append(np.square((after.astype(np.float32) - warped) / 255)[good].mean())
    return float(np.mean(found))


def sharp(pictures: list[np.ndarray]) -> float:
    """Mean variance of the Laplacian of the grey picture."""
    grays = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
    return float(np.mean([cv2.Laplacian(gray, cv2.CV_32F).var() for gray in grays]))


if __name__ == "__main__":
    main()
