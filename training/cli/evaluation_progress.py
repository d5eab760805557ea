"""How far an evaluation has come, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bar

from training.cli.console import console
from training.evaluation.evaluate import Progress

QUIET_EVERY_S = 20.0  # off a terminal, a line this often


@contextmanager
def shown() -> Iterator[Callable[[Progress], None]]:
    """Gives the callback that shows it."""
    if not console.is_terminal:
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[eta]}"))
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=1, eta="")

        def update(now: Progress) -> None:
            bar.update(task, description=now.what, completed=now.done, eta=_eta(now))

        yield update


def _lines() -> Callable[[Progress], None]:
    due = time.monotonic() + QUIET_EVERY_S

    def update(now: Progress) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        due = time.monotonic() + QUIET_EVERY_S
        console.print(f"{now.what}  {now.done:.0%} {_eta(now)}", highlight=False)

    return update


def _eta(now: Progress) -> str:
    return f"ETA {now.eta_s / 60:.0f} min" if now.eta_s >= 90 else f"ETA {now.eta_s:.0f} s"  # noqa: PLR2004 - 1.5 min
