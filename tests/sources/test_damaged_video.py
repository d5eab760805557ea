"""Videos that are cut off, damaged, or only look so."""

import math
import subprocess
from contextlib import ExitStack, closing
from fractions import Fraction

import av
import numpy as np
import pytest

from rtstyle.errors import SourceError
from rtstyle.frames import Cut, Frame
from rtstyle.sources.video_reader import VideoReader
from tests.clips import frame_times, make_clip
from tests.reading import frames_of, read


def test_an_mp4_cut_before_its_index(tmp_path):
    """An mp4 whose end, with the index, is missing cannot be opened, and says so."""
    path = make_clip(tmp_path / "cut.mp4")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(SourceError, match="beginning or end is missing"):
        VideoReader(path)


def test_a_cut_matroska_delivers_what_it_has_and_then_says_so(tmp_path):
    """Frames that exist come out; then an error, for a part is not the whole."""
    path = make_clip(tmp_path / "cut.mkv", frames=100)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    reader = VideoReader(path)
    frames = []
    with pytest.raises(SourceError, match=r"ends early: expected 4\.\d s, got"):
        frames.extend(frame for frame in _until_error(reader, frames) if isinstance(frame, Frame))
    reader.close()
    assert 5 < len(frames) < 90
    assert np.all(np.diff([float(frame.time) for frame in frames]) > 0)


def test_a_stream_that_is_left_behind_may_be_longer(tmp_path):
    """A second picture of four seconds does not make a first one of one second end early."""
    path = tmp_path / "two.mkv"
    with ExitStack() as stack:
        container = stack.enter_context(av.open(str(path), "w"))
        clips = [make_clip(tmp_path / f"{n}.mp4", frames=n, sound=False) for n in (25, 100)]
        given = [stack.enter_context(av.open(str(clip))) for clip in clips]
        copies = [container.add_stream_from_template(each.streams.video[0]) for each in given]
        for each, stream in zip(given, copies, strict=True):
            for packet in each.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    container.mux(packet)
    assert len(frames_of(read(path)[1])) == 25


def test_a_real_mp4_cut_in_half(shared_video):
    """The header promises 303 frames; the error says how many packets came."""
    reader = VideoReader(shared_video("s21_truncated_half_audio.mp4"))
    frames = []
    with pytest.raises(SourceError, match="ends early: expected 303 packets of video, got 158"):
        _until_error(reader, frames)
    reader.close()
    assert len(frames) > 150


def test_a_cut_fragmented_mp4(tmp_path):
    """Fragments, which have no index at the front, are no way to lose the end unnoticed."""
    source, path = make_clip(tmp_path / "a.mp4", frames=100, sound=False), tmp_path / "fragments.mp4"
    with av.open(str(source)) as given, av.open(str(path), "w", options={"movflags": "frag_keyframe"}) as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = stream
                container.mux(packet)
    assert len(frames_of(read(path)[1])) == 100
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    with pytest.raises(SourceError, match=r"ends early|beginning or end is missing"):
        read(path)


def test_an_edit_list_that_hides_the_end_is_no_cut(tmp_path):
    """Half of the frames are shown, and that is all there is to see."""
    path = make_clip(tmp_path / "trimmed.mp4", frames=50, sound=False)
    data = bytearray(path.read_bytes())
    start = data.index(b"elst") + 12  # version, flags, count; then the duration in the movie's time scale
    data[start : start + 4] = (int.from_bytes(data[start : start + 4], "big") // 2).to_bytes(4, "big")
    path.write_bytes(data)
    format, items = read(path)
    assert len(frames_of(items)) == format.frames == 25


def test_damage_throughout_is_an_error(shared_video, tmp_path):
    """A few packets of noise cost a warning, many the run, and none of them is a traceback."""
    source = shared_video("s08_street_cctv.avi")
    with av.open(str(source)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    for step, damaged in [(60, False), (4, True)]:
        data = bytearray(source.read_bytes())
        for packet in packets[10::step]:
            start = data.index(packet)
            data[start : start + len(packet)] = b"\xff" * len(packet)
        path = tmp_path / f"{step}.avi"
        path.write_bytes(data)
        if damaged:
            with pytest.raises(SourceError, match=r"is damaged: .* packets of video cannot be decoded"):
                read(path)
        else:
            assert len(frames_of(read(path)[1])) >= 190


@pytest.mark.parametrize(("name", "got"), [("a.wmv", r"\d+ bytes, got \d+"), ("a.mxf", r"4\.0 s, got 2\.\d s")])
def test_a_film_cut_short_whose_header_knows_better(tmp_path, name, got):
    """The end of a WMV and of an MXF is missed, too; whole they are read without a word."""
    path = make_clip(tmp_path / name, frames=100, sound=False)
    assert len(frames_of(read(path)[1])) == 100
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with pytest.raises(SourceError, match=f"ends early: expected {got}"):
        read(path)


def test_a_damaged_middle_is_skipped_with_a_warning(tmp_path, caplog):
    """One packet of noise does not end the film; the log names the moment."""
    path = make_clip(tmp_path / "a.mkv", frames=60, sound=False)
    with av.open(str(path)) as container:
        packet = [p for p in container.demux(video=0) if p.size][30]
        data = bytearray(path.read_bytes())
        start = data.index(bytes(packet))
    data[start : start + packet.size] = b"\xff" * packet.size
    path.write_bytes(data)
    frames = frames_of(read(path)[1])
    assert 58 <= len(frames) <= 60
    assert len(frames) == 60 or "a damaged packet" in caplog.text


def _until_error(reader, frames):
    for item in reader:
        if isinstance(item, Frame):
            frames.append(item)
    return ()


@pytest.mark.parametrize("bframes", ["0", "3"])
@pytest.mark.parametrize("start", [Fraction(1, 5), Fraction(1), Fraction(3, 2), Fraction(19, 10)])
def test_a_film_that_is_read_from_the_middle_on_is_whole(tmp_path, start, bframes):
    """What lies before the key frame that is gone to is not missed; the frames from there to the end all come."""
    path = make_clip(tmp_path / "film.mp4", frames=50, g="10", bf=bframes, preset="fast")
    with closing(VideoReader(path, on_error="stop", cut=Cut(start))) as reader:
        assert len(frames_of([*reader])) == 50 - math.ceil(start * 25)


@pytest.mark.parametrize(
    "options",
    [
        ("-c:v", "libx265", "-x265-params", "log-level=error:keyint=10:min-keyint=10:bframes=3:open-gop=1"),
        ("-c:v", "libx264", "-bf", "3", "-g", "10", "-movflags", "frag_keyframe+empty_moov"),
    ],
)
def test_a_film_that_is_read_from_just_before_a_key_frame(tmp_path, options):
    """What depends on frames before that, which MP4's index does not say, is not lost."""
    path, picture = tmp_path / "film.mp4", "testsrc2=size=64x48:rate=25:duration=3"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, *options, path], check=True)
    times = frame_times(path)
    for start in times[36:53]:
        with closing(VideoReader(path, on_error="stop", cut=Cut(start))) as reader:
            assert [reader.zero + frame.time for frame in frames_of([*reader])] == times[times.index(start) :]


def test_a_film_that_is_read_from_the_middle_on_and_ends_early(shared_video):
    """What lacks behind it is missed all the same."""
    path = shared_video("s21_truncated_half_audio.mp4")
    missed = pytest.raises(SourceError, match=r"ends early: expected \d+ packets of video, got")
    with closing(VideoReader(path, cut=Cut(Fraction(2)))) as reader, missed:
        _until_error(reader, [])
