"""Progress of a painting by optimisation, on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from rtstyle.cli.now_and_then import draws, now_and_then
from rtstyle.cli.progress import LINE_EVERY_S
from rtstyle.times import spoken_time

if TYPE_CHECKING:
    from rtstyle.gatys.run import Step


@contextmanager
def painting_shown(what: str) -> Iterator[Callable[[Step], None]]:
    """Give the callback that shows iteration, losses and time left."""
    console = Console(stderr=True)
    if not draws(console):
        yield now_and_then(
            lambda step: f"{what}: {described(step)}", every_s=LINE_EVERY_S, always=lambda step: step.iteration == 1
        )
        return
    with console.status(escape(what)) as status:
        yield lambda step: status.update(escape(f"{what}: {described(step)}"))


def described(step: Step) -> str:
    """One line about an iteration."""
    losses = step.losses
    parts = [f"{step.iteration} of {step.iterations}", f"{step.size[1]}×{step.size[0]}"]
    parts += [f"content {_sum(losses.content):.3g}", f"style {_sum(losses.style):.3g}", f"total {losses.total:.4g}"]
    if step.eta_s is not None:
        parts.append(f"ETA {spoken_time(step.eta_s)}")
    return ", ".join(parts)


def _sum(losses: dict[str, float]) -> float:
    return sum(losses.values())
