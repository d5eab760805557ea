"""What ``--dry-run`` prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import typer

from rtstyle.cli.outcome import fail
from rtstyle.errors import SinkError, SourceError

if TYPE_CHECKING:
    from rtstyle.jobs.many import Errand


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
    if as_json:
        typer.echo(json.dumps({"dry_run": [_fields(prospect) for prospect in prospects]}))
    else:
        for prospect in prospects:
            typer.echo(_line(prospect))
            for line in prospect.streams:
                typer.echo(f"  {line}")
    fail([prospect.error for prospect in prospects if prospect.error])


def look_through(todo: Sequence[Errand], look: Callable[[Errand], Sequence[str]], *, overwrite: bool) -> list[Prospect]:
    """What would become of each; one that would fail does not keep the others. ``look`` gives a line a stream."""
    return [_prospect(errand, look, overwrite=overwrite) for errand in todo]


def _prospect(errand: Errand, look: Callable[[Errand], Sequence[str]], *, overwrite: bool) -> Prospect:
    from rtstyle.jobs.many import is_done

    input, output = str(errand.input), str(errand.output)
    try:
        if is_done(errand, overwrite=overwrite):
            return Prospect(input, output, skipped=True)
        return Prospect(input, output, look(errand))
    except (SourceError, SinkError) as error:
        return Prospect(input, output, error=str(error))


def _line(prospect: Prospect) -> str:
    if prospect.error:
        return f"{prospect.input} would fail"
    if prospect.skipped:
        return f"{prospect.output} is there already"
    return f"{prospect.input} would become {prospect.output}"


def _fields(prospect: Prospect) -> dict[str, object]:
    return {name: value for name, value in asdict(prospect).items() if name != "error" or value}
