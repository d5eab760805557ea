"""A folder that keeps the pictures of an unfinished video, so that another run can continue."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from rtstyle.errors import SinkError
from rtstyle.frames import Frame, Image
from rtstyle.gatys.run import Place, Step
from rtstyle.jobs.keyframe.checkpoint import Checkpoint, Notes, compare
from rtstyle.output_file import OutputFile, unwritable
from rtstyle.resumption import ANEW, unfinished
from rtstyle.sinks.photo_writer import PhotoWriter
from rtstyle.sources.photo_folder import read_photo

MANIFEST = "unfinished.json"  # there as long as pictures are missing
_OURS = re.compile(r"unfinished\.json|\d{6,}\.png(\.keyframe)?|painting\.\w+|\..+\.[0-9a-f]{8}\.part(\.\w+)?")


class KeyframeFolder:
    """Pictures by name, each of which appears when it is whole, and the place of the one at work.

    The folder is made if only it is missing. None of ``keep``, the files that are read, is ever replaced. Raises
    SinkError where an unfinished run lies there and neither ``resume`` nor ``overwrite`` is said, or where the run to
    resume was another one, and SourceError where it was of another input.
    """

    def __init__(
        self, folder: Path, notes: Notes, *, resume: bool, overwrite: bool, keep: Sequence[str | Path] = ()
    ) -> None:
        check_place(folder, resume=resume, overwrite=overwrite)
        self.folder, self._notes, self._keep = folder, notes, keep
        self._manifest = folder / MANIFEST
        self._done: list[str] = []
        self._at = ""  # the one at work
        self._ours = ""  # the picture at which the run before ended; its name was free then, so a file there is ours
        self._overwrite = overwrite
        self._new = not folder.exists()
        if resume and self._manifest.exists():
            self._read()
        else:
            try:
                folder.mkdir(exist_ok=True)
            except OSError as error:
                raise unwritable(folder, error) from error

    def find(self, name: str) -> Image | None:
        """The picture that the run before left."""
        path = self.folder / name
        return read_photo(path) if name in self._done and path.exists() else None

    def begin(self, name: str) -> tuple[Place | None, Callable[[Step], None]]:
        """Where the run before stopped in this picture, and the callback for its steps.

        Raises SinkError where the name is taken: before the picture is painted, and not after.
        """
        self._writer(name)
        self._at = name
        self._save()
        checkpoint = self._checkpoint(name)
        return (checkpoint.place() if name == self._ours else None), checkpoint.follow  # others are of older runs

    def put(self, name: str, image: Image) -> None:
        """Keep a picture that is painted."""
        self._writer(name).write(Frame(image, Fraction(0)))
        self._done.append(name)
        self._save()
        self._checkpoint(name).remove()

    def stop(self, name: str, place: Place) -> None:
        """Keep the place of the one at work."""
        self._checkpoint(name).save(place)

    def finish(self) -> None:
        """All pictures are there and stay; a folder made for none is removed."""
        self._manifest.unlink(missing_ok=True)
        if self._new and not self._done:
            with suppress(OSError):
                self.folder.rmdir()

    def remove(self) -> None:
        """Remove what runs that carry keyframes leave: none of it is needed any more; what else is there stays."""
        with suppress(OSError):
            for path in self.folder.iterdir():
                if _OURS.fullmatch(path.name):
                    path.unlink()
            self.folder.rmdir()

    def _writer(self, name: str) -> PhotoWriter:
        overwrite = self._overwrite or name == self._ours
        return PhotoWriter([self.folder / name], overwrite=overwrite, keep=self._keep)

    def _save(self) -> None:
        state = {"begun": self._notes, "done": self._done, "at": self._at, "overwrite": self._overwrite}
        with OutputFile(self._manifest, overwrite=True).written() as temporary:
            temporary.write_text(json.dumps(state), encoding="utf-8")

    def _read(self) -> None:
        try:
            found = json.loads(self._manifest.read_text(encoding="utf-8"))
            begun, self._done, self._ours = dict(found["begun"]), list(found["done"]), str(found["at"])
            self._overwrite = self._overwrite or bool(found["overwrite"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SinkError(f"{self._manifest}: is damaged ({error}); {ANEW}") from error
        compare(self.folder, begun, self._notes)

    def _checkpoint(self, name: str) -> Checkpoint:
        return Checkpoint(self.folder / f"{name}.keyframe", self._notes)


def check_place(folder: Path, *, resume: bool, overwrite: bool) -> None:
    """Raise SinkError where no such folder can be; nothing is made."""
    if (folder / MANIFEST).exists():
        if not (resume or overwrite):
            raise unfinished(folder)
    elif folder.exists() and not folder.is_dir():
        raise SinkError(f"{folder}: expected a folder, got a file")
    elif not folder.parent.is_dir():
        raise SinkError(f"{folder}: there is no folder {folder.parent}; create it first")
