"""Files that cannot be read in the middle."""

import socket
from fractions import Fraction
from types import SimpleNamespace

import av
import pytest

from rtstyle.errors import SourceError
from rtstyle.sources import streams
from rtstyle.sources.demuxer import demux


class Holed:
    """A film of ten seconds with holes behind which it goes on after a jump, or as it was."""

    format = SimpleNamespace(name="flv")

    def __init__(self, *holes, seekable=True):
        self.holes, self.seekable, self.at, self.jumps = list(holes), seekable, 0, []

    def demux(self):
        while self.at < 10:
            if self.at in self.holes:
                self.holes.remove(self.at)
                raise av.error.InvalidDataError(1, "Invalid data")
            self.at += 1
            stream = SimpleNamespace(index=0, type="video")
            yield SimpleNamespace(stream=stream, pts=self.at - 1, duration=1, size=1, time_base=Fraction(1))

    def seek(self, offset, **how):
        if not self.seekable:
            raise av.error.PermissionError(1, "Operation not permitted")
        self.jumps.append(offset)
        self.at = offset // av.time_base


def seconds(film, **how):
    return [packet.pts for packet in demux(film, "film.flv", **how)]


def test_a_hole_is_jumped_over(caplog):
    """What lies behind it comes, with a line that says where it was."""
    assert seconds(Holed(4), go_on=True) == [0, 1, 2, 3, *range(5, 10)]
    assert caplog.messages == ["film.flv: cannot be read at 4.0 s (Invalid data); continuing after it"]


def test_a_film_in_which_nobody_can_jump(caplog):
    """It is read on from where it is."""
    assert seconds(Holed(4, seekable=False), go_on=True) == [*range(10)]


def test_a_film_that_ends_in_a_hole(caplog):
    """It ends where it can be read no more; the holes are told of once, and where that is, and not at all again."""
    assert seconds(Holed(*[4] * 9, seekable=False), go_on=True, again=True) == [0, 1, 2, 3]
    assert not caplog.messages
    assert seconds(Holed(*[4] * 9, seekable=False), go_on=True) == [0, 1, 2, 3]
    assert caplog.messages[0] == "film.flv: cannot be read at 4.0 s (Invalid data); continuing after it"
    assert caplog.messages[1:] == ["film.flv: nothing more can be read after 4.0 s"]


def test_a_hole_that_may_not_be():
    """It is an error, in a sentence."""
    with pytest.raises(SourceError, match=r"film\.flv: breaks off while it is read: Invalid data"):
        seconds(Holed(4), go_on=False)


def test_a_server_that_falls_silent(monkeypatch):
    """Is told in plain words, not in FFmpeg's for a reader that lost its patience."""
    monkeypatch.setattr(streams, "_NETWORK_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}/film.mp4"
        with pytest.raises(SourceError, match="cannot be opened: nothing came in time; check the address"):
            streams.open_input(address)
    impatient = -int.from_bytes(b"EXIT", "little")  # AVERROR_EXIT
    gone = SimpleNamespace(format=Holed.format, demux=lambda: av.error.err_check(impatient))
    with pytest.raises(SourceError, match="breaks off while it is read: nothing came in time"):
        list(demux(gone, "film.flv", go_on=False))
