"""Progress without a terminal: a line on stderr now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console

Now = TypeVar("Now")


def draws(console: Console) -> bool:
    """Whether bars are seen on stderr: a terminal, whatever FORCE_COLOR says, and one that takes them."""
    return sys.stderr.isatty() and console.is_terminal


def now_and_then(
    line: Callable[[Now], str], *, every_s: float, always: Callable[[Now], bool] = lambda _: False
) -> Callable[[Now], None]:
    """Return a callback that prints ``line`` every ``every_s`` seconds, and whenever ``always`` is true."""
    due_s = time.monotonic() + every_s

    def update(now: Now) -> None:
        nonlocal due_s
        if time.monotonic() >= due_s or always(now):
            due_s = time.monotonic() + every_s
            typer.echo(line(now), err=True)

    return update
