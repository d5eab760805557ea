"""``rtstyle inspect``."""

from __future__ import annotations

import json as jsonlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtstyle.cli.options import Channels, InputRange, Json, Layout, convention_query
from rtstyle.cli.outcome import one_sentence

if TYPE_CHECKING:
    from rtstyle.export.anatomy import Anatomy

_LONGEST = 160  # characters of a metadata value shown on a terminal


def inspect(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A style's name or any .onnx file.", show_default=False)
    ],
    *,
    input_range: InputRange = None,
    layout: Layout = None,
    channels: Channels = None,
    json: Json = False,
) -> None:
    """Describe a network: contract, inputs, size, operations, which engines run it here, and what it lacks.

    [bold]rtstyle inspect wave[/bold]

    [bold]rtstyle inspect their.onnx --json[/bold]
    """
    with one_sentence():
        from rtstyle.errors import UsageError
        from rtstyle.export.anatomy import inspect_model
        from rtstyle.foreign.convention import Convention
        from rtstyle.styles import find_style

        words = convention_query(input_range, layout, channels)
        convention = Convention.read(words) if words else None
        if Path(model).suffix.lower() == ".onnx":
            path = Path(model)
        else:
            style = find_style(model)
            if words and "?" in model:
                raise UsageError(f"{model}: says already how to read it; add to that, or leave out the options")
            path, convention = style.path, convention or (None if style.metadata else style.convention)
        anatomy = inspect_model(path, convention)
        typer.echo(jsonlib.dumps(asdict(anatomy)) if json else "\n".join(_lines(anatomy)))


def _lines(anatomy: Anatomy) -> list[str]:
    gflop = "" if anatomy.gflop_720p is None else f", {anatomy.gflop_720p:.2f} GFLOP a frame of 1280×720"
    operators = ", ".join(f"{count} {name}" for name, count in anatomy.operators.items())
    rows = [
        ("file", f"{anatomy.path}, {anatomy.bytes:,} bytes"),
        ("sha256", anatomy.sha256),
        ("contract", anatomy.contract or "none: not made by rtstyle"),
        *(("input", text) for text in anatomy.inputs),
        *(("output", text) for text in anatomy.outputs),
        ("opset", str(anatomy.opset)),
        ("size", f"{anatomy.parameters:,} parameters{gflop}"),
        ("operators", operators),
        *([("in 8 bits", anatomy.twin)] if anatomy.twin else []),
        *((f"on {name}", text) for name, text in anatomy.runs_on.items()),
        *(("lacks", text) for text in anatomy.lacks),
        *((name, _cut(text)) for name, text in anatomy.metadata.items() if text and name != "contract"),
    ]
    return [f"{name:18} {text}" for name, text in rows]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST or not sys.stdout.isatty() else f"{text[: _LONGEST - 1]}…"
