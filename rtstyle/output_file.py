"""A file that appears under its name only when complete."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Collection, Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rtstyle.errors import SinkError, UsageError, reason_of
from rtstyle.places import local_path

Identity = tuple[int, int]  # device and inode: the file itself

_REMEDIES = {
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
    errno.ENOSPC: "make room there, or choose another disk",
    errno.EDQUOT: "make room there, or choose another disk",
    errno.ENOENT: "make the folder that it is to be in first",
    errno.EINVAL: "try another name or extension",
    errno.ENAMETOOLONG: "choose a shorter name",
}


class OutputFile:
    """A name, and the temporary file beside it: ``create``, write to ``temporary``, ``commit`` or ``discard``.

    ``written`` does all of that around a block.

    Raises SinkError at once if the folder is missing, or if something already there may not be
    replaced; the files in ``keep``, which are read, never may, not even through a link.
    """

    def __init__(
        self, path: str | Path, *, overwrite: bool, keep: Container[Identity] = (), temporary: Path | None = None
    ) -> None:
        """``temporary``: to use instead of a name of our own; on the same disk."""
        self.path = Path(path)
        self._overwrite = overwrite
        try:
            self._target = self.path.resolve()  # a symbolic link stays; what it points to is replaced
            self._check(keep)
        except OSError as error:
            raise unwritable(self.path, error) from error
        except RuntimeError as error:  # Python's word, until 3.13, for links that lead in a circle
            raise SinkError(f"{self.path}: cannot be written: {os.strerror(errno.ELOOP)}") from error
        # Names have at most 255 bytes, and a character has up to four.
        name = f".{self._target.stem[:50]}.{secrets.token_hex(4)}.part{self._target.suffix}"
        self.temporary = temporary or self._target.parent / name

    @contextmanager
    def written(self) -> Iterator[Path]:
        """Yield the temporary file; at the end of the block it gets its name, or is removed. Raises SinkError."""
        try:
            self.create()
            yield self.temporary
            self.commit()
        except OSError as error:
            raise unwritable(self.path, error) from error
        finally:
            self.discard()

    def create(self) -> None:
        """Make the empty temporary file, so that a folder that cannot be written to shows at once."""
        try:
            os.close(os.open(self.temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        except OSError as error:
            raise unwritable(self.path, error) from error

    def commit(self) -> None:
        """Give the file its name, in one step; SinkError, and nothing left, if that fails."""
        try:
            _flush_to_disk(self.temporary)
            if self._overwrite:
                self.temporary.replace(self._target)
            else:
                self._rename_to_new()
            _flush_folder(self._target.parent)
        except FileExistsError as error:
            raise SinkError(f"{self.path}: appeared in the meantime; nothing was written") from error
        except OSError as error:
            raise unwritable(self.path, error) from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove the temporary file, if there is one."""
        with suppress(OSError):
            self.temporary.unlink(missing_ok=True)

    def _check(self, keep: Container[Identity]) -> None:
        folder = self._target.parent
        nearest = next((place for place in (folder, *folder.parents) if place.exists()), folder)
        if nearest.is_file():
            raise SinkError(f"{self.path}: expected a folder at {nearest}, got a file; choose another place")
        if not folder.is_dir():
            raise SinkError(f"{self.path}: there is no folder {folder}; create it first")
        if self._target.is_dir():
            raise SinkError(f"{self.path}: expected the name of a file, got a folder")
        if self._target.exists():
            self._check_replaceable(keep)

    def _check_replaceable(self, keep: Container[Identity]) -> None:
        if _identity(self._target) in keep:
            raise SinkError(f"{self.path}: is the input itself; give the output another name")
        if not self._target.is_file():
            raise SinkError(f"{self.path}: expected a file, got a device or a pipe")
        if not self._overwrite:
            raise SinkError(f"{self.path}: exists already; pass --overwrite to replace it")

    def _rename_to_new(self) -> None:
        """Rename, but fail where a file has appeared; POSIX's own rename would replace it."""
        try:
            os.link(self.temporary, self._target)
        except FileExistsError:
            raise
        except OSError:  # no hard links here: FAT, some network shares
            if self._target.exists():
                raise FileExistsError from None
            self.temporary.replace(self._target)


def checked_suffix(path: Path, known: Collection[str]) -> str:
    """The extension, in small letters. Raises UsageError for one that is not known."""
    suffix = path.suffix.lower()
    if suffix not in known:
        got = path.suffix or "no extension"
        raise UsageError(f"{path}: expected a name that ends in {', '.join(known)}, got {got}")
    return suffix


def unwritable(path: str | Path, error: OSError) -> SinkError:
    """The error to raise when the system does not let us write ``path``."""
    if isinstance(error, shutil.Error) and (found := re.search(r"\[Errno (\d+)\]", str(error))):
        error = OSError(int(found[1]), os.strerror(int(found[1])))  # of all that could not be copied, the first
    remedy = _REMEDIES.get(error.errno or 0, "choose another place")
    return SinkError(f"{path}: cannot be written: {reason_of(error)}; {remedy}")


def identities(paths: Iterable[str | Path]) -> frozenset[Identity]:
    """Device and inode of every one that exists on this machine; two names of one file have the same."""
    found = set()
    for path in paths:
        with suppress(OSError, ValueError):
            found.add(_identity(Path(local_path(str(path)))))
    return frozenset(found)


def _identity(path: Path) -> Identity:
    status = path.stat()
    return status.st_dev, status.st_ino


def _flush_to_disk(path: Path) -> None:
    """Network file systems and quotas report a full disk only now."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(path: Path) -> None:
    """The new name must survive a power cut too; where folders cannot be opened, the system sees to it."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
