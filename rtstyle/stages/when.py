"""A stage that can be switched off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtstyle.frames import Batch
    from rtstyle.protocols import Stage


class When:
    """Sends batches through ``stage`` while ``is_on()``; when switched off, the stage is reset once.

    In a report it has the stage's name.
    """

    def __init__(self, is_on: Callable[[], bool], stage: Stage) -> None:
        self.name = type(stage).__name__
        self._is_on = is_on
        self._stage = stage
        self._was_on = False

    def __call__(self, batch: Batch, /) -> Batch:
        was_on, self._was_on = self._was_on, self._is_on()
        if self._was_on:
            return self._stage(batch)
        if was_on:
            self._stage.reset()
        return batch

    def reset(self) -> None:
        self._stage.reset()
