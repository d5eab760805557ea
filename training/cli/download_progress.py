"""Progress of a download."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from rtstyle.times import spoken_time
from training.cli.progress import shown
from training.download.progress import Progress


def downloading() -> AbstractContextManager[Callable[[Progress], None]]:
    """Give the callback that shows it."""
    return shown(
        *(TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn()),
        *(TextColumn("ETA"), TimeRemainingColumn()),
        bar=lambda now: {"description": now.what, "completed": now.done, "total": now.total},
        line=_line,
    )


def _line(now: Progress) -> str:
    total = "" if now.total is None else f" of {now.total / 1e6:,.0f}"
    eta = "" if now.eta_s is None else f", ETA {spoken_time(now.eta_s)}"
    return f"{now.what}: {now.done / 1e6:,.0f}{total} MB, {now.bytes_a_second / 1e6:.1f} MB/s{eta}"
