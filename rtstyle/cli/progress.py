"""Progress on stderr: a bar on a terminal, otherwise a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from rtstyle.cli.now_and_then import draws, now_and_then
from rtstyle.meter import Progress
from rtstyle.times import spoken_time

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

LINE_EVERY_S = 5.0  # between two lines without a terminal


@contextmanager
def shown(what: str) -> Iterator[Callable[[Progress], None]]:
    """Give the callback that shows the progress of ``what``."""
    console = _terminal()
    if console is None:
        yield _lines(what)
        return
    with _bar(console) as bar:
        yield _updater(bar, bar.add_task(what, total=None, fps=""))


class Board:
    """Shows the current file and how many of all are done."""

    def __init__(self, bar: Bar | None, total: int) -> None:
        self._bar, self._total, self._count = bar, total, 0
        self._all = None if bar is None else bar.add_task("all files", total=total, fps="")
        self._file: TaskID | None = None

    def file(self, what: str) -> Callable[[Progress], None]:
        """The callback for the next file."""
        if self._bar is None:
            return _lines(what)
        self._file = self._bar.add_task(what, total=None, fps="")
        return _updater(self._bar, self._file)

    def done(self, line: str) -> None:
        """Count a file as done or failed, and show ``line``."""
        self._count += 1
        if self._bar is None or self._all is None:
            typer.echo(f"{self._count} of {self._total}: {line}", err=True)
            return
        if self._file is not None:
            self._bar.remove_task(self._file)
            self._file = None
        self._bar.advance(self._all)
        self._bar.console.out(line, highlight=False)


@contextmanager
def shown_all(total: int) -> Iterator[Board]:
    """Give the board for ``total`` files."""
    console = _terminal()
    if console is None:
        yield Board(None, total)
        return
    with _bar(console) as bar:
        yield Board(bar, total)


def _terminal() -> Console | None:
    """What bars are drawn on, if anything."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console  # imported here: 25 ms that are only needed on a terminal

    console = Console(stderr=True)
    return console if draws(console) else None


def _bar(console: Console) -> Bar:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    what = TextColumn("{task.description}", markup=False)  # a file may be called [x264]
    columns = (what, BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[fps]}"))
    return Bar(*columns, TextColumn("ETA"), TimeRemainingColumn(), console=console, transient=True)


def _updater(bar: Bar, task: TaskID) -> Callable[[Progress], None]:
    def update(now: Progress) -> None:
        bar.update(task, completed=now.frames, total=now.total, fps=f"{now.fps:.1f} fps")

    return update


def _lines(what: str) -> Callable[[Progress], None]:
    def line(now: Progress) -> str:
        total = "" if now.total is None else f" of {now.total}"
        eta = "" if now.eta_s is None else f", ETA {spoken_time(now.eta_s)}"
        return f"{what}: {now.frames}{total} frames, {now.fps:.1f} fps{eta}"

    return now_and_then(line, every_s=LINE_EVERY_S)
