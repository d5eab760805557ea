"""Progress of an evaluation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from rich.progress import BarColumn, TaskProgressColumn, TextColumn

from rtstyle.times import spoken_time
from training.cli.progress import shown
from training.evaluation.evaluate import Progress


def evaluating() -> AbstractContextManager[Callable[[Progress], None]]:
    """Give the callback that shows it."""
    return shown(
        *(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[eta]}"),
        ),
        bar=lambda now: {"description": now.what, "completed": now.done, "total": 1, "eta": _eta(now)},
        line=lambda now: f"{now.what}  {now.done:.0%} {_eta(now)}",
    )


def _eta(now: Progress) -> str:
    return f"ETA {spoken_time(now.eta_s)}"
