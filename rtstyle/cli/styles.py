"""``rtstyle styles``."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rtstyle.cli.options import Json
from rtstyle.cli.outcome import one_sentence
from rtstyle.style import Style


def styles(
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the files against the SHA-256 in their manifests.")
    ] = False,
    json: Json = False,
) -> None:
    """List the available styles, the bundled ones first, then your own.

    Your own are in the folder that RTSTYLE_STYLES names, or in rtstyle/styles in your data directory.

    [bold]rtstyle styles --json[/bold]
    """
    with one_sentence():
        if verify:
            _verify(as_json=json)
            return
        from rtstyle.styles import list_styles

        found = list_styles()
        if json:
            typer.echo(jsonlib.dumps({"styles": [_fields(style) for style in found]}))
            return
        Console().print(_table(found))


def _verify(*, as_json: bool) -> None:
    """Exit with 1 unless every file matches its manifest."""
    from rtstyle.manifest import verify

    verdicts = verify()
    if as_json:
        typer.echo(jsonlib.dumps({"models": [{"path": str(one.path), "error": one.error} for one in verdicts]}))
    for one in () if as_json else verdicts:
        typer.echo(f"{one.path}: {one.error or 'matches the manifest'}")
    if any(one.error for one in verdicts):
        raise typer.Exit(1)


def _table(found: Sequence[Style]) -> Table:
    table = Table(box=None, pad_edge=False)
    for header in ("name", "artwork", "network", "size", "licence"):
        table.add_column(header, no_wrap=header != "artwork")  # names must not be cut: they are to be typed
    for style in found:
        inside = f" ({', '.join(style.styles)})" if len(style.styles) > 1 else ""
        artwork = ", ".join(filter(None, (style.title + inside, style.artist, style.year)))
        row = style.name, artwork, style.network, f"{style.size / 1e6:.2f} MB", style.licence
        table.add_row(*map(escape, row))  # [study] is no markup
    return table


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
