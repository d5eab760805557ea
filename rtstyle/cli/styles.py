"""``rtstyle styles``."""

from __future__ import annotations

import json as jsonlib

import typer
from rich.console import Console
from rich.table import Table

from rtstyle.cli.options import Json
from rtstyle.cli.outcome import one_sentence
from rtstyle.styles import Style


def styles(*, json: Json = False) -> None:
    """List the bundled styles, as their model files describe themselves.

    [bold]rtstyle styles --json[/bold]
    """
    with one_sentence():
        from rtstyle.styles import list_styles

        found = list_styles()
        if json:
            typer.echo(jsonlib.dumps({"styles": [_fields(style) for style in found]}))
            return
        table = Table("name", "title", "artist", "year", "network", "size", "licence", box=None, pad_edge=False)
        for style in found:
            size = f"{style.size / 1e6:.2f} MB"
            several = f" ({', '.join(style.styles)})" if len(style.styles) > 1 else ""
            table.add_row(
                style.name + several, style.title, style.artist, style.year, style.network, size, style.licence
            )
        Console().print(table)


def _fields(style: Style) -> dict[str, object]:
    return {
        "name": style.name,
        "title": style.title,
        "artist": style.artist,
        "year": style.year,
        "network": style.network,
        "size": style.size,
        "licence": style.licence,
        "path": str(style.path),
        "styles": list(style.styles),
    }
