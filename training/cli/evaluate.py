"""``python -m training evaluate``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from rtstyle.cli.options import Overwrite
from rtstyle.cli.outcome import one_sentence
from rtstyle.errors import UsageError
from rtstyle.output_file import OutputFile, identities
from rtstyle.perceptual import find_vgg16
from training.cli.console import console, say
from training.cli.evaluation_progress import evaluating
from training.cli.evaluation_table import tables_of
from training.evaluation.clips import find_clips
from training.evaluation.evaluate import QUICK, THOROUGH, Material
from training.evaluation.evaluate import evaluate as measure
from training.evaluation.origin import unseen
from training.evaluation.sheet import write_sheet
from training.evaluation.subject import opened


def evaluate(
    *,
    models: Annotated[list[Path], typer.Argument(metavar="MODEL", help="Exported models (.onnx) or checkpoints.")],
    photos: Annotated[Path, typer.Option(help="Folder of photos; those a model was trained on are left out.")],
    style_image: Annotated[
        list[Path] | None,
        typer.Option(
            help="The artwork, or a folder in which to find it by name; repeatable. Default: beside the model."
        ),
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option(help="Only photos whose names match this glob; repeatable. Default: as in training."),
    ] = None,
    clips: Annotated[
        list[Path] | None, typer.Option(help="A video, a folder of videos, or sequences with exact flow; repeatable.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="A control to compare with, such as a model trained differently.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=0, help="Number of photos; 0: all. Default: 20.")] = None,
    side: Annotated[int, typer.Option(min=128, help="Short side of the photos, px.")] = THOROUGH.side,
    iterations: Annotated[
        int | None, typer.Option(min=0, help="L-BFGS iterations; 0: no quality ratio. Default: 200.")
    ] = None,
    frames: Annotated[int | None, typer.Option(min=2, help="Frames per clip. Default: 60.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A first look: 4 photos, 50 iterations, none from noise, 24 frames.")
    ] = False,
    sheet: Annotated[Path | None, typer.Option("--out", "-o", help="Contact sheet (.png).")] = None,
    json_out: Annotated[Path | None, typer.Option(help="Also write the JSON line to this file.")] = None,
    device: Annotated[str, typer.Option(help="Device for the models, as in rtstyle.")] = "cpu",
    vgg: Annotated[
        Path | None, typer.Option(help="VGG-16 weights. Default: $RTSTYLE_VGG16, or found or fetched, and cached.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Measure models on photos and clips kept out of training; print a table, and one line of JSON on stdout.

    Example: python -m training evaluate wave-lite.onnx --photos photos --style-image wave.jpg --quick -o sheet.png
    """
    with one_sentence("training", stopped="no file was written"):
        if sheet is not None and sheet.suffix.lower() != ".png":
            raise UsageError(f"{sheet}: expected a name that ends in .png")
        if sheet is not None and json_out is not None and sheet.resolve() == json_out.resolve():
            raise UsageError(f"{sheet}: expected two files, got one for --out and --json-out; give each its own name")
        paths = [*models, *([against] if against else [])]
        base = QUICK if quick else THOROUGH
        settings = replace(
            base,
            side=side,
            photos=base.photos if count is None else count,
            iterations=base.iterations if iterations is None else iterations,
            frames=base.frames if frames is None else frames,
        )
        with opened(paths, device) as subjects:
            origins = [subject.origin for subject in subjects]
            if against and subjects[-1].style.mix:
                raise UsageError(f"--against {against}: expected one style, got {len(subjects[-1].style.styles)}")
            material = Material(
                photos=unseen(photos, include, origins, settings.photos),
                clips=find_clips(clips or []),
                artworks=[origin.artwork(style_image or []) for origin in origins],
                vgg=find_vgg16(vgg),
            )
            keep = identities([*paths, *material.photos, *material.clips, *material.artworks, *([vgg] if vgg else [])])
            files = [OutputFile(path, overwrite=overwrite, keep=keep) if path else None for path in (sheet, json_out)]
            names = f"{len(material.photos)} photos of {photos}, {len(material.clips)} clips"
            say(f"{names}; VGG-16 from {material.vgg.source}")
            with evaluating() as progress:
                report, rows = measure(
                    subjects[:-1] if against else subjects,
                    material,
                    settings,
                    against=subjects[-1] if against else None,
                    progress=progress,
                )
        console.print(*tables_of(report, console.width), sep="\n")
        typer.echo(report.line())
        if not report.complete:
            raise KeyboardInterrupt("what was measured so far is above; no file was written")
        if files[0]:
            write_sheet(files[0], rows, ["photo", *(subject.name for subject in subjects)])
        if files[1]:
            with files[1].written() as temporary:
                temporary.write_text(report.line() + "\n", encoding="utf-8")
