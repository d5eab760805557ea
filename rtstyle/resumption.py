"""Whether a run may be gone on with: the same is asked of it, and what it reads is as it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rtstyle.errors import SinkError, SourceError

ANEW = "begin again with --overwrite and without --resume"


def check_question(
    run: object, begun: Mapping[str, object], now: Mapping[str, object], *, but: Collection[str]
) -> None:
    """Raise SinkError where something else is asked than when ``run`` was begun; ``but`` may differ."""
    for name in sorted(begun.keys() | now.keys()):
        if name not in but and begun.get(name) != now.get(name):
            raise SinkError(
                f"{run}: cannot go on: {name.replace('_', ' ')} was {begun.get(name)!r} and is {now.get(name)!r}; "
                f"ask for the same again, or {ANEW}"
            )


def check_inputs(run: object, begun: Mapping[str, str], now: Mapping[str, str], *, anew: str = ANEW) -> None:
    """Raise SourceError where an input's fingerprint is another; of what has none on either side nothing is known."""
    for name in begun:
        if name in now and begun[name] != now[name]:
            raise changed(run, name, anew=anew)


def changed(run: object, name: object, *, anew: str = ANEW) -> SourceError:
    """What to raise where an input is another than when ``run`` was begun."""
    return SourceError(f"{name}: is not as it was when {run} was begun; {anew}")
