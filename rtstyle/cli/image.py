"""``rtstyle image``."""

from __future__ import annotations

from typing import Annotated

import typer

from rtstyle.cli.options import Device, Json, Overwrite, Strength, Style
from rtstyle.cli.outcome import one_sentence, show
from rtstyle.cli.progress import shown
from rtstyle.jobs.defaults import DEVICE, STRENGTH


def image(
    *,
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Photos, or folders.", show_default=False)],
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="A .png, .jpg or .webp; for several photos a folder.", show_default=False),
    ],
    style: Style,
    strength: Strength = STRENGTH,
    device: Device = DEVICE,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Paint photos, upright and in the size they have.

    [bold]rtstyle image photo.jpg -o painting.png --style wave[/bold]

    [bold]rtstyle image *.jpg -o paintings/ --style starry-night[/bold]
    """
    with one_sentence():
        from rtstyle.jobs.photos import stylize_photos

        with shown(output) as progress:
            report = stylize_photos(
                inputs,
                output,
                style=style,
                strength=strength,
                device=device,
                overwrite=overwrite,
                progress=progress,
            )
        show(report, output=output, as_json=json)
