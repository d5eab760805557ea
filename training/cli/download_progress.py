"""How far a download has come, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

from training.cli.console import console
from training.download.progress import Progress

QUIET_EVERY_S = 20.0  # off a terminal, a line this often


@contextmanager
def shown() -> Iterator[Callable[[Progress], None]]:
    """Gives the callback that shows it."""
    if not console.is_terminal:
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, TextColumn("ETA"), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("connecting", total=None)

        def update(now: Progress) -> None:
            bar.update(task, description=now.what, completed=now.done, total=now.total)

        yield update


def _lines() -> Callable[[Progress], None]:
    due = time.monotonic() + QUIET_EVERY_S

    def update(now: Progress) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        due = time.monotonic() + QUIET_EVERY_S
        total = "" if now.total is None else f" of {now.total / 1e6:,.0f}"
        eta = "" if now.eta_s is None else f", ETA {now.eta_s / 60:.1f} min"
        speed = f"{now.bytes_a_second / 1e6:.1f} MB/s"
        console.print(f"{now.what}: {now.done / 1e6:,.0f}{total} MB, {speed}{eta}", highlight=False)

    return update
