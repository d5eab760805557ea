"""What an input was when a run read it, so that a run that goes on later can tell whether it still is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from rtstyle.errors import SourceError
from rtstyle.sources.picture_sequence import PictureSequence, is_pattern

_STRETCH = 1 << 24  # bytes: of a film of 100 GB no more is read
_OF_A_PICTURE = 1 << 14  # bytes


def fingerprint(path: str | Path, extent: int | None = None) -> str:
    """The extent, bytes of a file or a number of pictures, and a digest of so much; empty where nothing is there.

    Without ``extent`` it is of all. Of a file it is the last 16 MiB: a recorder writes the beginning anew in the end.
    """
    try:
        if is_pattern(str(path)):
            return _of_pictures(str(path), extent)
        with Path(path).open("rb") as file:
            size = file.seek(0, os.SEEK_END) if extent is None else extent
            file.seek(max(size - _STRETCH, 0))
            return f"{size}:{digest([file.read(min(size, _STRETCH))])}"
    except (OSError, TypeError, ValueError, SourceError):
        return ""


def fingerprints(paths: Iterable[str | Path]) -> dict[str, str]:
    """Those of files, by their names; without those that are not there."""
    return {str(path): found for path in paths if (found := fingerprint(path))}


def begins_as(path: str | Path, begun: str) -> bool:
    """Whether what the fingerprint was taken of is there unchanged, whatever has come after it."""
    extent = begun.partition(":")[0]
    return extent.isdecimal() and fingerprint(path, int(extent)) == begun


def digest(parts: Iterable[bytes | memoryview]) -> str:
    """What stands for all of it, in hexadecimal digits."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


def _of_pictures(pattern: str, count: int | None) -> str:
    """Names and beginnings: the last one may not have been whole yet."""
    sequence = PictureSequence.find(pattern)
    count = sequence.count if count is None else count
    folder, name = os.path.split(pattern)
    names = [name % number for number in range(sequence.first, sequence.first + count)]
    return f"{count}:{digest(part for name in names for part in (os.fsencode(name), _beginning(Path(folder, name))))}"


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_OF_A_PICTURE)
