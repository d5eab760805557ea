"""How fast this machine paints: every style at every size, live and as a film."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from rtstyle.errors import UsageError
from rtstyle.jobs.bench.trial import RATE, Computer, try_film, try_live
from rtstyle.jobs.defaults import BENCH_S, DEVICE, PRECISION
from rtstyle.model_file import load_file
from rtstyle.sizes import parse_size
from rtstyle.sources import camera
from rtstyle.style import MIN_SIZE, Style
from rtstyle.styles import find_styles
from rtstyle.stylizer import Stylizer
from rtstyle.twin import find_twin

SIZES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"360p": (640, 360), "480p": (640, 480), "720p": (1280, 720), "1080p": (1920, 1080), "4K": (3840, 2160)}
)
_LEAST_S = 1.0  # of a run; less would say little
_AROUND_S = 0.8  # overhead of a run: opening, compiling
_LONGEST_FRAME_S = 1.0  # in the network; beyond it a size is estimated, and Ctrl-C never waits longer
_FEWEST = 6  # frames of a film
_CODEC_S = 1e-8  # per pixel, roughly: only to know how long a film to make


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Networks of one kind at one size. ``measured`` is False if the fps are scaled from a smaller size by area."""

    styles: tuple[str, ...]  # those that run alike, since their networks differ only in weights
    network: str  # lite, full; empty: a foreign network
    provider: str  # what ran it, in words
    size: str  # 720p, or 1280x720
    width: int
    height: int
    film_fps: float  # transcode, from file to file
    live_fps: float  # of a camera's 30
    network_ms: float  # a frame, live, median
    measured: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What ``rtstyle live`` settles on with a camera of 1280×720 at 30 frames per second."""

    styles: tuple[str, ...]
    lines: int  # at which it paints
    live_fps: float
    at_rest: bool  # False: the size was still changing


@dataclass(frozen=True, slots=True)
class Step:
    """Handed to ``progress`` before every run."""

    what: str
    done: int  # runs
    total: int
    eta_s: float


Result = Speed | Settled


class Bench:
    """Measures ``styles`` (by default those that run in real time) at ``sizes``, in about ``seconds``.

    Styles whose networks are of one kind are measured once. Each figure comes from a short real run:
    ``rtstyle live`` on a test pattern, without a window, and ``rtstyle transcode`` of a synthetic film. Raises
    ModelError, DeviceError and UsageError at once.
    """

    def __init__(
        self,
        styles: Sequence[str | Path] = (),
        *,
        sizes: Sequence[str] = tuple(SIZES),
        device: str = DEVICE,
        precision: str = PRECISION,
        seconds: float = BENCH_S,
    ) -> None:
        by_name = {size: read_size(size) for size in sizes}
        found = find_styles(styles)
        self._kinds = alike(found)
        Stylizer(found[0], device=device, precision=precision).close()
        self._sizes = dict(sorted(by_name.items(), key=lambda item: item[1][0] * item[1][1]))
        self._computer = Computer(device, precision)
        self.runs = len(self._kinds) * (2 * len(self._sizes) + 2)  # the run that settles counts twice
        self.each_s = max(seconds / self.runs - _AROUND_S, _LEAST_S)

    @property
    def planned_s(self) -> float:
        """About how long it will take; a slow machine takes a little longer to settle."""
        return self.runs * (self.each_s + _AROUND_S)

    def measure(self, found: Callable[[Result], None], progress: Callable[[Step], None] | None = None) -> None:
        """Pass each result to ``found`` as it comes, kind by kind, small sizes first. Raises DeviceError, SinkError."""
        done = 0

        def tell(what: str, runs: int) -> None:
            nonlocal done
            if progress is not None:
                progress(Step(what, done, self.runs, (self.runs - done) * (self.each_s + _AROUND_S)))
            done += runs

        with tempfile.TemporaryDirectory(prefix="rtstyle-bench-", ignore_cleanup_errors=True) as folder:
            for kind in self._kinds:
                before: Speed | None = None
                for size in self._sizes:
                    before = self._at(kind, size, before, Path(folder), tell)
                    found(before)
                tell(f"{kind[0].name}, live as it settles", 2)
                found(self._settled(kind))

    def _at(
        self, kind: list[Style], size: str, before: Speed | None, folder: Path, tell: Callable[[str, int], None]
    ) -> Speed:
        width, height = self._sizes[size]
        if before is not None:
            larger = width * height / (before.width * before.height)
            if before.network_ms * larger > _LONGEST_FRAME_S * 1e3:
                tell(f"{kind[0].name}, {size}, estimated", 2)
                return _estimated(before, size, width, height)
        tell(f"{kind[0].name}, {size}, live", 1)
        live = try_live(kind[0], (width, height), self._computer, lines=height, seconds=self.each_s)
        tell(f"{kind[0].name}, {size}, transcode", 1)
        frames = max(round(self.each_s / (live.network_s + width * height * _CODEC_S)), _FEWEST)
        film = try_film(kind[0], (width, height), self._computer, frames=frames, folder=folder)
        return Speed(
            styles=tuple(style.name for style in kind),
            network=kind[0].network,
            provider=film.provider,
            size=size,
            width=width,
            height=height,
            film_fps=film.fps,
            live_fps=live.fps,
            network_ms=live.network_s * 1e3,
        )

    def _settled(self, kind: list[Style]) -> Settled:
        live = try_live(kind[0], camera.SIZE, self._computer, lines=None, seconds=self.each_s)
        names = tuple(style.name for style in kind)
        return Settled(styles=names, lines=live.lines, live_fps=live.fps, at_rest=live.at_rest)


def alike(styles: Sequence[Style]) -> list[list[Style]]:
    """Styles in groups whose networks have the same layers, in 8 bits as in float. Foreign ones stand alone."""
    kinds: dict[object, list[Style]] = {}
    for style in styles:
        kinds.setdefault(_make(style), []).append(style)
    return list(kinds.values())


def _make(style: Style) -> object:
    parameters = style.metadata.get("parameters")
    if not (style.network and parameters):
        return style.path
    return style.network, parameters, style.metadata.get("variant"), len(style.styles), _layers_of_twin(style)


def _layers_of_twin(style: Style) -> object:
    """The twin's layers, counted: some leave a convolution or two in float, and are a tenth slower."""
    twin = find_twin(style)
    return None if twin is None else frozenset(Counter(node.op_type for node in load_file(twin).graph.node).items())


def read_size(text: str) -> tuple[int, int]:
    """Read ``720p``, ``720``, ``4K`` or ``1280x720`` as (width, height). Raises UsageError."""
    known = {name.lower(): size for name, size in SIZES.items()}
    try:
        size = known.get(text.lower()) or known.get(f"{text}p") or parse_size(text)
    except UsageError as error:
        raise UsageError(f"--size {text}: expected one of {', '.join(SIZES)}, or a size such as 1280x720") from error
    if min(size) < MIN_SIZE:
        raise UsageError(f"--size {text}: expected at least {MIN_SIZE}x{MIN_SIZE}")
    return size


def _estimated(before: Speed, size: str, width: int, height: int) -> Speed:
    larger = width * height / (before.width * before.height)
    return replace(
        before,
        size=size,
        width=width,
        height=height,
        film_fps=before.film_fps / larger,
        live_fps=min(before.live_fps / larger, RATE),
        network_ms=before.network_ms * larger,
        measured=False,
    )
