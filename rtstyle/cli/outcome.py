"""How every command ends: with a report, or with one sentence and an exit code."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict

import typer

from rtstyle.errors import RtstyleError, UsageError
from rtstyle.meter import Report, spoken

OPTIONS: ContextVar[frozenset[str]] = ContextVar("OPTIONS", default=frozenset())  # of the running command

_LEAST_MS = 0.05  # anything less would be shown as 0.0


def fail(sentences: Sequence[str]) -> None:
    """Print each, and exit with 1 if there is any."""
    for sentence in sentences:
        typer.echo(f"rtstyle: {sentence}", err=True)
    if sentences:
        raise typer.Exit(1)


@contextmanager
def one_sentence(
    program: str = "rtstyle", *, stopped: str | Callable[[], str] = "unfinished output was removed"
) -> Iterator[None]:
    """Turn errors into a sentence on stderr and an exit code; the library's warnings go to stderr too.

    ``stopped``: what to say is left after Ctrl-C, or a function that tells, unless the interrupt itself does.
    """
    logging.basicConfig(level=logging.WARNING, format=f"{program}: %(message)s")
    try:
        yield
    except UsageError as error:
        typer.echo(f"{program}: {_as_typed(str(error))}", err=True)
        raise typer.Exit(2) from None
    except RtstyleError as error:
        typer.echo(f"{program}: {error}", err=True)
        raise typer.Exit(1) from None
    except (MemoryError, RuntimeError) as error:  # PyTorch raises the latter, on CPU and CUDA
        reason = str(error).partition("\n")[0]
        if isinstance(error, RuntimeError) and "allocate" not in reason:
            raise
        typer.echo(f"{program}: there is not enough memory ({reason}); use a smaller picture or film", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt as interrupt:
        left = str(interrupt) or (stopped() if callable(stopped) else stopped)
        typer.echo(f"{program}: stopped; {left}", err=True)
        raise typer.Exit(130) from None


def _as_typed(sentence: str) -> str:
    """Spell the option that the sentence begins with as it is typed, with dashes."""
    option = f"--{sentence.partition(':')[0].replace(' ', '-')}"
    return f"{option}{sentence[len(option) - 2 :]}" if option in OPTIONS.get() else sentence


def show(report: Report, *, output: str, as_json: bool) -> None:
    """Print the report, for people or for programs."""
    if as_json:
        typer.echo(json.dumps({"output": output, **asdict(report), "fps": round(report.fps, 3)}))
        return
    dropped = f", {report.frames_dropped} dropped" if report.frames_dropped else ""
    typer.echo(f"{output}: {in_words(report)} in {report.seconds:.1f} s{rate_of(report)}{dropped}")
    if report.provider:
        typer.echo(f"  {report.provider}")
    shown = {spoken(name): times for name, times in report.stages.items() if times.p95_ms >= _LEAST_MS}
    width = max(map(len, shown), default=0)
    for name, times in shown.items():
        typer.echo(f"  {name:{width}}  p50 {times.p50_ms:7.1f} ms   p95 {times.p95_ms:7.1f} ms")


def in_words(report: Report) -> str:
    """How many frames were written, with those of the run that was resumed."""
    frames, before = report.frames_out + report.frames_resumed, report.frames_resumed
    counted = "1 frame" if frames == 1 else f"{frames} frames"
    return f"{counted} ({before if report.frames_out else 'all'} painted before)" if before else counted


def rate_of(report: Report) -> str:
    """Frames per second, preceded by a comma; empty for a single frame or none, which have no rate."""
    return f", {report.fps:.1f} fps" if report.frames_out > 1 else ""
