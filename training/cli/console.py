"""The console on stderr, so that stdout is for results."""

from __future__ import annotations

from rich.console import Console

console = Console(stderr=True, markup=False, highlight=False)


def say(sentence: str) -> None:
    """In one line, as it is: a command in it is there to be copied."""
    console.print(sentence, soft_wrap=True)
