"""Files that were joined end to end, whose clock begins again in the middle."""

from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import av
import numpy as np
import pytest

import rtstyle
from rtstyle.frames import Packet
from rtstyle.sources.discontinuities import Discontinuities
from tests.clips import frame_times, make_clip, packets
from tests.reading import frames_of, read


def join(*paths):
    """What ``cat`` makes of them, over the last of them."""
    paths[-1].write_bytes(b"".join(path.read_bytes() for path in paths))
    return paths[-1]


def make_dvd(path):
    """Two seconds of MPEG-2, as a DVD has it."""
    with av.open(str(path), "w", format="vob") as film:
        video = film.add_stream("mpeg2video", rate=25)
        video.width, video.height = 64, 48
        for n in range(50):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 4 * n, np.uint8), "rgb24")
            frame.pts = n
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    return path


def test_three_that_were_joined_are_one_film(tmp_path, caplog):
    """Every frame is shown, for as long as it was, and a line says why the clock is not the file's."""
    parts = [make_clip(tmp_path / f"{n}.ts", frames=50, sound=False) for n in range(3)]
    assert [frame.time for frame in frames_of(read(join(*parts))[1])] == [Fraction(n, 25) for n in range(150)]
    assert caplog.text.count("its clock starts again") == 1


def test_a_dvd_begins_again_at_every_title(tmp_path):
    """What comes from a disc as one file is as long as its titles are together."""
    times = [frame.time for frame in frames_of(read(join(*(make_dvd(tmp_path / f"{n}.vob") for n in range(3))))[1])]
    assert len(times) == 150
    assert [times[n] - times[0] for n in (50, 100, 149)] == [2, 4, Fraction(149, 25)]


def test_sound_stays_in_step(tmp_path):
    """In every part the sound is as far from the picture as it was; what two parts would play at once, one does."""
    single = make_clip(tmp_path / "a.ts", frames=50)
    alone = packets(single)
    _, items = read(join(single, make_clip(tmp_path / "b.ts", frames=50)))
    pictures = [frame.time for frame in frames_of(items)]
    sound = [
        (item.packet.pts * item.packet.time_base, bytes(item.packet)) for item in items if isinstance(item, Packet)
    ]
    assert len(pictures) == 100
    assert 2 * len(alone) - 3 <= len(sound) <= 2 * len(alone)
    assert min(after - before for (before, _), (after, _) in pairwise(sound)) > 0.02
    first, second = (time for time, data in sound if data == alone[30][1])
    assert first - pictures[20] == second - pictures[70]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_what_was_joined_is_painted_and_delivered(tmp_path, invert_model, suffix):
    """Picture and sound last as long as both parts do, copied and converted."""
    source, target = join(*(make_clip(tmp_path / f"{n}.ts", frames=50) for n in "ab")), tmp_path / f"out{suffix}"
    rtstyle.transcode(source, target, style=invert_model)
    times, sound = frame_times(target), [time for time, _ in packets(target)]
    assert len(times) == 100
    assert times[-1] - times[0] == pytest.approx(3.96, abs=0.1)
    assert sound[-1] - sound[0] == pytest.approx(3.96, abs=0.1)


def packet(stream, seconds, kind="video"):
    """A hundredth of a second of a stream."""
    ticks = round(seconds * 1000)
    stream = SimpleNamespace(index=stream, type=kind)
    return SimpleNamespace(stream=stream, pts=ticks, dts=ticks, duration=10, size=1, time_base=Fraction(1, 1000))


def mended(*given):
    """The times at which they are placed, in ms."""
    discontinuities = Discontinuities("film.ts")
    return [each.pts for each in given if discontinuities.mend(each)]


def test_a_recording_with_a_pause():
    """Half an hour in which nothing was recorded is not a frame that stands for half an hour."""
    assert mended(packet(0, 0), packet(0, 0.01), packet(0, 1800), packet(1, 1800.005), packet(0, 1800.01)) == [
        *(0, 10, 20, 25, 30)
    ]


def test_what_comes_late_is_of_its_own_part():
    """A demuxer gives the last sound of a part when the picture of the next has begun."""
    given = [packet(0, 4), packet(1, 3.99), packet(0, 0), packet(1, 4), packet(1, 0), packet(0, 0.01)]
    assert mended(*given) == [4000, 3990, 4010, 4000, 4010, 4020]


def test_a_stream_that_is_silent_for_a_part():
    """Subtitles that are rare need not go back to be of the second part."""
    given = [packet(0, 0), packet(1, 5), packet(0, 9), packet(0, 18), packet(0, 0), packet(1, 6), packet(0, 7)]
    assert mended(*given)[-2:] == [18_010 + 6000, 18_010 + 7000]


def test_a_time_that_is_wrong_once():
    """One packet of noise does not move what comes after it."""
    assert mended(packet(0, 0), packet(0, 50_000), packet(0, 0.02), packet(0, 0.03)) == [0, 10, 20, 30]


def test_slides_stand_as_long_as_they_do():
    """Beside sound or alone; a demuxer gives a picture when the next one begins, and is no seam."""
    sound = [packet(1, n, "audio") for n in range(1, 32)]
    given = [packet(0, 1), *sound[:16], packet(0, 16), *sound[16:], packet(0, 31), packet(0, 46)]
    assert mended(*given) == [each.pts for each in given]


def test_another_programme_has_a_clock_of_its_own():
    """A stream whose first packet is far from all others is where it says, and no seam."""
    given = [packet(0, 0), packet(1, 500), packet(0, 0.01), packet(1, 500.01), packet(0, 0.02)]
    assert mended(*given) == [0, 500_000, 10, 500_010, 20]


def test_a_subtitle_that_stays():
    """The next part does not wait until it is over."""
    subtitle = packet(1, 1, "subtitle")
    subtitle.duration = 60_000
    assert mended(packet(0, 0), subtitle, packet(0, 1), packet(0, 0), packet(0, 0.01)) == [0, 1000, 1000, 1010, 1020]
