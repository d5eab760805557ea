from __future__ import annotations

import errno
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rtstyle.errors import SinkError, SourceError
from tests.training.download.web_server import WebServer, serving
from training.download import transfer
from training.download.transfer import fetch

CONTENT = np.random.default_rng(0).bytes(1_000_000)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with serving() as server:
        server.files["/a.zip"] = CONTENT
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.zip"


def get(server: WebServer, path: Path) -> list[float]:
    """Fetches and returns the pauses that it would have made."""
    pauses: list[float] = []
    fetch(f"{server.address}/a.zip", path, sleep=pauses.append)
    return pauses


def broken_off(server: WebServer, path: Path, after: int = 300_000) -> None:
    """Leaves a part of ``after`` bytes."""
    server.cuts, server.states = [after], []
    with pytest.raises(SourceError, match="MB are kept; the same command continues"):
        fetch(f"{server.address}/a.zip", path, sleep=lambda _: setattr(server, "states", [503] * 9))
    server.states = []
    server.asked.clear()


def test_a_file_comes_whole_and_alone(server: WebServer, path: Path) -> None:
    """Its bytes, under its name, and nothing beside it; progress ends at its length."""
    seen = []
    fetch(f"{server.address}/a.zip", path, listener=seen.append)
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert (seen[-1].done, seen[-1].total, seen[-1].eta_s) == (len(CONTENT), len(CONTENT), 0)


def test_a_cut_connection_is_taken_up_again(server: WebServer, path: Path) -> None:
    """Cut three times, it asks for the rest each time, and starts its pauses afresh when bytes came."""
    server.cuts = [100_000, 0, 200_000]
    assert get(server, path) == [1, 2, 1]
    assert path.read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100000-", "bytes=100000-", "bytes=300000-"]


def test_the_next_call_goes_on(server: WebServer, path: Path) -> None:
    """What came before a run was given up is not asked for again."""
    broken_off(server, path)
    assert not path.exists()
    get(server, path)
    assert server.asked == ["bytes=300000-"]
    assert path.read_bytes() == CONTENT


def test_two_versions_are_not_spliced(server: WebServer, path: Path) -> None:
    """A file that has changed since comes anew, also from a server that does not know If-Range."""
    for careless in (False, True):
        server.files["/a.zip"], server.etag = CONTENT, '"one"'
        broken_off(server, path)
        server.files["/a.zip"], server.etag, server.careless = CONTENT[::-1], '"two"', careless
        get(server, path)
        assert server.asked[0] == "bytes=300000-"
        assert path.read_bytes() == CONTENT[::-1]
        path.unlink()


def test_a_shorter_version_comes_anew(server: WebServer, path: Path) -> None:
    """A server that has nothing behind what we have answers 416; then we begin again."""
    broken_off(server, path)
    server.files["/a.zip"], server.careless = CONTENT[:200_000], True
    get(server, path)
    assert path.read_bytes() == CONTENT[:200_000]


@pytest.mark.parametrize("lacking", ["ranges", "etag"])
def test_a_server_that_cannot_resume_sends_all_again(server: WebServer, path: Path, lacking: str) -> None:
    """Without Range, or without a word on which version it is, the beginning is not trusted."""
    setattr(server, lacking, None)
    broken_off(server, path)
    get(server, path)
    assert path.read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(server: WebServer, path: Path) -> None:
    """503 and 429 pass; after six in a row it is given up in one sentence."""
    server.states = [503, 429]
    assert get(server, path) == [1, 2]
    path.unlink()
    server.states = [503] * 6
    with pytest.raises(SourceError, match=r"cannot be reached .*503 Service Unavailable"):
        get(server, path)


def test_what_does_not_pass_is_told_at_once(server: WebServer, path: Path) -> None:
    """404, an odd address and no server at all cost no pause and leave no file."""
    closed = "http://127.0.0.1:9/a.zip"
    for url, words in (
        (f"{server.address}/b.zip", "404 Not Found; check the address"),
        ("ftp://nowhere/a.zip", "expected an http or https address"),
        (closed, "cannot be reached .*check the network"),
    ):
        with pytest.raises(SourceError, match=words):
            fetch(url, path, sleep=lambda _: pytest.fail("it waited"))
        assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("address", ["http://[bad/a.zip", "http://x..y.example/a.zip", "http://127.0.0.1:1/ä.zip"])
def test_what_is_no_address_is_one_sentence(path: Path, address: str) -> None:
    """Python's own errors for it are of three kinds."""
    with pytest.raises(SourceError, match=r"expected an address, got none .*; check the spelling"):
        fetch(address, path)


def test_a_length_that_never_comes_is_an_error(server: WebServer, path: Path) -> None:
    """A server that promises more than it sends is asked six times, and what it sent is not taken for the file."""
    server.cuts = [len(CONTENT) - 1] + [0] * 20
    with pytest.raises(SourceError, match="ended after 999,999 of 1,000,000 bytes"):
        get(server, path)
    assert not path.exists()


def test_a_full_disk_is_told_before_and_during(server: WebServer, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little room is seen from the length; a disk that fills up keeps what has come."""
    usage = namedtuple("usage", "free")  # noqa: PYI024 - as shutil's own
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(500_000))
    with pytest.raises(SinkError, match=r"needs 1\.00 MB more, and the disk has 0\.50 MB"):
        get(server, path)
    monkeypatch.undo()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer, "_copy", full)
    with pytest.raises(SinkError, match=r"No space left on device; make room there, .*; the same command then cont"):
        get(server, path)
