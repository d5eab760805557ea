"""Checks that a resumed run has the same options and unchanged inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rtstyle.errors import SinkError, SourceError

ANEW = "start again with --overwrite and without --resume"


def unfinished(place: object) -> SinkError:
    """The error for an unfinished run that is to be neither continued nor replaced."""
    return SinkError(f"{place}: an unfinished run is there; --resume continues it, --overwrite starts again")


def check_options(run: object, begun: Mapping[str, object], now: Mapping[str, object], *, but: Collection[str]) -> None:
    """Raise SinkError if the options differ from those ``run`` began with; those in ``but`` may."""
    for name in sorted(begun.keys() | now.keys()):
        if name not in but and begun.get(name) != now.get(name):
            raise SinkError(
                f"{run}: cannot be resumed: {name.replace('_', ' ')} was {begun.get(name)!r} and is {now.get(name)!r}; "
                f"use the same again, or {ANEW}"
            )


def check_inputs(run: object, begun: Mapping[str, str], now: Mapping[str, str], *, anew: str = ANEW) -> None:
    """Raise SourceError if an input's fingerprint has changed; inputs without one on either side pass."""
    for name in begun:
        if name in now and begun[name] != now[name]:
            raise changed(run, name, anew=anew)


def changed(run: object, name: object, *, anew: str = ANEW) -> SourceError:
    """The error for an input that has changed since ``run`` began."""
    return SourceError(f"{name}: has changed since {run} was begun; {anew}")
