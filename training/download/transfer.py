"""Fetches one large file over HTTP, resuming where it broke off."""

from __future__ import annotations

import http.client
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from rtstyle.errors import SinkError, SourceError, reason_of
from rtstyle.output_file import unwritable
from training.download.part import Part, Version
from training.download.progress import Count, Listener

CHUNK = 1 << 18  # bytes
TIMEOUT_S = 30.0
ATTEMPTS = 6  # in a row without a byte; the pauses between them: 1, 2, 4, 8, 16 s
_PASSING = {408, 425, 429, 500, 502, 503, 504}  # states of a server that may pass


class _CutError(Exception):
    """The connection, or the server behind it, failed in a way that may pass."""


class _UnreachableError(_CutError):
    """There was no connection at all."""


class _OutdatedError(_CutError):
    """What has come is not the beginning of what the server has now."""


def fetch(
    url: str,
    path: Path,
    *,
    listener: Listener = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Leave the file at ``path``, complete by the length that the server told.

    What was received stays in ``path``.part, whatever happens, and the next call requests only the rest, provided
    that the file is still the same. Raises SourceError, SinkError.
    """
    part = Part(path)
    failures, reached = 0, False
    while True:
        before = part.size()
        try:
            _receive(url, part, listener)
        except _CutError as error:
            if isinstance(error, _OutdatedError):
                part.path.unlink(missing_ok=True)
            failures = 1 if part.size() > before else failures + 1
            reached = reached or not isinstance(error, _UnreachableError)
            if failures >= ATTEMPTS or not reached:
                raise SourceError(_given_up(url, part, error)) from error
            sleep(2.0 ** (failures - 1))
        except OSError as error:
            raise SinkError(f"{unwritable(path, error)}; the same command then continues") from error
        else:
            return


def _receive(url: str, part: Part, listener: Listener) -> None:
    """One connection. Raises _CutError, OSError for the disk's failures alone, SourceError."""
    known = part.version()
    done = part.size() if known and known.url == url and known.validator else 0
    if known and done and done == known.length:
        part.finish()
        return
    with _open(url, done, known.validator if known and done else None) as answer:
        begins, length = _extent(answer)
        version = Version.of(url, answer.headers, length)
        if answer.status != http.client.PARTIAL_CONTENT:  # no Range on this server, or another version
            done = 0
            part.begin(version)
        elif known is None or not known.goes_on_in(version) or begins != done:
            raise _OutdatedError("the file on the server has changed")
        if length is not None:
            check_room(part.target, length - done, "make room, or use --to")
        _copy(answer, part, Count(part.target.name, listener, done=done, total=length))
    size = part.size()
    if length is not None and size != length:
        raise _CutError(f"the connection ended after {size:,} of {length:,} bytes")
    part.finish()


def _open(url: str, done: int, validator: str | None) -> http.client.HTTPResponse:
    """The rest from byte ``done`` on if the file is still the one of ``validator``, else all of it."""
    headers = {"Range": f"bytes={done}-", "If-Range": validator} if done and validator else {}
    if not url.startswith(("http://", "https://")):
        raise SourceError(f"{url}: expected an http or https address")
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "rtstyle", **headers})  # noqa: S310 - checked above
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310 - as above
    except urllib.error.HTTPError as error:
        error.close()
        said = f"the server answers {error.code} {error.reason}"
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and done:
            raise _OutdatedError(said) from error
        if error.code in _PASSING:
            raise _CutError(said) from error
        raise SourceError(f"{url}: {said}; check the address") from error
    except (OSError, http.client.HTTPException) as error:
        raise _UnreachableError(reason_of(getattr(error, "reason", error))) from error
    except ValueError as error:  # of a host that is none
        raise SourceError(f"{url}: expected an address, got none ({error}); check the spelling") from error
    return answer


def _extent(answer: http.client.HTTPResponse) -> tuple[int, int | None]:
    """(number of the first byte, bytes of the whole file)."""
    if answer.status == http.client.PARTIAL_CONTENT:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        return (int(match[1]), int(match[2])) if match else (-1, None)
    length = answer.headers.get("Content-Length")
    return 0, int(length) if length and length.isdigit() else None


def _copy(answer: http.client.HTTPResponse, part: Part, count: Count) -> None:
    with part.path.open("ab") as file:
        while True:
            try:
                chunk = answer.read1(CHUNK)
            except (OSError, http.client.HTTPException) as error:
                raise _CutError(reason_of(error)) from error
            if not chunk:
                return
            file.write(chunk)
            count.add(len(chunk))


def check_room(path: Path, needed: int, remedy: str) -> None:
    """Raise SinkError where the disk has fewer bytes left than ``path`` needs."""
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise SinkError(f"{path}: needs {_gb(needed)} more, and the disk has {_gb(free)}; {remedy}")


def _given_up(url: str, part: Part, error: _CutError) -> str:
    if not part.size():
        return f"{url}: cannot be reached ({error}); check the network"
    return f"{url}: broke off ({error}); {_gb(part.size())} are kept; the same command continues from there"


def _gb(size: int) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e8 else f"{size / 1e6:.2f} MB"  # noqa: PLR2004 - a tenth of one
