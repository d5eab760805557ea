"""``python -m training catalogue``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rtstyle.cli.outcome import one_sentence
from training.catalogue import make_twins, write_catalogue
from training.cli.console import say


def catalogue(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of exported models.")] = Path("exported"),
    photos: Annotated[
        Path | None, typer.Option(help="Photos to calibrate with; makes missing or outdated 8-bit files.")
    ] = None,
) -> None:
    """Write README.md in a folder of models, from the models' own metadata: what each is and how it was made.

    Example: python -m training catalogue exported --photos photos/
    """
    with one_sentence("training"):
        for sheet in () if photos is None else make_twins(folder, photos):
            say(f"{sheet.output}: {sheet.worst_db} dB to the original at worst")
        say(f"{write_catalogue(folder)}: written")
