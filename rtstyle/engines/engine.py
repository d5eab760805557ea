"""What the stylizer requires of an inference runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rtstyle.frames import Images


class Engine(Protocol):
    """Runs one model. The caller may keep what it returns: no later call writes into it."""

    @property
    def name(self) -> str:
        """The provider in words: ``OpenVINO CPU bf16``."""
        ...

    def prepare(self, height: int, width: int, *, yuv: int | None = None) -> None:
        """Prepare for frames of this size, so that the first one need not wait. Raises DeviceError.

        ``yuv``: AVCOL_SPC_* of the I420 wanted from now on instead of RGB; an engine need not support it.
        """
        ...

    def __call__(self, frames: Images, /) -> Images:
        """(N, H, W, 3) uint8 RGB to the same, or to (N, 3/2 H, W) I420. Raises DeviceError."""
        ...

    def close(self) -> None: ...
