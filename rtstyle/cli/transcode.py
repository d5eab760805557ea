"""``rtstyle transcode``."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from rtstyle.cli.film_options import (
    Beginning,
    Bitrate,
    Codec,
    Crf,
    Crossfade,
    Encoder,
    KeepColors,
    Length,
    NoAudio,
    NoMetadata,
    NoSubtitles,
    OnError,
    Preset,
    Preview,
    Rate,
    Resume,
    Scale,
    Steady,
)
from rtstyle.cli.options import (
    Channels,
    Device,
    DryRun,
    InputRange,
    Json,
    Layout,
    Mix,
    Overwrite,
    Strength,
    Styles,
    required,
    told,
)
from rtstyle.cli.outcome import one_sentence, show
from rtstyle.cli.progress import shown
from rtstyle.cli.several import do_all, goes_into_folder
from rtstyle.jobs.defaults import BATCH, DEVICE, STRENGTH

if TYPE_CHECKING:
    from rtstyle.jobs.options import Options
    from rtstyle.meter import Progress, Report


def transcode(
    *,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Videos, folders, numbered pictures (frame_%04d.png), or a stream's address.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="The painting: .mp4, .m4v, .mov, .mkv or .webm; for several videos a folder.",
            show_default=False,
        ),
    ],
    style: Styles = None,
    mix: Mix = None,
    input_range: InputRange = None,
    layout: Layout = None,
    channels: Channels = None,
    strength: Strength = STRENGTH,
    crossfade: Crossfade = 0.0,
    keep_colors: KeepColors = False,
    steady: Steady = False,
    scale: Scale = 1.0,
    start: Beginning = None,
    duration: Length = None,
    rate: Rate = None,
    preview: Preview = None,
    codec: Codec = None,
    crf: Crf = None,
    preset: Preset = None,
    bitrate: Bitrate = None,
    encoder: Encoder = "software",
    no_audio: NoAudio = False,
    no_subtitles: NoSubtitles = False,
    no_metadata: NoMetadata = False,
    on_error: OnError = "stop",
    resume: Resume = False,
    batch: Annotated[int, typer.Option(min=1, help="Frames that go through the network at a time.")] = BATCH,
    device: Device = DEVICE,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Paint videos, and keep their sound, subtitles, chapters and every frame's own time.

    [bold]rtstyle transcode clip.mp4 -o painting.mp4 --style wave[/bold]

    [bold]rtstyle transcode film.mkv -o film-painted.mkv --style wave@0 --style starry-night@00:12 --crossfade 1[/bold]

    [bold]rtstyle transcode holiday/ -o painted/ --style wave[/bold]
    """
    with one_sentence(stopped="whole segments are kept in OUTPUT.rtstyle, and --resume goes on"):
        from rtstyle.jobs.options import Options
        from rtstyle.jobs.times import parse_rate, parse_time
        from rtstyle.sinks.encoding import Encoding, parse_bitrate
        from rtstyle.sources.streams import Keep

        options = Options(
            keep_colors=keep_colors,
            steady=steady,
            scale=scale,
            crossfade=Fraction(str(crossfade)),
            encoding=Encoding(codec, crf, preset, None if bitrate is None else parse_bitrate(bitrate), encoder),
            keep=Keep(audio=not no_audio, subtitles=not no_subtitles, metadata=not no_metadata),
            start=parse_time(start or "0"),
            duration=None if duration is None else parse_time(duration),
            rate=None if rate is None else parse_rate(rate),
            on_error=on_error,
            resume=resume,
            preview=None if preview is None else Fraction(str(preview)),
        )
        given = _Given(
            required(told(style, input_range, layout, channels), mix), strength, options, batch, device, overwrite
        )
        if goes_into_folder(inputs, output):
            _several(inputs, output, given, dry_run=dry_run, as_json=json)
        else:
            _one(inputs[0], output, given, dry_run=dry_run, as_json=json)


@dataclass(frozen=True, slots=True)
class _Given:
    """What every film of one command has in common."""

    style: list[str]
    strength: float
    options: Options
    batch: int
    device: str
    overwrite: bool

    def paint(self, input: str, output: str, progress: Callable[[Progress], None]) -> Report:
        from rtstyle.jobs.transcode import transcode as job

        return job(
            input,
            output,
            style=self.style,
            strength=self.strength,
            options=self.options,
            batch=self.batch,
            device=self.device,
            overwrite=self.overwrite,
            progress=progress,
        )


def _one(input: str, output: str, given: _Given, *, dry_run: bool, as_json: bool) -> None:
    if given.options.preview is not None:
        output = str(Path(output).with_suffix(f".preview{Path(output).suffix}"))
    if dry_run:
        _tell([_prospect(input, output, given)], as_json=as_json)
        return
    with shown(output) as progress:
        report = given.paint(input, output, progress)
    show(report, output=output, as_json=as_json)


def _several(inputs: list[str], output: str, given: _Given, *, dry_run: bool, as_json: bool) -> None:
    from rtstyle.jobs.many import VIDEOS, Errand, errands
    from rtstyle.sinks.encoding import MUXERS

    def name(path: Path) -> str:
        suffix = path.suffix if path.suffix.lower() in MUXERS else ".mkv"  # which holds what any of them has
        middle = "" if given.options.preview is None else ".preview"
        return f"{path.stem}{middle}{suffix}"

    todo = errands(inputs, Path(output), VIDEOS, name)
    if dry_run:
        _tell([_prospect(str(errand.input), str(errand.output), given) for errand in todo], as_json=as_json)
        return

    def paint(errand: Errand, progress: Callable[[Progress], None]) -> Report:
        return given.paint(str(errand.input), str(errand.output), progress)

    do_all(todo, paint, overwrite=given.overwrite, as_json=as_json)


def _prospect(input: str, output: str, given: _Given) -> dict[str, object]:
    from rtstyle.jobs.film import look_at
    from rtstyle.jobs.task import Task

    lines = look_at(Task(input=input, output=Path(output), style=given.style, options=given.options, batch=given.batch))
    return {"input": input, "output": output, "streams": lines}


def _tell(prospects: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(jsonlib.dumps({"dry_run": prospects}))
        return
    for prospect in prospects:
        typer.echo(f"{prospect['input']} would become {prospect['output']}")
        for line in cast("list[str]", prospect["streams"]):
            typer.echo(f"  {line}")
