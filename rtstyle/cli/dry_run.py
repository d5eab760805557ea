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
class Forecast:
    """What would happen to one file."""

    input: str
    output: str
    streams: Sequence[str] = ()  # one line each
    skipped: bool = False  # the output already exists
    error: str = ""  # why it would fail


def tell(forecasts: Sequence[Forecast], *, as_json: bool) -> None:
    """Print them, for people or for programs; exits with 1 if anything would fail."""
    if as_json:
        typer.echo(json.dumps({"dry_run": [_fields(forecast) for forecast in forecasts]}))
    else:
        for forecast in forecasts:
            typer.echo(_line(forecast))
            for line in forecast.streams:
                typer.echo(f"  {line}")
    fail([forecast.error for forecast in forecasts if forecast.error])


def look_through(todo: Sequence[Errand], look: Callable[[Errand], Sequence[str]], *, overwrite: bool) -> list[Forecast]:
    """What would happen to each; one that would fail does not stop the others. ``look`` gives a line per stream."""
    return [_forecast(errand, look, overwrite=overwrite) for errand in todo]


def _forecast(errand: Errand, look: Callable[[Errand], Sequence[str]], *, overwrite: bool) -> Forecast:
    from rtstyle.jobs.many import is_done

    input, output = str(errand.input), str(errand.output)
    try:
        if is_done(errand, overwrite=overwrite):
            return Forecast(input, output, skipped=True)
        return Forecast(input, output, look(errand))
    except (SourceError, SinkError) as error:
        return Forecast(input, output, error=str(error))


def _line(forecast: Forecast) -> str:
    if forecast.error:
        return f"{forecast.input} would fail"
    if forecast.skipped:
        return f"{forecast.output} already exists"
    return f"{forecast.input} would become {forecast.output}"


def _fields(forecast: Forecast) -> dict[str, object]:
    return {name: value for name, value in asdict(forecast).items() if name != "error" or value}
