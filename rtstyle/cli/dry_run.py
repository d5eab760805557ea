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
    error: str = ""  # why it would fail


def tell(prospects: Sequence[Prospect], *, as_json: bool) -> None:
    """Print them, for people or for programs; exits with 1 if anything would fail."""
    failed = [prospect for prospect in prospects if prospect.error]
    if as_json:
        typer.echo(json.dumps({"dry_run": [_fields(prospect) for prospect in prospects]}))
    else:
        for prospect in prospects:
            typer.echo(_line(prospect))
            for line in prospect.streams:
                typer.echo(f"  {line}")
    for prospect in failed:
        typer.echo(f"rtstyle: {prospect.error}", err=True)
    if failed:
        raise typer.Exit(1)


def _line(prospect: Prospect) -> str:
    if prospect.error:
        return f"{prospect.input} would fail"
    if prospect.skipped:
        return f"{prospect.output} is there already"
    return f"{prospect.input} would become {prospect.output}"


def _fields(prospect: Prospect) -> dict[str, object]:
    return {name: value for name, value in asdict(prospect).items() if name != "error" or value}
