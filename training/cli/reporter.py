"""How far a training has come, on stderr."""

from __future__ import annotations

import signal
from contextlib import AbstractContextManager, nullcontext
from types import FrameType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from rtstyle.times import spoken_time
from training.cli.progress import Callback, shown
from training.loop import Progress


class Reporter:
    """Shows progress unless ``quiet``; Ctrl-C and `kill` stop it between two steps."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._display = nullcontext(lambda _: None) if quiet else _display()
        self.skipped = ""  # photos and steps, in words
        self.stopped = False

    def __enter__(self) -> Self:
        self._show = self._display.__enter__()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        self._display.__exit__(None, None, None)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        """Within a step the weights are half updated: wait for its end, unless asked twice."""
        if self.stopped:
            signal.default_int_handler(number, None)
        self.stopped = True

    def __call__(self, progress: Progress) -> None:
        self._show(progress)
        self.skipped = progress.skipped_photos + (
            f", {progress.skipped_steps} steps too" if progress.skipped_steps else ""
        )
        if self.stopped:
            raise KeyboardInterrupt


def _display() -> AbstractContextManager[Callback[Progress]]:
    return shown(
        *(TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()),
        TextColumn("{task.fields[losses]}"),
        bar=lambda now: {"completed": now.step, "total": now.steps, "losses": _losses(now)},
        line=lambda now: f"step {now.step}/{now.steps}  {_losses(now)}  ETA {spoken_time(now.eta_s)}",
        always=lambda now: now.step == now.steps,
    )


def _losses(progress: Progress) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in progress.losses.items())
