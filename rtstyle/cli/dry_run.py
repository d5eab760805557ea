"""What ``--dry-run`` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import typer


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would become of one file."""

    input: str
    output: str
    streams: Sequence[str] = ()  # a line each
    skipped: bool = False  # the output is there already


def tell(prospects: Sequence[Prospect], *, as_json: bool) -> None:
    """Print them, for people or for programs."""
    if as_json:
        typer.echo(json.dumps({"dry_run": [asdict(prospect) for prospect in prospects]}))
        return
    for prospect in prospects:
        there, goes = f"{prospect.output} is there already", f"{prospect.input} would become {prospect.output}"
        typer.echo(there if prospect.skipped else goes)
        for line in prospect.streams:
            typer.echo(f"  {line}")
