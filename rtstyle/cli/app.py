"""Puts the commands together."""

from __future__ import annotations

from typing import Annotated

import typer

import rtstyle
from rtstyle.cli.bench import bench
from rtstyle.cli.cameras import cameras
from rtstyle.cli.export import export
from rtstyle.cli.image import image
from rtstyle.cli.inspect import inspect
from rtstyle.cli.keyframe import keyframe
from rtstyle.cli.live import live
from rtstyle.cli.styles import styles
from rtstyle.cli.transcode import transcode

app = typer.Typer(
    name="rtstyle",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(live)
app.command()(transcode)
app.command()(image)
app.command()(keyframe)
app.command()(styles)
app.command()(export)
app.command()(inspect)
app.command()(cameras)
app.command()(bench)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"rtstyle {rtstyle.__version__}")
        raise typer.Exit


@app.callback()
def _rtstyle(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Paint video and photos in the style of an artwork.

    [bold]rtstyle live[/bold] paints your camera's picture; [bold]rtstyle styles[/bold] lists the artworks;
    [bold]rtstyle transcode clip.mp4 -o painting.mp4 --style wave[/bold] paints a clip.
    """
