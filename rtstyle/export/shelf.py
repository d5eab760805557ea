"""Where an export is built before it has its name, and how all its files get their names at once."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

from rtstyle.errors import SinkError
from rtstyle.export.sheet import SHEET, files_named_in
from rtstyle.output_file import Identity, OutputFile, identities, unwritable


class Shelf:
    """A folder beside the output, on the same disk; what lies in it when an error comes is removed.

    ``files``: the output is a file, and others beside it, of which ``beside`` are known by name; else it is a folder.
    Raises SinkError at once where they cannot be written, or exist and may not be replaced; what is in ``keep`` never
    is, nor a folder with other files than an export put there.
    """

    def __init__(
        self, output: Path, *, files: bool, overwrite: bool, beside: Iterable[str] = (), keep: Iterable[Path] = ()
    ) -> None:
        self._output, self._files, self._overwrite = output, files, overwrite
        self._keep: frozenset[Identity] = identities(keep)
        if files:
            for path in (output, *map(output.with_name, beside)):
                self._claim(path)
        else:
            self._check_folder()
        self.folder = output.absolute().parent / f".{output.name[:50]}.{secrets.token_hex(4)}.part"

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir()
        except OSError as error:
            raise unwritable(self._output, error) from error
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(self) -> None:
        """Give everything its name: the output itself last, so that where it is, the rest is too. Raises SinkError."""
        if not self._files:
            self._place_folder()
            return
        made = sorted(self.folder.iterdir(), key=lambda path: path.name == self._output.name)
        claimed = [self._claim(self._output.with_name(path.name), path) for path in made]
        placed: list[Path] = []
        try:
            for file in claimed:
                file.commit()
                placed.append(file.path)
        except SinkError:
            for path in placed if not self._overwrite else ():
                path.unlink(missing_ok=True)
            raise

    def _claim(self, path: Path, temporary: Path | None = None) -> OutputFile:
        return OutputFile(path, overwrite=self._overwrite, keep=self._keep, temporary=temporary)

    def _check_folder(self) -> None:
        try:
            parent = self._output.absolute().parent
            if not parent.is_dir():
                raise SinkError(f"{self._output}: there is no folder {parent}; create it first")
            if not self._output.exists() and not self._output.is_symlink():
                return
        except OSError as error:
            raise unwritable(self._output, error) from error
        if self._output.is_symlink() or not self._output.is_dir():
            raise SinkError(f"{self._output}: expected the name of a folder, got a file")
        if not self._overwrite:
            raise SinkError(f"{self._output}: exists already; pass --overwrite to replace it")
        try:
            self._check_files()
        except (OSError, UnicodeError) as error:
            raise SinkError(f"{self._output}: cannot be read: {error}") from error

    def _check_files(self) -> None:
        """All that lies in a folder goes with it."""
        sheet = self._output / SHEET
        named = files_named_in(sheet.read_text(encoding="utf-8")) if sheet.is_file() else set()
        for path in self._output.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                continue
            if identities([path]) & self._keep:
                raise SinkError(f"{path}: is the input itself; give the folder another name")
            if path != sheet and path.relative_to(self._output).as_posix() not in named:
                raise SinkError(
                    f"{path}: would be lost, and no export put it there; move it away, or choose another folder"
                )

    def _place_folder(self) -> None:
        """Rename the folder; an old one steps aside first, and comes back if that fails."""
        aside = self.folder.with_suffix(".old")
        self._check_folder()
        try:
            had_one = self._output.exists()
            if had_one:
                self._output.rename(aside)
            try:
                self.folder.rename(self._output)
            except OSError:
                if had_one:
                    with suppress(OSError):
                        aside.rename(self._output)
                raise
        except OSError as error:
            raise unwritable(self._output, error) from error
        shutil.rmtree(aside, ignore_errors=True)
