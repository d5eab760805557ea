"""What a file promised, and what came out of it."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from rtstyle.errors import SourceError
from rtstyle.sources.tally import Tally, span_of


def check(demuxer, on_error="warn"):
    """Read one packet, which is cut off, and nothing more."""
    video = SimpleNamespace(index=0, index_entries=[])
    packet = SimpleNamespace(stream=video, size=9, is_corrupt=True, pts=0, dts=0, duration=1, time_base=Fraction(1, 25))
    tally = Tally("recording", on_error)
    tally.count(packet, video)
    tally.check(SimpleNamespace(format=SimpleNamespace(name=demuxer), duration=None), video)


@pytest.mark.parametrize("demuxer", ["mpegts", "mpeg"])
def test_a_recording_of_a_broadcast_may_end_anywhere(demuxer, caplog):
    """Such a file is complete though its last packet is not, with a warning."""
    check(demuxer)
    assert "recording: its last packet is cut off" in caplog.text


def test_elsewhere_half_a_packet_is_a_file_that_ends_early():
    """No muxer writes half a packet."""
    with pytest.raises(SourceError, match="ends early: its last packet is cut off"):
        check("ogg")


def test_what_may_be_left_out_is_told_where_that_can_be_asked_for():
    """A film that is painted may be; one that is shown has no such option."""
    with pytest.raises(SourceError, match="get it whole, or --on-error skip"):
        check("ogg", "stop")
    with pytest.raises(SourceError, match=r"get it whole$"):
        check("ogg")


@pytest.mark.parametrize(
    ("demuxer", "length", "span"),
    [
        ("mpegts", 8, (0, 8)),  # a clock that may start anywhere
        ("mov,mp4,m4a,3gp,3g2,mj2", 8, (100, 108)),  # a length
        ("matroska,webm", 108, (100, 108)),  # where it ends
        ("matroska,webm", 8, (100, 108)),  # a length, as some muxers write it
        ("asf", 0, (100, 0)),  # unknown
    ],
)
def test_where_a_film_that_begins_late_ends(demuxer, length, span):
    """In seconds of its own clock, whichever way its container counts."""
    name = SimpleNamespace(name=demuxer)
    assert span_of(SimpleNamespace(format=name, start_time=100 * 10**6, duration=length * 10**6)) == span
