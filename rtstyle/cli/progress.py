"""Progress on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from rtstyle.meter import Progress

_EVERY_S = 5.0  # between two lines where there is no terminal


@contextmanager
def shown(what: str) -> Iterator[Callable[[Progress], None]]:
    """Give the callback that shows how far ``what`` has come."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(console, what)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[fps]}"))
    with Bar(*columns, TextColumn("ETA"), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(what, total=None, fps="")

        def update(now: Progress) -> None:
            bar.update(task, completed=now.frames, total=now.total, fps=f"{now.fps:.1f} fps")

        yield update


def _lines(console: Console, what: str) -> Callable[[Progress], None]:
    due_s = _EVERY_S

    def update(now: Progress) -> None:
        nonlocal due_s
        if now.seconds < due_s:
            return
        due_s = now.seconds + _EVERY_S
        total = "" if now.total is None else f" of {now.total}"
        eta = "" if now.eta_s is None else f", ETA {now.eta_s:.0f} s"
        console.out(f"{what}: {now.frames}{total} frames, {now.fps:.1f} fps{eta}", highlight=False)

    return update
