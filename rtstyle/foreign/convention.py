"""How a foreign network takes its pictures; what is not given is detected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self, cast, get_args

from rtstyle.errors import UsageError

Range = Literal["0..255", "0..1", "-1..1"]
# From 0..255 to each: scale, offset.
SCALING: Mapping[Range, tuple[float, float]] = {
    "0..255": (1.0, 0.0),
    "0..1": (1 / 255, 0.0),
    "-1..1": (1 / 127.5, -1.0),
}
Layout = Literal["nchw", "nhwc"]
Channels = Literal["rgb", "bgr"]


@dataclass(frozen=True, slots=True)
class Convention:
    """How a foreign network takes pictures; None means detect it."""

    range: Range | None = None  # of the input values
    layout: Layout | None = None
    channels: Channels = "rgb"  # cannot be detected

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``range=0..1&channels=bgr``. Raises UsageError."""
        given = dict(part.partition("=")[::2] for part in text.split("&") if part)
        if unknown := sorted(set(given) - {"range", "layout", "channels"}):
            raise UsageError(f"{unknown[0]}: expected range, layout or channels")
        return cls(
            range=cast("Range | None", _one_of(given.get("range"), "--input-range", get_args(Range))),
            layout=cast("Layout | None", _one_of(given.get("layout"), "--layout", get_args(Layout))),
            channels=cast("Channels", _one_of(given.get("channels", "rgb"), "--channels", get_args(Channels))),
        )


def _one_of(given: str | None, option: str, words: tuple[str, ...]) -> str | None:
    if given is not None and given not in words:
        raise UsageError(f"{option} {given}: expected one of: {', '.join(words)}")
    return given
