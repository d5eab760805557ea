"""Several files in one command: whether they go into a folder, and at the end what failed."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from rtstyle.cli.outcome import fail, in_words, rate_of
from rtstyle.errors import UsageError
from rtstyle.jobs.many import Outcome


def goes_into_folder(inputs: Sequence[str], output: str) -> bool:
    """Whether ``output`` is to be a folder: with several inputs, or where it is one or is named like one."""
    if output == "-":
        raise UsageError(
            "-: expected the name of a file or a folder; standard output is not supported, "
            "but rtstyle live --publish streams while it paints"
        )
    try:
        is_there = Path(output).is_dir()
        is_file = not is_there and Path(output).exists()
    except OSError:  # a name that is too long; opening it gives a better error
        return False
    if len(inputs) > 1 and Path(output).suffix and not is_there:
        raise UsageError(f"{output}: expected a folder for {len(inputs)} files, got the name of one")
    if is_file and not Path(output).suffix:
        raise UsageError(f"{output}: expected a folder or a name with an extension, got a file or a device")
    return is_there or len(inputs) > 1 or not Path(output).suffix or output.endswith(("/", "\\"))


def conclude(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    """Print the outcomes, and exit with 1 if anything failed."""
    failed = [outcome.error for outcome in outcomes if outcome.error]
    if as_json:
        frames = sum(outcome.report.frames_out for outcome in outcomes if outcome.report is not None)
        typer.echo(jsonlib.dumps({"frames_out": frames, "files": [_fields(outcome) for outcome in outcomes]}))
    else:
        done, skipped = (sum(map(test, outcomes)) for test in (lambda o: o.report is not None, lambda o: o.skipped))
        typer.echo(f"{done} done, {skipped} already there, {len(failed)} failed")
    fail(failed)


def line_of(outcome: Outcome) -> str:
    """One file's outcome, in words."""
    if outcome.report is not None:
        return f"{outcome.errand.output}: {in_words(outcome.report)}{rate_of(outcome.report)}"
    return f"{outcome.errand.output}: {'failed' if outcome.error else 'already there'}"


def _fields(outcome: Outcome) -> dict[str, object]:
    errand = {"input": str(outcome.errand.input), "output": str(outcome.errand.output)}
    if outcome.report is not None:
        return {**errand, **asdict(outcome.report), "fps": round(outcome.report.fps, 3)}
    return {**errand, "error": outcome.error} if outcome.error else {**errand, "skipped": True}
