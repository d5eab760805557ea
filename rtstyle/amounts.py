"""Parses names with amounts, as in ``wave=0.7,udnie=0.3``."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from rtstyle.errors import UsageError


def read_amounts(option: str, texts: Iterable[str]) -> dict[str, float]:
    """Return amounts by name; a name without one counts as 1. Raises UsageError that names the option."""
    amounts: dict[str, float] = {}
    for item in (item.strip() for text in texts for item in text.split(",")):
        name, _, number = item.partition("=")
        name = name.strip()
        if name in amounts:
            raise UsageError(f"{option} {item}: expected every name once, got {name} again; give it one number")
        try:
            amounts[name] = amount = float(number or 1)
        except ValueError:
            amount = -1
        if not name or not isfinite(amount) or amount < 0:
            raise UsageError(f"{option} {item}: expected NAME=NUMBER with a number of 0 or more")
    return amounts
