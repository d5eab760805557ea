"""``rtstyle transcode``."""

from __future__ import annotations

from typing import Annotated

import typer

from rtstyle.cli.options import Device, Json, Overwrite, Strength, Style
from rtstyle.cli.outcome import one_sentence, show
from rtstyle.cli.progress import shown
from rtstyle.jobs.defaults import BATCH, DEVICE, STRENGTH


def transcode(
    *,
    input: Annotated[str, typer.Argument(help="A video file, or a network stream's address.", show_default=False)],
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="The painting: .mp4, .m4v, .mov, .mkv or .webm.", show_default=False),
    ],
    style: Style,
    strength: Strength = STRENGTH,
    batch: Annotated[int, typer.Option(min=1, help="Frames that go through the network at a time.")] = BATCH,
    device: Device = DEVICE,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Paint a video, and keep its sound, its subtitles and every frame's own time.

    [bold]rtstyle transcode clip.mp4 -o painting.mp4 --style wave[/bold]

    [bold]rtstyle transcode clip.mkv -o painting.mkv --style starry-night --strength 0.7[/bold]
    """
    with one_sentence():
        from rtstyle.jobs.transcode import transcode as job

        with shown(output) as progress:
            report = job(
                input,
                output,
                style=style,
                strength=strength,
                batch=batch,
                device=device,
                overwrite=overwrite,
                progress=progress,
            )
        show(report, output=output, as_json=json)
