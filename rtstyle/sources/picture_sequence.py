"""Pictures with numbers in their names, which in order make a film."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from rtstyle.errors import SourceError
from rtstyle.sources.input_file import unreadable

_NUMBER = re.compile(r"%(?:0(\d+))?d")  # FFmpeg's %d and %04d


@dataclass(frozen=True, slots=True)
class PictureSequence:
    """The pictures that a pattern such as ``frame_%04d.png`` stands for; their numbers may begin anywhere."""

    first: int
    count: int
    address: str  # the pattern as FFmpeg and Python read it, its other percent signs doubled
    fingerprint: tuple[int, int]  # bytes of all, and when the last was changed, in ns

    @classmethod
    def find(cls, pattern: str) -> PictureSequence:
        """Look into the folder. Raises SourceError where there are none, or where one is missing in between."""
        folder, name = os.path.split(pattern)
        places = list(_NUMBER.finditer(name))
        if len(places) != 1:
            raise SourceError(f"{pattern}: expected one number in the name of the pictures, as in frame_%04d.png")
        (place,) = places
        before, after = (part.replace("%", "%%") for part in (name[: place.start()], name[place.end() :]))
        address = os.path.join(folder.replace("%", "%%"), f"{before}{place[0]}{after}")  # noqa: PTH118 - as it was given
        digits = rf"(\d{{{place[1]},}})" if place[1] else r"(0|[1-9]\d*)"
        named = re.compile(re.escape(name[: place.start()]) + digits + re.escape(name[place.end() :]))
        try:
            found = {int(match[1]): path for path in Path(folder).iterdir() if (match := named.fullmatch(path.name))}
            states = [path.stat() for path in found.values()]
        except OSError as error:
            raise unreadable(pattern, error) from error
        if not found:
            raise SourceError(f"{pattern}: there are no such pictures")
        first, last = min(found), max(found)
        missing = next((number for number in range(first, last) if number not in found), None)
        if missing is not None:
            raise SourceError(f"{pattern}: number {missing} is missing between {first} and {last}; add it first")
        empty = next((path for path, state in zip(found.values(), states, strict=True) if not state.st_size), None)
        if empty is not None:
            raise SourceError(f"{empty}: expected a picture, got an empty file; replace it first")
        return cls(first, len(found), address, (sum(s.st_size for s in states), max(s.st_mtime_ns for s in states)))


def is_pattern(path: str) -> bool:
    """Whether it stands for numbered pictures; a file may have such a name, too."""
    try:
        return bool(_NUMBER.search(Path(path).name)) and "://" not in path and not Path(path).exists()
    except OSError:  # a name that no file can have
        return False
