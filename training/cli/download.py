"""``python -m training download``."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from rtstyle.cli.outcome import one_sentence
from training.cli.console import say
from training.cli.download_progress import downloading
from training.download import coco


def download(
    *,
    split: Annotated[coco.Split, typer.Option(help="Which photos of COCO.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="They go into DIR/SPLIT.")],
    keep: Annotated[bool, typer.Option("--keep", help="Keep the zip.")] = False,
    mirror: Annotated[str, typer.Option(help="Folder on the web that holds SPLIT.zip.")] = coco.ADDRESS,
) -> None:
    """Get photos to train on: COCO, from its official address.

    Example: python -m training download --split train2014 --to photos
    """
    with one_sentence("training", stopped="what has come is kept, and the same command goes on from there"):
        with downloading() as listener:
            done = coco.download(split, to, keep=keep, address=mirror, listener=listener)
        folder = quote(str(done.folder))
        say(f"{done.photos:,} photos in {done.folder}; next: python -m training train --data {folder} …")
