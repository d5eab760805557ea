"""How far a training has come, on stderr."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from training import loop
from training.cli.console import console

QUIET_EVERY_S = 20.0  # off a terminal, a line this often


class Reporter:
    """Progress as a bar on a terminal, as a line now and then elsewhere; Ctrl-C and `kill` stop between two steps."""

    def __init__(self, steps: int, *, quiet: bool = False) -> None:
        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        losses = TextColumn("{task.fields[losses]}")
        self.bar = Progress(*columns, losses, console=console, disable=quiet or not console.is_terminal)
        self.task = self.bar.add_task("", total=steps, losses="")
        self.last_line = time.monotonic()
        self.quiet = quiet
        self.skipped = ""  # photos and steps, in words
        self.stopped = False

    def __enter__(self) -> Self:
        self.bar.start()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        self.bar.stop()

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        """Inside a step the weights are half changed: wait for its end, but not if asked twice."""
        if self.stopped:
            signal.default_int_handler(number, None)
        self.stopped = True

    def __call__(self, progress: loop.Progress) -> None:
        losses = "  ".join(f"{name} {value:.4g}" for name, value in progress.losses.items())
        self.bar.update(self.task, completed=progress.step, losses=losses)
        due = time.monotonic() - self.last_line >= QUIET_EVERY_S or progress.step == progress.steps
        if due and not self.quiet and not console.is_terminal:
            self.last_line = time.monotonic()
            console.print(f"step {progress.step}/{progress.steps}  {losses}  {progress.eta_s / 60:.1f} min to go")
        self.skipped = progress.skipped_photos + (
            f", {progress.skipped_steps} steps too" if progress.skipped_steps else ""
        )
        if self.stopped:
            raise KeyboardInterrupt
