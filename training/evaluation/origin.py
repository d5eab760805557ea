"""What a model's metadata say about the photos and the artwork that it was trained on."""

from __future__ import annotations

import logging
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rtstyle.errors import SourceError
from rtstyle.fingerprint import fingerprint
from rtstyle.sources.photo_folder import spread
from rtstyle.style import Style
from training.photos import find_photos, list_digest, split
from training.recipe import in_utf8

_log = logging.getLogger(__name__)

STYLE_SIZE = 512  # px, of a model that does not say


@dataclass(frozen=True, slots=True)
class Origin:
    """The part of a training's recipe that an evaluation must know; paths are file names."""

    folder: str  # of the photos
    include: tuple[str, ...]  # globs
    hold_out: int  # every n-th photo by name was kept out
    artworks: tuple[str, ...]
    style_size: int  # px, the artwork's short side
    photo_list: str = ""  # digest of the photos' names; empty: not known
    beside: Path = Path()  # folder of the model's file, where the artwork is looked for first

    @staticmethod
    def of(style: Style) -> Origin:
        """Read the metadata: the command, and what it leaves out where it is the default."""
        held_out = re.search(r"every (\d+)th held out", style.metadata.get("dataset", ""))
        words = list[str]()
        with suppress(ValueError):  # another program's, with a quote that is not closed
            words = shlex.split(style.metadata.get("command", ""))
        pairs = list(pairwise(words))

        def given(*names: str) -> tuple[str, ...]:
            return tuple(value for name, value in pairs if name in names)

        return Origin(
            folder=next(iter(given("--data")), ""),
            include=given("--include") or ("*",),
            hold_out=int(held_out[1]) if held_out else 0,
            artworks=given("--style", "--style-image"),
            style_size=int(style.metadata.get("style_size") or STYLE_SIZE),
            photo_list=style.metadata.get("photo_list", ""),
        )

    def lists(self, folder: Path) -> Iterator[tuple[Path, list[Path]]]:
        """What it was trained on, where ``folder`` is, lies in or holds it: that folder, and its photos of today.

        A folder is known by its name alone.
        """
        if not self.folder:
            return
        here = folder.resolve()
        below = (Path(place, name) for place, folders, _ in os.walk(here) for name in sorted(folders))
        for place in (here, *here.parents, *below):
            if in_utf8(place.name) == self.folder:
                with suppress(SourceError):  # none of them is there
                    yield place, find_photos(place, self.include)

    def artwork(self, places: Iterable[Path]) -> Path:
        """The artwork among ``places``, files and folders: the one of its name, else the only file.

        Without places, beside the model. Raises SourceError that says how to name it, also where two have its name.
        """
        places = list(places) or [self.beside]
        files = [place for place in places if not place.is_dir()]
        named = [place / name for place in places if place.is_dir() for name in self.artworks]
        if found := [path for path in (*files, *named) if path.name in self.artworks and path.is_file()]:
            first = found[0]
            for other in found[1:]:
                if other.name == first.name and fingerprint(other) != fingerprint(first):
                    raise SourceError(
                        f"{first} and {other}: expected one artwork of this name, got two; "
                        "give the right one alone as --style-image"
                    )
            return first
        if len(files) == 1:
            if self.artworks:
                _log.warning("measured against %s, but it was trained on %s", files[0], " or ".join(self.artworks))
            return files[0]
        wanted = " or ".join(self.artworks) or "the artwork"
        looked = ", ".join(map(str, places))
        raise SourceError(f"{wanted}: not found in {looked}; name it, or its folder, with --style-image")


def unseen(folder: Path, include: Sequence[str] | None, origins: Sequence[Origin], count: int) -> list[Path]:
    """``count`` photos that none of the models was trained on, spread evenly by name; 0: all of them.

    ``include`` is by default what the models were trained on, and everything where nothing is called so. Raises
    SourceError where there are none.
    """
    seen = _trained_on(folder, origins)
    left = [photo for photo in _named(folder, include, origins) if photo.resolve() not in seen]
    if not left:
        raise SourceError(f"{folder}: every photo was trained on; name other ones with --photos or --include")
    photos = [photo for photo, _ in spread(left, count or len(left))]
    if not photos:
        raise SourceError(f"{folder}: none of the {len(left)} photos that were not trained on can be read")
    return photos


def _named(folder: Path, include: Sequence[str] | None, origins: Sequence[Origin]) -> list[Path]:
    if include:
        return find_photos(folder, include)
    with suppress(SourceError):
        return find_photos(folder, sorted({glob for origin in origins for glob in origin.include}))
    return find_photos(folder)


def _trained_on(folder: Path, origins: Sequence[Origin]) -> set[Path]:
    """The photos that one of the models has seen, resolved; a warning where they can no longer be told from others."""
    seen, changed = set[Path](), set[Path]()
    for origin in origins:
        for place, photos in origin.lists(folder):
            seen.update(photo.resolve() for photo in split(photos, origin.hold_out)[0])
            if origin.hold_out and origin.photo_list not in ("", list_digest(place, photos)):
                changed.add(place)
    for place in sorted(changed):
        _log.warning(
            "%s: photos have come or gone since the training, and some that were trained on may now count as held out; "
            "name a folder that was not trained on with --photos",
            place,
        )
    return seen
