"""``python -m training catalogue``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rtstyle.cli.outcome import one_sentence
from training.catalogue import write_catalogue
from training.cli.console import console


def catalogue(
    folder: Annotated[Path, typer.Argument(help="Folder of exported models.")] = Path("exported"),
) -> None:
    """Write README.md in a folder of models: what each is and how it was made, from the models themselves.

    Example: python -m training catalogue exported
    """
    with one_sentence("training"):
        console.print(f"{write_catalogue(folder)}: written")
