"""What a file promised, and what came out of it."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from rtstyle.errors import SourceError
from rtstyle.sources.tally import Tally


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
