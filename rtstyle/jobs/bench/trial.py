"""Short runs of the real thing, for measuring: ``rtstyle live`` without a window, and ``rtstyle transcode``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from time import perf_counter
from typing import TYPE_CHECKING

from rtstyle.jobs.bench.film import make_film
from rtstyle.jobs.defaults import DEVICE, PRECISION
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.jobs.film.transcode import transcode
from rtstyle.jobs.live.look import Look
from rtstyle.jobs.live.meter import LATENCY, NETWORK
from rtstyle.jobs.live.show import Show
from rtstyle.sources.paced import Paced
from rtstyle.sources.test_pattern import TestPattern

if TYPE_CHECKING:
    from pathlib import Path

    from rtstyle.frames import Frame
    from rtstyle.meter import Progress
    from rtstyle.style import Style

RATE = 30  # frames/s, that of nearly all cameras
_WARM_UP = 0.3  # share of a run that is not counted
_SETTLING_S = 20.0  # how long to wait at most for the size to settle


@dataclass(frozen=True, slots=True)
class Computer:
    """What paints."""

    device: str = DEVICE
    precision: str = PRECISION


@dataclass(frozen=True, slots=True)
class LiveTrial:
    """The outcome of a live run."""

    fps: float  # painted frames per second
    network_s: float  # a frame, median
    lines: int  # height painted at in the end
    at_rest: bool  # False: the size was still changing


@dataclass(frozen=True, slots=True)
class FilmTrial:
    """The outcome of a film."""

    fps: float  # from the first frame written to the film's last check
    provider: str


def try_live(
    style: Style, size: tuple[int, int], computer: Computer, *, lines: int | None, seconds: float
) -> LiveTrial:
    """Paint a camera of ``size`` (width, height) at ``lines`` lines for so long; None: the size it settles on.

    Timing starts once that has settled, or after 20 s. The camera is the test pattern at 30 frames a
    second. Raises ModelError or DeviceError.
    """
    camera = _Camera(size)
    look = Look(precision=computer.precision)
    show = Show(camera, [style], look, size=lines, device=computer.device, seconds=None)
    latest = begun = math.inf  # time.perf_counter()
    at, at_rest = show.lines, False

    def watch(_now: Progress) -> None:
        nonlocal latest, begun, at, at_rest
        now = perf_counter()
        if not show.painting:
            return
        latest = min(latest, now + _SETTLING_S)
        if show.lines != at and now < latest:
            at, begun, camera.end = show.lines, math.inf, math.inf
        if camera.end == math.inf and (show.at_rest or now >= latest):
            camera.end, at_rest = now + seconds, show.at_rest
        if begun == math.inf and now >= camera.end - seconds * (1 - _WARM_UP):
            show.meter.forget()
            begun = now

    report = show.run(watch)
    shown_s = max(perf_counter() - begun, 0.0)
    network = report.stages.get(NETWORK)
    return LiveTrial(
        fps=show.meter.frames(LATENCY) / shown_s if shown_s else 0.0,
        network_s=network.p50_ms / 1e3 if network else 0.0,
        lines=show.lines,
        at_rest=at_rest and show.lines == at,
    )


def try_film(style: Style, size: tuple[int, int], computer: Computer, *, frames: int, folder: Path) -> FilmTrial:
    """Paint a synthetic film of ``size`` (width, height) from file to file. Raises as ``transcode`` does."""
    film = folder / "film.mp4"
    make_film(film, size, frames)
    first: list[float] = []

    def watch(_now: Progress) -> None:
        if not first:
            first.append(perf_counter())

    report = transcode(
        film,
        folder / "painted.mp4",
        style=style,
        options=FilmOptions(precision=computer.precision),
        device=computer.device,
        overwrite=True,
        progress=watch,
    )
    return FilmTrial(max(report.frames_out - 1, 1) / (perf_counter() - first[0]), report.provider)


class _Camera(Paced):
    """The test pattern as a camera that is switched off at ``end``."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__(lambda: TestPattern(*size, frames=None, rate=Fraction(RATE)))
        self.end = math.inf  # time.perf_counter()

    def __iter__(self) -> Iterator[Frame]:
        for frame in super().__iter__():
            if perf_counter() >= self.end:
                return
            yield frame
