"""``python -m training export``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rtstyle.cli.options import Overwrite
from rtstyle.cli.outcome import one_sentence
from rtstyle.errors import SourceError, UsageError
from training import loop
from training.checkpoint import Checkpoint
from training.cli.console import say
from training.evaluation.report import read_evaluation
from training.export import Artwork, real_frames
from training.export import export as write_model
from training.photos import find_photos


def export(
    *,
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="Written by `python -m training train`.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The model to write, such as wave-lite.onnx.")],
    name: Annotated[
        list[str] | None,
        typer.Option(help="Name of the style, repeated for a network of several. Default: from the file's name."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title of the artwork. Default: the name.")] = None,
    artist: Annotated[str, typer.Option(help="Its artist.")] = "unknown",
    year: Annotated[str, typer.Option(help="Its year.")] = "",
    licence: Annotated[str, typer.Option(help="Its licence.")] = "unknown",
    photos: Annotated[
        Path | None, typer.Option(help="Folder of photos for the check. Default: those kept out of training.")
    ] = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="JSON from `evaluate --json-out` for this checkpoint, to put into the metadata.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Turn a checkpoint into an ONNX file that rtstyle runs, and check it against PyTorch.

    Example: python -m training export wave.ckpt -o wave-lite.onnx --title "The Great Wave" --artist Hokusai
    """
    with one_sentence("training"):
        if out.suffix.lower() != ".onnx":
            raise UsageError(f"{out}: expected a name that ends in .onnx")
        state = Checkpoint.load(checkpoint)
        stem = out.stem.removesuffix(f"-{state.recipe.network}")
        artwork = Artwork(
            names=tuple(name or [stem]),
            title=title or stem.replace("-", " ").title(),
            artist=artist,
            year=year,
            licence=licence,
        )
        frames = real_frames(find_photos(photos) if photos else _held_out(state))
        measured = read_evaluation(evaluation, checkpoint.stem) if evaluation else ()
        worst = write_model(state, artwork, out, photos=frames, measured=measured, overwrite=overwrite)
        say(f"{out}: {out.stat().st_size / 1e6:.2f} MB; differs from PyTorch by at most {worst} grey level")


def _held_out(state: Checkpoint) -> Sequence[Path]:
    try:
        return loop.photos_of(state.recipe)[1]
    except SourceError as error:
        raise SourceError(f"{error}; if they were moved, name their folder with --photos") from error
