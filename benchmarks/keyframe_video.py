"""How steady carried keyframes are, beside networks that paint frame by frame.

    python benchmarks/keyframe_video.py ARTWORK [--sequences DIR] [--clip FILE[@SECONDS] ...] [--net wave ...]
                                        [--size 144] [--every 6] [--iterations 60] [--frames 13] [--save DIR]

DIR holds sequences with exact flow (frames/*.png, flow_bw/*.png in KITTI's 16-bit encoding, occ_bw/). The flow of a
clip is DIS's, as in `python -m training evaluate`, and not the one that keyframes are carried by. Warping error (Lai et
al. 2018): the mean squared difference, values in [0, 1], between a frame and the frame before carried along by the flow
of the *input*, where it is not occluded. Where a clip shows nothing, as on a white wall, that flow is a guess, and
strokes that move with the camera are found unsteady: "known" is the error where another method, Farneback's (2003),
is within half a pixel of it. Beside each: the input's own error, and sharpness (the mean gradient), since a blur would
win otherwise. Prints a table and then one JSON line.
"""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from machine import machine

import rtstyle
from rtstyle.frames import Image
from rtstyle.gatys.carry import Carrier
from rtstyle.gatys.motions import Flow
from rtstyle.gatys.recipe import Recipe
from rtstyle.jobs.keyframe.studio import Materials, Studio, StyleImage
from training.evaluation import clips
from training.evaluation.flow import Motion, estimated
from training.evaluation.sharpness import sharpness
from training.evaluation.warping import warping_error

AGREE = 0.5  # px


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
    if asked.save:
        asked.save.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(iterations=asked.iterations)
    studio = Studio.open(Materials(styles=[StyleImage(path=asked.artwork)], recipe=recipe))
    rows = []
    folders = asked.sequences.iterdir() if asked.sequences else ()
    inputs = {path.name: partial(read, path) for path in sorted(folders) if (path / "flow_bw").is_dir()}
    inputs |= {Path(text.partition("@")[0]).stem: partial(read_clip, text) for text in asked.clip}
    for input_name, reader in inputs.items():
        frames, motions, known = reader(asked.size, asked.frames)
        painted = {"input": frames, "keyframes": carried(Carrier(studio.painter, studio.device), frames, asked.every)}
        for net in asked.net:
            with rtstyle.Stylizer(net) as stylizer:
                batch = [stylizer(rtstyle.Batch(f[None], f[None], [0])).images[0] for f in frames]
            painted[net] = batch
        for name, pictures in painted.items():
            row = {
                "sequence": input_name,
                "what": name,
                "warp_error": warping_error(pictures, motions),
                "known_error": warping_error(pictures, known),
                "known_share": float(np.mean([motion.visible.mean() for motion in known])),
                "sharp": float(np.mean([sharpness(picture) for picture in pictures])),
            }
            print(
                "{sequence:22} {what:12} warping error {warp_error:.6f}  known ({known_share:.0%}) {known_error:.6f}"
                "  sharpness {sharp:6.2f}".format(**row),
                flush=True,
            )
            rows.append(row)
            for index, picture in enumerate(pictures if asked.save else ()):
                target = asked.save / f"{input_name}-{name}-{index:02}.png"
                cv2.imwrite(str(target), picture[..., ::-1])
    settings = {key: str(value) for key, value in vars(asked).items()}
    print(json.dumps({"machine": machine(), **settings, "rows": rows}))


def carried(carrier: Carrier, frames: list[Image], every: int) -> list[Image]:
    """Keyframes every so many frames, and at the end."""
    paintings = [carrier.first(frames[0])]
    for start in range(0, len(frames) - 1, every):
        paintings += carrier.segment(frames[start : start + every + 1], paintings[-1])
    return paintings


def read(folder: Path, height: int, count: int) -> tuple[list[Image], list[Motion], list[Motion]]:
    """Frames (H, W, 3) RGB, and for each but the first its exact motion, twice: all of it is known."""
    clip = clips.read_clip(folder, frames=count, side=height)
    size = (round(clip.frames[0].shape[1] * height / clip.frames[0].shape[0]), height)
    frames = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in clip.frames]
    motions = [scaled(motion, size) for motion in clip.motions]
    return frames, motions, motions


def scaled(motion: Motion, size: tuple[int, int]) -> Motion:
    """The same between frames of (W, H); what is partly occluded is."""
    scale = np.float32(size[1] / motion.flow.shape[0])
    flow = cv2.resize(motion.flow, size, interpolation=cv2.INTER_AREA) * scale
    return Motion(flow, cv2.resize(motion.visible.astype(np.float32), size, interpolation=cv2.INTER_AREA) == 1)


def read_clip(text: str, height: int, count: int) -> tuple[list[Image], list[Motion], list[Motion]]:
    """The same of FILE@SECONDS: the motion that DIS sees, and of it what Farneback's flow agrees with."""
    path, _, start = text.partition("@")
    frames = []
    with closing(rtstyle.VideoReader(path)) as source:
        for frame in source:
            if isinstance(frame, rtstyle.Frame) and frame.time >= float(start or 0):
                size = (round(frame.image.shape[1] * height / frame.image.shape[0] / 2) * 2, height)
                frames.append(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA))
            if len(frames) == count:
                break
    motions = [estimated(before, now) for before, now in pairwise(frames)]
    known = [
        Motion(motion.flow, motion.visible & (np.linalg.norm(motion.flow - farneback(now, before), axis=-1) < AGREE))
        for (before, now), motion in zip(pairwise(frames), motions, strict=True)
    ]
    return frames, motions, known


def farneback(a: Image, b: Image) -> Flow:
    """From ``a`` to ``b`` by polynomials fitted around every pixel."""
    settings = {"pyr_scale": 0.5, "levels": 5, "winsize": 21, "iterations": 5, "poly_n": 7, "poly_sigma": 1.5}
    grays = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (a, b)]
    return cv2.calcOpticalFlowFarneback(*grays, None, **settings, flags=0)


if __name__ == "__main__":
    main()
