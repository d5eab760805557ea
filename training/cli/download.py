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
    split: Annotated[coco.Split, typer.Option(help="Which part of COCO.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="Photos go into DIR/SPLIT.")],
    keep: Annotated[bool, typer.Option("--keep", help="Keep the zip file.")] = False,
    mirror: Annotated[str, typer.Option(help="URL of the folder that holds SPLIT.zip.")] = coco.ADDRESS,
) -> None:
    """Download photos to train on: COCO, from its official site.

    Example: python -m training download --split train2014 --to photos
    """
    with one_sentence("training", stopped="what was downloaded is kept; the same command continues from there"):
        with downloading() as listener:
            done = coco.download(split, to, keep=keep, address=mirror, listener=listener)
        folder = quote(str(done.folder))
        say(f"{done.photos:,} photos in {done.folder}; next: python -m training train --data {folder} …")
