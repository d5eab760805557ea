"""What the stylizer asks of an inference runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rtstyle.frames import Images


class Engine(Protocol):
    """Runs one model. What it returns is the caller's to keep: no later call writes into it."""

    @property
    def name(self) -> str:
        """The provider in words: ``OpenVINO CPU bf16``."""
        ...

    def prepare(self, height: int, width: int) -> None:
        """Make ready for frames of this size, so that the first one need not wait. Raises DeviceError."""
        ...

    def __call__(self, frames: Images, /) -> Images:
        """(N, H, W, 3) uint8 RGB to the same. Raises DeviceError."""
        ...

    def close(self) -> None: ...
