"""``rtstyle image``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from rtstyle.cli.dry_run import Prospect, tell
from rtstyle.cli.options import (
    Channels,
    Device,
    DryRun,
    InputRange,
    Json,
    Layout,
    Mix,
    Overwrite,
    Precision,
    Strength,
    Style,
    required,
    told,
)
from rtstyle.cli.outcome import one_sentence, show
from rtstyle.cli.progress import shown, shown_all
from rtstyle.cli.several import conclude, goes_into_folder, line_of
from rtstyle.jobs.defaults import DEVICE, PHOTO_PRECISION, STRENGTH


def image(
    *,
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Photos, or folders.", show_default=False)],
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="A .png, .jpg or .webp; for several photos a folder.", show_default=False),
    ],
    style: Style = None,
    mix: Mix = None,
    input_range: InputRange = None,
    layout: Layout = None,
    channels: Channels = None,
    strength: Strength = STRENGTH,
    device: Device = DEVICE,
    precision: Precision = PHOTO_PRECISION,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Paint photos, upright and in the size they have; EXIF, colour profile and transparency are kept.

    [bold]rtstyle image photo.jpg -o painting.png --style wave[/bold]

    [bold]rtstyle image *.jpg -o paintings/ --style starry-night[/bold]
    """
    with one_sentence():
        (chosen,) = required(told([style] if style else (), input_range, layout, channels), mix)
        if goes_into_folder(inputs, output):
            _several(
                inputs, output, _Given(chosen, strength, device, precision, overwrite), dry_run=dry_run, as_json=json
            )
            return
        if dry_run:
            tell([Prospect(inputs[0], output)], as_json=json)
            return
        from rtstyle.jobs.photos import stylize_photos

        with shown(output) as progress:
            report = stylize_photos(
                inputs,
                output,
                style=chosen,
                strength=strength,
                device=device,
                precision=precision,
                overwrite=overwrite,
                progress=progress,
            )
        show(report, output=output, as_json=json)


@dataclass(frozen=True, slots=True)
class _Given:
    """What all photos of one command have in common."""

    style: str
    strength: float
    device: str
    precision: str
    overwrite: bool


def _several(inputs: list[str], output: str, given: _Given, *, dry_run: bool, as_json: bool) -> None:
    from rtstyle.jobs.many import errands
    from rtstyle.jobs.photos import stylize_each
    from rtstyle.sinks.photo_writer import SUFFIXES

    def name(path: Path) -> str:
        return path.name if path.suffix.lower() in SUFFIXES else f"{path.stem}.png"

    todo = errands(inputs, Path(output), set(SUFFIXES), name)
    if dry_run:
        tell([Prospect(str(errand.input), str(errand.output)) for errand in todo], as_json=as_json)
        return
    with shown_all(len(todo)) as board:
        outcomes = stylize_each(
            todo,
            style=given.style,
            strength=given.strength,
            device=given.device,
            precision=given.precision,
            overwrite=given.overwrite,
            done=lambda outcome: board.done(line_of(outcome)),
        )
    conclude(outcomes, as_json=as_json)
