"""What a target is asked to make, what it made, and what a target is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rtstyle.errors import UsageError
from rtstyle.style import MIN_SIZE

if TYPE_CHECKING:
    from onnx import ModelProto

    from rtstyle.frames import Image, Images
    from rtstyle.style import Style

_MAX_SIZE = 8192  # pixels: a target is tried with a frame of its size, which has to fit into memory

Run = Callable[["Images"], "Images"]  # (N, H, W, 3) uint8 RGB to the same


@dataclass(frozen=True, slots=True)
class Size:
    """The frame size a network is made for, if it is made for one only. Raises UsageError for an impossible one."""

    width: int  # pixels
    height: int  # pixels
    batch: int = 1  # frames

    def __post_init__(self) -> None:
        sides = self.width, self.height
        if not (min(sides) >= MIN_SIZE and max(sides) <= _MAX_SIZE and self.batch >= 1):
            raise UsageError(
                f"size: expected {MIN_SIZE} to {_MAX_SIZE} pixels a side, and at least one frame, got {self}"
            )

    def __str__(self) -> str:
        return f"{self.width}x{self.height}" + (f"x{self.batch}" if self.batch != 1 else "")


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A style and its network under the model contract, in float32."""

    style: Style
    model: ModelProto  # uint8 (N, H, W, 3) in and out; of the order's size, if it has one
    styles: tuple[str, ...]  # what it can paint: all inside, or the only one that the target leaves


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """What to make: of which networks, under which name, for which size."""

    subjects: tuple[Subject, ...]  # one, but for targets that take several
    name: str  # the output's own, without its folder: wave.onnx
    size: Size | None = None  # None: any
    photos: Sequence[Image] = field(default=(), repr=False)  # the user's own, to calibrate with; may be none

    @property
    def model(self) -> ModelProto:
        """The network of the only subject."""
        return self.subjects[0].model


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """The result, besides the files."""

    runs: tuple[Run, ...] = ()  # each subject's network as it was made; none where it cannot be run on this machine
    notes: tuple[str, ...] = ()  # sentences for the user


class Target(Protocol):
    """One way to deploy: a module of this package, which ``targets.py`` lists."""

    @property
    def SUFFIX(self) -> str:  # noqa: N802 - a module's constant
        """How the output's name ends; empty where it is a folder."""
        ...

    @property
    def SEVERAL(self) -> bool:  # noqa: N802 - as above
        """Whether it takes several styles at once."""
        ...

    def make(self, order: Order, folder: Path) -> Made:
        """Write into the empty ``folder``: the file ``order.name`` and what belongs to it, or a folder's content.

        All files appear under their final names later, together, or not at all. Raises RtstyleError.
        """
        ...
