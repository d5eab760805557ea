"""How live is live: frames painted a second, and how old they are when they are shown.

    python benchmarks/live.py [SOURCE] [--style wave] [--size auto|LINES] [--seconds 60] [--warm-up 15] [--no-window]
        [--ssim CLIP]

SOURCE is what ``rtstyle live`` takes, a file again and again; by default the test pattern, 1280×720 at 30 frames a
second. Latency is from capture (for a file or the test pattern: when its frame was due) to when the window has been
given the picture and has seen to its events; under Xvfb nothing comes after that. It is to be at most one frame
interval and 1.5 times what the network takes. ``--ssim`` compares frames of a clip, painted at the size that was
settled on and brought back up, with the same frames painted at full size. Prints a table and then one JSON line.
"""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from itertools import islice
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
from machine import machine

import rtstyle
from rtstyle.jobs.live.meter import LATENCY, NETWORK
from rtstyle.jobs.live.show import Show
from rtstyle.sources.choose import CaptureRequest, open_live
from rtstyle.stages.guided import Guided

RATE = 30  # frames/s, of a camera that does not say


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?", default="test")
    parser.add_argument("--style", default="wave")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--size", type=lambda text: None if text == "auto" else int(text))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=15)
    parser.add_argument("--window", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--ssim")
    asked = parser.parse_args()
    figures = measure(asked)
    if asked.ssim:
        figures["ssim"] = similarity(asked.ssim, asked.style, int(figures["lines"]))
    print("{source}, {style} on {provider}".format(**figures))
    print(
        "{fps:.2f} painted frames/s of {rate:.2f}; {dropped} dropped; "
        "latency p50 {latency_p50_ms:.1f} ms, p95 {latency_p95_ms:.1f} ms (bound {bound_ms:.1f} ms)".format(**figures)
    )
    print(json.dumps({"machine": machine(), **figures}))


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """One run; what the first seconds were like is not counted."""
    source = open_live(asked.source, CaptureRequest(loop=Path(asked.source).is_file()))
    style = rtstyle.find_style(asked.style)
    seconds = asked.warm_up + asked.seconds
    show = Show(source, [style], rtstyle.Look(), size=asked.size, device=asked.device, seconds=seconds)
    if asked.window:
        show.open_window(timecode=True)
    first_painted: list[float] = []
    counted: list[int] = []
    start = perf_counter()

    def progress(now: rtstyle.Progress) -> None:
        if not first_painted and show.painting:
            first_painted.append(perf_counter() - start)
        if not counted and now.seconds > asked.warm_up:
            show.meter.forget()
            counted.append(now.frames)

    report = show.run(progress)
    rate = float(source.format.rate or RATE)
    taken, shown = (show.meter.frames(name) for name in (type(source).__name__, LATENCY))
    network, latency = report.stages[NETWORK], report.stages[LATENCY]
    return {
        "source": f"{asked.source}, {source.format.width}x{source.format.height}",
        "style": asked.style,
        "provider": report.provider,
        "lines": show.lines,
        "rate": rate,
        "fps": shown / asked.seconds,
        "dropped": taken - shown,
        "latency_p50_ms": latency.p50_ms,
        "latency_p95_ms": latency.p95_ms,
        "bound_ms": 1e3 / rate + 1.5 * network.p50_ms,
        "first_painted_s": first_painted[0] if first_painted else None,
        "seconds": asked.seconds,
        "warm_up_s": asked.warm_up,
        "stages": {name: {"p50_ms": times.p50_ms, "p95_ms": times.p95_ms} for name, times in report.stages.items()},
    }


def similarity(clip: str, style: str, lines: int) -> float:
    """Mean SSIM of every tenth of the first hundred frames, painted at ``lines`` lines and at full size."""
    with closing(rtstyle.VideoReader(clip)) as source, rtstyle.Stylizer(style) as stylizer:
        frames = (item for item in source if isinstance(item, rtstyle.Frame))
        values = []
        for frame in islice(frames, 0, 100, 10):
            batch = rtstyle.Batch(frame.image[None], frame.image[None], [frame.time])
            small = Guided([stylizer], lines=lines)(batch).images[0]
            values.append(ssim(small, stylizer(batch).images[0]))
    return float(np.mean(values))


def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Structural similarity of two RGB pictures' luma, as in Wang et al. (2004): Gaussian of 1.5 pixels, 8 bits."""

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    a, b = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (one, other))
    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b, both = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2, mean(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(
        ((2 * mean_a * mean_b + c1) * (2 * both + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean()
    )


if __name__ == "__main__":
    main()
