"""Fingerprints of inputs, by which a resumed run can tell whether they are unchanged."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from rtstyle.errors import SourceError
from rtstyle.sources.picture_sequence import PictureSequence, is_pattern

_STRETCH = 1 << 24  # bytes: no more than that is read of a 100 GB film
_OF_A_PICTURE = 1 << 14  # bytes


def fingerprint(path: str | Path, extent: int | None = None) -> str:
    """Return ``SIZE:DIGEST``: bytes (or picture count) and SHA-256 of that much; empty if missing.

    ``extent``: bytes, or pictures, from the beginning; None: all. Of a file only the last 16 MiB of them are read: a
    recorder rewrites the beginning at the end.
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
    """Return the fingerprints of files by name, omitting missing files."""
    return {str(path): found for path in paths if (found := fingerprint(path))}


def begins_as(path: str | Path, begun: str) -> bool:
    """Whether the part that ``begun`` was taken of is unchanged, whatever was appended since."""
    extent = begun.partition(":")[0]
    return extent.isdecimal() and fingerprint(path, int(extent)) == begun


def digest(parts: Iterable[bytes | memoryview]) -> str:
    """Return the SHA-256 of all parts, in hexadecimal."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


def _of_pictures(pattern: str, count: int | None) -> str:
    """Fingerprint names and beginnings: the last picture may not have been complete yet."""
    sequence = PictureSequence.find(pattern)
    count = sequence.count if count is None else count
    paths = [Path(sequence.address % number) for number in range(sequence.first, sequence.first + count)]
    return f"{count}:{digest(part for path in paths for part in (os.fsencode(path.name), _beginning(path)))}"


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_OF_A_PICTURE)
