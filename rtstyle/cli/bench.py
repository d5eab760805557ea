"""``rtstyle bench``."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer
from rich.bar import Bar
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Table
from rich.text import Text

from rtstyle.cli.now_and_then import draws
from rtstyle.cli.options import Device, Json, Precision
from rtstyle.cli.outcome import one_sentence
from rtstyle.jobs.defaults import BENCH_S, DEVICE, PRECISION
from rtstyle.times import spoken_time

if TYPE_CHECKING:
    from rtstyle.jobs.bench.bench import Bench, Result, Speed, Step

_FILM_FPS, _CAMERA_FPS = 25, 30  # what is real time
_FULL_BAR_FPS = 60
_BUSY = 0.3  # share of the cores busy with other work, above which the figures are unreliable


def bench(
    *,
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            "-s",
            metavar="NAME|PATH",
            help="Styles to measure; default: all single-style lite networks, yours included.",
        ),
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option(
            "--size",
            metavar="NAME|WxH",
            help="360p, 480p, 720p, 1080p, 4K or WxH; repeatable; default: all five.",
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long to measure, approximately, in total.")] = BENCH_S,
    device: Device = DEVICE,
    precision: Precision = PRECISION,
    json: Json = False,
) -> None:
    """Measure how fast this machine paints each style at each size, live and in transcode, in about a minute.

    Close other programs first. Ctrl-C stops it and shows what has been measured so far.

    Each figure comes from a short real run: live on a test pattern, transcode on a synthetic film without sound.

    A size at which a frame would take more than a second is estimated from a smaller one and marked ≈.

    [bold]rtstyle bench[/bold]

    [bold]rtstyle bench --style wave --size 720p --seconds 10[/bold]

    [bold]rtstyle bench --device cuda --json > speeds.json[/bold]
    """
    results: list[Result] = []
    with one_sentence(stopped=lambda: "what was measured so far is above" if results else "nothing was measured"):
        from rtstyle.cpu import load
        from rtstyle.jobs.bench.bench import SIZES, Bench

        busy = load()
        measuring = Bench(style or (), sizes=size or tuple(SIZES), device=device, precision=precision, seconds=seconds)
        try:
            with _progress(measuring) as progress:
                measuring.measure(results.append, progress)
        finally:
            if results:
                _show(results, measuring, busy, as_json=json)


@contextmanager
def _progress(measuring: Bench) -> Iterator[Callable[[Step], None]]:
    """Show on stderr what is being measured and the time left; without a terminal, a line for each run."""
    console = Console(stderr=True)
    console.out(f"measuring for about {measuring.planned_s:.0f} s; Ctrl-C shows the results so far", highlight=False)
    if not draws(console):
        yield lambda step: console.out(f"{step.what}, ETA {spoken_time(step.eta_s)}", highlight=False)
        return
    what = TextColumn("{task.description}", markup=False)
    with Progress(what, BarColumn(), _Eta(), console=console, transient=True) as bar:
        task = bar.add_task("", total=measuring.runs, end=monotonic() + measuring.planned_s)
        yield lambda step: bar.update(task, description=step.what, completed=step.done, end=monotonic() + step.eta_s)


class _Eta(ProgressColumn):
    """Taken from the plan: runs are equally long, and the bar's own estimate starts out empty."""

    def render(self, task: Task) -> Text:
        return Text(f"ETA {spoken_time(max(task.fields['end'] - monotonic(), 0))}")


def _show(results: Sequence[Result], measuring: Bench, busy: float | None, *, as_json: bool) -> None:
    from rtstyle.cores import usable_cores
    from rtstyle.cpu import cpu_name
    from rtstyle.jobs.bench.bench import Settled, Speed

    speeds = [result for result in results if isinstance(result, Speed)]
    settled = [result for result in results if isinstance(result, Settled)]
    machine = {"cpu": cpu_name(), "cores": usable_cores(), "load": busy}
    if as_json:
        found = {"speeds": [asdict(one) for one in speeds], "settled": [asdict(one) for one in settled]}
        typer.echo(jsonlib.dumps({"machine": machine, "seconds_each": measuring.each_s, **found}))
        return
    console = Console(highlight=False)
    console.print(f"{machine['cpu']}, {machine['cores']} cores; {measuring.each_s:.1f} s per figure")
    if busy is not None and busy > _BUSY * usable_cores():
        console.print(
            f"[yellow]the machine was busy beforehand (load {busy:.1f}); when idle it will be faster[/yellow]"
        )
    for styles in dict.fromkeys(speed.styles for speed in speeds):
        _chart(console, [speed for speed in speeds if speed.styles == styles])
        for live in (one for one in settled if one.styles == styles):
            console.print(
                f"rtstyle live with a camera of 1280×720 paints at {live.lines} lines, {live.live_fps:.1f} fps"
                + ("" if live.at_rest else "; the size was still changing"),
                soft_wrap=True,
            )


def _chart(console: Console, speeds: Sequence[Speed]) -> None:
    from rtstyle.jobs.bench.bench import SIZES

    first = speeds[0]
    network = f"{first.network} network, " if first.network else ""
    console.print(f"\n[bold]{escape(', '.join(first.styles))}[/bold] ({escape(network)}{first.provider})")
    table = Table(box=None, pad_edge=False)
    for header in ("size", "pixels", "transcode", "fps", "1 h takes", f"live, of {_CAMERA_FPS}", "fps"):
        table.add_column(header, justify="right" if header in {"fps", "1 h takes"} else "left", no_wrap=True)
    for speed in speeds:
        about = "" if speed.measured else "≈"
        table.add_row(
            speed.size if speed.size in SIZES else "",
            f"{speed.width}×{speed.height}",
            _bar(speed.film_fps, _FULL_BAR_FPS, 16, _FILM_FPS),
            f"{about}{speed.film_fps:.1f}",
            spoken_time(3600 * _FILM_FPS / speed.film_fps),
            _bar(speed.live_fps, _CAMERA_FPS, 10, _CAMERA_FPS),
            f"{about}{speed.live_fps:.1f}",
        )
    console.print(table)


def _bar(fps: float, full: float, width: int, real_time: float) -> Bar:
    """Green at or near real time."""
    return Bar(full, 0, min(fps, full), width=width, color="green" if fps >= 0.95 * real_time else "yellow")
