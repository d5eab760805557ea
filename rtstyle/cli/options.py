"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import typer

from rtstyle import choices
from rtstyle.errors import UsageError
from rtstyle.jobs.defaults import SHORT_SIDE

_TIME = re.compile(r"@\d(?!.*\.onnx)[^@]*$", re.IGNORECASE)
_CONVENTION = re.compile(r"\.onnx\?\w+=", re.IGNORECASE)
_FILE = re.compile(r"(\.onnx)(?=@\d|$)", re.IGNORECASE)

Style = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        "-s",
        metavar="NAME|PATH",
        help="A bundled style (NAME is the lite network, NAME-full the full one) or the path of an .onnx file.",
    ),
]
Styles = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        "-s",
        metavar="NAME|PATH[@TIME]",
        help="A bundled style (NAME is the lite network, NAME-full the full one) or the path of an .onnx file; "
        "repeatable, with the times at which they begin.",
    ),
]
Mix = Annotated[
    str | None,
    typer.Option(
        "--mix",
        metavar="NAME=PART,...",
        help="Mix the styles of one network, such as wave=0.7,udnie=0.3; for a network of your own, name its .onnx "
        "as the style.",
        show_default=False,
    ),
]
InputRange = Annotated[
    str | None,
    typer.Option(
        "--input-range",
        metavar="LOW..HIGH",
        help="Value range of a foreign network: 0..255, 0..1 or -1..1; detected by default.",
        show_default=False,
    ),
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        metavar="nchw|nhwc",
        help="Where a foreign network expects the channels; detected by default.",
        show_default=False,
    ),
]
Channels = Annotated[
    str | None,
    typer.Option(
        "--channels",
        metavar="rgb|bgr",
        help="Colour order a foreign network expects; default: rgb.",
        show_default=False,
    ),
]
Strength = Annotated[
    float, typer.Option(min=0, max=1, help="Share of the painting in the result; the rest is the original.")
]
_SCALE = (
    "Paint at this fraction of the resolution, output at full resolution: at 0.5 strokes are twice as large "
    "and the network has a quarter of the work."
)
Scale = Annotated[float, typer.Option(help=_SCALE)]
PhotoScale = Annotated[
    float | None,
    typer.Option(
        help="Paint at this fraction of the photo's own resolution, output at full resolution; smaller makes strokes "
        f"larger and takes less work. Default: at most {SHORT_SIDE} px on the short side."
    ),
]
Brushwork = Annotated[
    float,
    typer.Option(
        min=0,
        max=1,
        help="Add strokes where there is nothing to paint, such as a sky or a wall: 0 none, 0.5 natural, 1 strong.",
    ),
]
KeepColors = Annotated[
    bool, typer.Option("--keep-colors", help="Keep the original's colours; paint only its lightness.")
]
Device = Annotated[
    str,
    typer.Option(metavar="NAME", help=f"{', '.join(choices.DEVICES[:-1])} or {choices.DEVICES[-1]}."),
]
Precision = Annotated[
    choices.Precision,
    typer.Option(help="auto uses 8 bits on CPUs where that is faster and the style has an 8-bit file."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done, or why it cannot be.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, nothing else.")]


def convention_query(range: str | None, layout: str | None, channels: str | None) -> str:
    """What ``--input-range``, ``--layout`` and ``--channels`` say, as it stands behind a file's name and a ``?``."""
    given = {"range": range, "layout": layout, "channels": channels}
    return "&".join(f"{name}={value}" for name, value in given.items() if value is not None)


def with_convention(
    styles: Sequence[str] | None, range: str | None, layout: str | None, channels: str | None
) -> list[str]:
    """The styles, with what ``--input-range``, ``--layout`` and ``--channels`` say of those that are files."""
    words = convention_query(range, layout, channels)
    found = list(styles or ())
    if not words:
        return found
    if not any(_FILE.search(style) for style in found):
        raise UsageError("--input-range, --layout and --channels: expected a foreign network, such as their.onnx")
    return [_FILE.sub(lambda found: f"{found[1]}?{words}", style) for style in found]


def with_mix(styles: Sequence[str], mix: str | None, *, what: str = "--style") -> list[str]:
    """Combine ``--style`` and ``--mix``. Raises UsageError where they contradict each other.

    ``what``: what this command calls the style.
    """
    if mix is None:
        return list(styles)
    names = mix.split(",")
    if any("=" not in name for name in names):
        spelt = ",".join(name if "=" in name else f"{name.strip()}=1" for name in names)
        raise UsageError(f"--mix {mix}: expected an amount for every style, as in {spelt}")
    if styles and _TIME.search(styles[0]):
        raise UsageError(f"--mix: expected {what} without a time, got {styles[0]}; a mix lasts from beginning to end")
    if len(styles) > 1:
        raise UsageError(f"--mix: expected at most one {what}, the network that holds the styles of the mix")
    if styles and _CONVENTION.search(styles[0]):
        raise UsageError(
            "--mix: expected a network made by rtstyle, got --input-range, --layout or --channels, "
            "which are for foreign networks; leave them out"
        )
    return [f"{styles[0]}:{mix}" if styles else mix]


def required(styles: Sequence[str], mix: str | None, *, what: str = "--style") -> list[str]:
    """The same, but at least one style must be given."""
    found = with_mix(styles, mix, what=what)
    if not found:
        raise UsageError(f"{what}: expected a style, got none; `rtstyle styles` lists the bundled ones")
    return found
