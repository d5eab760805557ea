"""A file that is still coming in, and what must hold for the rest of it to fit."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Version:
    """What a server says of a file; ``validator`` is what If-Range takes (RFC 9110, section 13.1.5)."""

    url: str
    length: int | None  # bytes of the whole file
    validator: str | None  # a strong ETag, else the date of its last change; None: it cannot be resumed

    @staticmethod
    def of(url: str, headers: Message, length: int | None) -> Version:
        etag = headers.get("ETag")
        strong = etag if etag and not etag.startswith("W/") else None  # a weak one promises no equal bytes
        return Version(url, length, strong or headers.get("Last-Modified"))

    def goes_on_in(self, rest: Version) -> bool:
        """Whether the rest that a server sends is of this version, by what it says of it."""
        return rest.length == self.length and rest.validator in {None, self.validator}


class Part:
    """``NAME.part`` beside ``NAME``, and ``NAME.part.json``, which says of which version it is the beginning."""

    def __init__(self, path: Path) -> None:
        self.target = path
        self.path = path.with_name(f"{path.name}.part")
        self._note = path.with_name(f"{path.name}.part.json")

    def version(self) -> Version | None:
        """What the part is of; None where there is none, or nothing is known about it."""
        try:
            note = Version(**json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return note if self.path.is_file() else None

    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def begin(self, version: Version) -> None:
        """Empty the part, and only then note its version: a crash in between leaves no wrong note."""
        self._note.unlink(missing_ok=True)
        self.path.write_bytes(b"")
        self._note.write_text(json.dumps(asdict(version)), encoding="utf-8")

    def finish(self) -> None:
        """The part becomes the file."""
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        self.path.replace(self.target)
        self._note.unlink(missing_ok=True)
