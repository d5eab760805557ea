"""What to say of a file, a folder or an address that cannot be read."""

from __future__ import annotations

import errno
from pathlib import Path

from rtstyle.errors import SourceError, reason_of

_REMEDIES = {
    errno.EACCES: "ask its owner to let you read it, or make a copy that you may read",
    errno.EPERM: "ask its owner to let you read it, or make a copy that you may read",
    errno.ENOENT: "check the spelling",
    errno.ENOTDIR: "check the spelling",
    errno.ENAMETOOLONG: "give it a shorter name",
}


def unreadable(path: str | Path, error: OSError) -> SourceError:
    """What to raise when the system, or a server, does not let us read ``path``."""
    usual = "check the address, and whether a server answers there" if "://" in str(path) else "try another copy"
    remedy = _REMEDIES.get(error.errno or 0, usual)
    return SourceError(f"{path}: cannot be opened: {reason_of(error)}; {remedy}")


def missing(path: str | Path) -> SourceError:
    """What to raise when nothing is there."""
    if str(path) == "-":
        return SourceError("-: expected the name of a file; standard input has one on Linux and macOS, /dev/stdin")
    pattern = set("*?[") & set(str(path))
    remedy = "write it without quotes, so that the shell finds the files" if pattern else "check the spelling"
    return SourceError(f"{path}: there is no such file; {remedy}")
