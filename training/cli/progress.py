"""Progress on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rich.progress import Progress as Bar
from rich.progress import ProgressColumn

from training.cli.console import console

QUIET_EVERY_S = 20.0  # off a terminal, a line this often
Now = TypeVar("Now")


@contextmanager
def shown(
    *columns: ProgressColumn, bar: Callable[[Now], dict[str, Any]], line: Callable[[Now], str]
) -> Iterator[Callable[[Now], None]]:
    """Gives the callback that shows it: ``bar`` says what the columns need to know, ``line`` the same in words."""
    if not console.is_terminal:
        yield _lines(line)
        return
    with Bar(*columns, console=console, transient=True) as drawn:
        task = drawn.add_task("", total=None, eta="")
        yield lambda now: drawn.update(task, **bar(now))


def _lines(line: Callable[[Now], str]) -> Callable[[Now], None]:
    due = time.monotonic() + QUIET_EVERY_S

    def update(now: Now) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + QUIET_EVERY_S
            console.print(line(now), highlight=False)

    return update
