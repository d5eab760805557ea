"""Unpacks a zip into a folder that appears when it is whole."""

from __future__ import annotations

import json
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from rtstyle.errors import SinkError, SourceError
from rtstyle.output_file import unwritable
from rtstyle.sources.input_file import unreadable
from training.download.progress import Count, Listener
from training.download.transfer import check_room

MARKER = ".complete.json"
_CHUNK = 1 << 20  # bytes


def is_complete(folder: Path) -> bool:
    """Whether ``unpack`` has made this folder."""
    return (folder / MARKER).is_file()


def unpack(archive: Path, folder: Path, *, listener: Listener = lambda _: None) -> int:
    """Unpack ``archive``, whose files all lie in NAME/, as ``folder``, called NAME; return how many files.

    Every file is checked by its CRC and put in place whole. Until the last one is, they lie in the hidden folder
    .NAME.part, where an interrupted run goes on. Raises SourceError for a damaged or a malicious archive, naming
    the file inside; SinkError.
    """
    partial = folder.with_name(f".{folder.name}.part")
    try:
        with zipfile.ZipFile(archive) as contents:
            members = [member for member in contents.infolist() if not member.is_dir()]
            places = {member.filename: _place(archive, member, folder.name) for member in members}
            missing = [m for m in members if not _is_there(partial / places[m.filename], m)]
            total, needed = (sum(member.file_size for member in some) for some in (members, missing))
            check_room(folder, needed, "make room")
            count = Count(f"unpacking {archive.name}", listener, done=total - needed, total=total)
            for member in missing:
                _extract(contents, member, partial / places[member.filename], count)
        (partial / MARKER).write_text(json.dumps({"archive": archive.name, "files": len(members)}), encoding="utf-8")
        partial.replace(folder)
    except zipfile.BadZipFile as error:
        raise SourceError(f"{archive}: is no whole zip ({error}); remove it and run the same command again") from error
    except OSError as error:
        if error.filename == str(archive):
            raise unreadable(archive, error) from error
        raise SinkError(f"{unwritable(folder, error)}; the same command then continues") from error
    return len(members)


def _place(archive: Path, member: zipfile.ZipInfo, top: str) -> Path:
    """Where a member goes, below the folder; SourceError if it wants to go elsewhere."""
    path = PurePosixPath(member.filename)
    odd = {"..", "\\", ":", "\0"} & {*path.parts, *member.filename}
    link = stat.S_ISLNK(member.external_attr >> 16)
    if path.is_absolute() or odd or link or len(path.parts) < 2 or path.parts[0] != top:  # noqa: PLR2004 - NAME/file
        raise SourceError(f"{archive}: expected files in {top}/ alone, got {member.filename!r}; nothing was unpacked")
    return Path(*path.parts[1:])


def _is_there(path: Path, member: zipfile.ZipInfo) -> bool:
    """Whether an earlier run has unpacked it; read again, since a power cut can leave the size without the bytes."""
    if not path.is_file() or path.stat().st_size != member.file_size:
        return False
    return zlib.crc32(path.read_bytes()) == member.CRC


def _extract(contents: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, count: Count) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    with temporary.open("wb") as target:
        try:
            with contents.open(member) as source:
                while chunk := source.read(_CHUNK):  # the CRC is checked at its end
                    target.write(chunk)
                    count.add(len(chunk))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            name = f"{contents.filename}: {member.filename}"
            raise SourceError(f"{name} is damaged ({error}); remove the zip and run the same command again") from error
    temporary.replace(path)
