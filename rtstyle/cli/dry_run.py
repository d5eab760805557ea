"""What ``--dry-run`` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import typer


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would become of one file."""

    input: str
    output: str
    streams: list[str] = field(default_factory=list)  # a line each


def tell(prospects: Sequence[Prospect], *, as_json: bool) -> None:
    """Print them, for people or for programs."""
    if as_json:
        typer.echo(json.dumps({"dry_run": [asdict(prospect) for prospect in prospects]}))
        return
    for prospect in prospects:
        typer.echo(f"{prospect.input} would become {prospect.output}")
        for line in prospect.streams:
            typer.echo(f"  {line}")
