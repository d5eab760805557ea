"""``rtstyle transcode``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from rtstyle.choices import DECODER, ENCODER, ON_ERROR
from rtstyle.cli.film_options import (
    Beginning,
    Bitrate,
    Codec,
    Crf,
    Crossfade,
    Decoder,
    Encoder,
    Length,
    NoAudio,
    NoMetadata,
    NoSubtitles,
    OnError,
    Preset,
    Preview,
    Rate,
    Resume,
    Steady,
)
from rtstyle.cli.films import Films, preview_name
from rtstyle.cli.options import (
    Brushwork,
    Channels,
    Device,
    DryRun,
    InputRange,
    Json,
    KeepColors,
    Layout,
    Mix,
    Overwrite,
    Precision,
    Scale,
    Strength,
    Styles,
    required,
    with_convention,
)
from rtstyle.cli.outcome import one_sentence
from rtstyle.cli.several import goes_into_folder
from rtstyle.jobs.defaults import BATCH, DEVICE, PRECISION, STRENGTH


def transcode(
    *,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Videos, folders, numbered pictures (frame_%04d.png) or a stream's URL.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="An .mp4, .m4v, .mov, .mkv or .webm file; for several videos, a folder.",
            show_default=False,
        ),
    ],
    style: Styles = None,
    mix: Mix = None,
    input_range: InputRange = None,
    layout: Layout = None,
    channels: Channels = None,
    strength: Strength = STRENGTH,
    crossfade: Crossfade = "0",
    keep_colors: KeepColors = False,
    steady: Steady = False,
    scale: Scale = 1.0,
    brushwork: Brushwork = 0.0,
    start: Beginning = None,
    duration: Length = None,
    rate: Rate = None,
    preview: Preview = None,
    codec: Codec = None,
    crf: Crf = None,
    preset: Preset = None,
    bitrate: Bitrate = None,
    encoder: Encoder = ENCODER,
    decoder: Decoder = DECODER,
    no_audio: NoAudio = False,
    no_subtitles: NoSubtitles = False,
    no_metadata: NoMetadata = False,
    on_error: OnError = ON_ERROR,
    resume: Resume = False,
    batch: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Frames per network run; default: 1, on NVIDIA GPUs as many as fit.",
            show_default=False,
        ),
    ] = BATCH,
    device: Device = DEVICE,
    precision: Precision = PRECISION,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Paint videos, keeping sound, subtitles, chapters and every frame's timing.

    [bold]rtstyle transcode clip.mp4 -o painting.mp4 --style wave[/bold]

    [bold]rtstyle transcode film.mkv -o film-painted.mkv --style wave@0 --style starry-night@00:12 --crossfade 1[/bold]

    [bold]rtstyle transcode holiday/ -o painted/ --style wave[/bold]
    """
    with one_sentence(stopped=lambda: _kept(Path(output))):
        from rtstyle.jobs.film.options import FilmOptions
        from rtstyle.jobs.film.task import Task
        from rtstyle.sinks.encoding import Encoding, parse_bitrate
        from rtstyle.sources.streams import Keep
        from rtstyle.times import parse_rate, parse_time

        options = FilmOptions(
            strength=strength,
            keep_colors=keep_colors,
            steady=steady,
            scale=scale,
            brushwork=brushwork,
            precision=precision,
            crossfade=parse_time(crossfade),
            encoding=Encoding(codec, crf, preset, None if bitrate is None else parse_bitrate(bitrate), encoder),
            keep=Keep(audio=not no_audio, subtitles=not no_subtitles, metadata=not no_metadata),
            start=parse_time(start or "0"),
            duration=None if duration is None else parse_time(duration),
            rate=None if rate is None else parse_rate(rate),
            decoder=decoder,
            on_error=on_error,
            resume=resume,
            preview=None if preview is None else parse_time(preview),
        )
        styles = required(with_convention(style, input_range, layout, channels), mix)
        task = partial(Task, style=styles, options=options, batch=batch, device=device, overwrite=overwrite)
        films = Films(task, preview=preview is not None, overwrite=overwrite)
        if goes_into_folder(inputs, output):
            films.several(inputs, output, dry_run=dry_run, as_json=json)
        else:
            films.one(inputs[0], output, dry_run=dry_run, as_json=json)


def _kept(output: Path) -> str:
    """Where segments are kept after Ctrl-C: of one film, of its preview or of all in a folder."""
    from rtstyle.jobs.film.work_folder import folder_of

    candidates = map(folder_of, (output, preview_name(output)))
    found = sorted(output.rglob("*.rtstyle")) if output.is_dir() else [path for path in candidates if path.is_dir()]
    if not found:
        return "no segment was finished yet, so nothing is kept of the film that was being painted"
    return f"finished segments are kept in {', '.join(map(str, found))}; continue with --resume"
