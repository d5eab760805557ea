"""The photos in a folder: which there are, and which are held out."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from rtstyle.errors import SourceError, UsageError
from rtstyle.fingerprint import digest
from rtstyle.sources.photo_folder import SUFFIXES, is_photo


def find_photos(folder: Path, include: Sequence[str] = ("*",)) -> list[Path]:
    """All pictures below ``folder`` whose names match one of the globs, by name; links to folders are followed.

    Raises SourceError where there is none, UsageError for a glob that is none.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder}: expected a folder of photos, got {'a file' if folder.exists() else 'nothing'}")
    photos = sorted(path for path in _files_below(folder) if is_photo(path) and matches(path, include))
    if not photos:
        raise SourceError(
            f"{folder}: expected photos named {' or '.join(include)}, found none of {', '.join(SUFFIXES)}"
        )
    return photos


def matches(path: Path, include: Sequence[str]) -> bool:
    """Whether the name is like one of the globs. Raises UsageError for a glob that is none."""
    try:
        return any(path.match(glob) for glob in include)
    except ValueError as error:
        raise UsageError(f"include: expected a glob such as '*.jpg', got one of {list(include)} ({error})") from error


def _files_below(folder: Path) -> Iterator[Path]:
    """Every folder once, also where links lead to it, or in a circle: those that lie there go before links to them."""
    waiting, seen = deque([folder]), set[str]()
    while waiting:
        for place, folders, files in os.walk(waiting.popleft()):
            folders.sort()
            if (real := os.path.realpath(place)) in seen:
                folders.clear()
                continue
            seen.add(real)
            waiting.extend(path for name in folders if (path := Path(place, name)).is_symlink())
            yield from (Path(place, name) for name in files)


def names_below(folder: Path, photos: Sequence[Path]) -> list[str]:
    """The photos' names from ``folder`` on, in order: what some are held out by."""
    return sorted(path.relative_to(folder).as_posix() for path in photos)


def list_digest(folder: Path, photos: Sequence[Path]) -> str:
    """What stands for the names of photos below ``folder``."""
    return digest([os.fsencode("\n".join(names_below(folder, photos)))])


def split(photos: Sequence[Path], hold_out: int) -> tuple[list[Path], list[Path]]:
    """(training, held out): every ``hold_out``-th photo by name is held out; 0 holds out none."""
    if hold_out == 0:
        return list(photos), []
    return [p for i, p in enumerate(photos) if i % hold_out], list(photos[::hold_out])
