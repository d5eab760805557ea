"""``rtstyle cameras``."""

from __future__ import annotations

import json as jsonlib

import typer

from rtstyle.cli.options import Json
from rtstyle.cli.outcome import one_sentence


def cameras(*, json: Json = False) -> None:
    """List the cameras and, on Linux, their formats and sizes.

    [bold]rtstyle cameras --json[/bold]
    """
    with one_sentence():
        from dataclasses import asdict

        from rtstyle.sources.camera_list import list_cameras

        found = list_cameras()
        if json:
            typer.echo(jsonlib.dumps({"cameras": [asdict(camera) for camera in found]}))
            return
        if not found:
            typer.echo("no cameras; `rtstyle live test` works without one")
        for camera in found:
            typer.echo(f"{camera.address}  {camera.name or camera.trouble}")
            for name, sizes in camera.formats.items():
                typer.echo(f"  {name}  {' '.join(f'{width}x{height}' for width, height in sizes)}")
