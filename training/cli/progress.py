"""Progress on stderr: a bar on a terminal, otherwise a line now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rich.progress import Progress as Bar
from rich.progress import ProgressColumn

from rtstyle.cli.now_and_then import draws, now_and_then
from training.cli.console import console

_EVERY_S = 20.0  # between two lines without a terminal
Now = TypeVar("Now")
Callback = Callable[[Now], None]


@contextmanager
def shown(
    *columns: ProgressColumn,
    bar: Callable[[Now], dict[str, Any]],
    line: Callable[[Now], str],
    always: Callable[[Now], bool] = lambda _: False,
) -> Iterator[Callback[Now]]:
    """Give the callback that shows it: ``bar`` returns the columns' fields, ``line`` the same in words.

    A line is never left out when ``always`` is true.
    """
    if not draws(console):
        yield now_and_then(line, every_s=_EVERY_S, always=always)
        return
    with Bar(*columns, console=console, transient=True) as drawn:
        task = drawn.add_task("", total=None, eta="", losses="")
        yield lambda now: drawn.update(task, **bar(now))
