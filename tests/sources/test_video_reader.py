"""Reading clips of every kind."""

import os
from contextlib import ExitStack
from fractions import Fraction
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest

from rtstyle.errors import SourceError
from rtstyle.frames import Frame, Packet
from rtstyle.sources.clock import Clock
from rtstyle.sources.video_reader import VideoReader
from tests.clips import TICK, frame_times, make_clip, make_sound, turn


def read(path):
    reader = VideoReader(path)
    try:
        return reader.format, list(reader)
    finally:
        reader.close()


def frames_of(items):
    return [item for item in items if isinstance(item, Frame)]


def test_every_frame_once_and_in_order(tmp_path):
    """30 frames go in, 30 come out, each with its own grey level and time."""
    format, items = read(make_clip(tmp_path / "a.mp4", frames=30))
    frames = frames_of(items)
    assert [frame.time for frame in frames] == [Fraction(n, 25) for n in range(30)]
    for index, frame in enumerate(frames):
        assert abs(int(frame.image[-1, -1, 1]) - (16 + 5 * index)) <= 2
        assert frame.image.flags.c_contiguous
    assert (format.width, format.height, format.rate, format.frames) == (64, 48, 25, 30)


def test_variable_frame_rate_is_exact(tmp_path):
    """Irregular times come out as they are in the file, as fractions."""
    ticks = [0, 512, 1300, 1301, 9000, 20_000, 20_512]
    format, items = read(make_clip(tmp_path / "vfr.mp4", frames=7, ticks=ticks))
    assert [frame.time + format.start for frame in frames_of(items)] == [tick * TICK for tick in ticks]


@pytest.mark.parametrize("b_frames", [0, 2])
def test_avi_has_no_times_and_yet_they_are_right(tmp_path, b_frames):
    """Frame n is shown at n/25, B-frames or not, and is frame n."""
    format, items = read(make_clip(tmp_path / "b.avi", frames=30, sound=False, bf=str(b_frames)))
    frames = frames_of(items)
    assert [frame.time for frame in frames] == [Fraction(n, 25) for n in range(30)]
    assert format.start == 0
    levels = [int(frame.image[-1, -1, 1]) for frame in frames]
    assert levels == sorted(levels)


def test_the_clock_of_a_stream_that_joins_late_is_put_back(tmp_path):
    """A playlist of a broadcast that has been on for an hour starts at 0 here."""
    path = tmp_path / "list.m3u8"
    make_clip(path, frames=10, sound=False, ticks=[3600 * 12800 + 512 * n for n in range(10)])
    format, items = read(path)
    assert format.start == 0
    assert [frame.time for frame in frames_of(items)] == [Fraction(n, 25) for n in range(10)]


@pytest.mark.parametrize("name", ["mpegts", "sdp", "mov,mp4"])
def test_a_clock_that_starts_at_0_is_left_alone(name):
    """Sound at 0 and picture at 1 s stay a second apart."""
    sound, picture = (SimpleNamespace(start_time=t, time_base=Fraction(1, 90_000)) for t in (0, 90_000))
    container = SimpleNamespace(format=SimpleNamespace(name=name), streams=[picture, sound])
    assert Clock.of(container, picture).origin == 0


def test_a_start_offset_is_kept_apart(tmp_path):
    """A video that starts later than its sound says by how much; its own time starts at 0."""
    format, items = read(make_clip(tmp_path / "late.mp4", frames=5, ticks=[6400 + 512 * n for n in range(5)]))
    assert format.start == Fraction(1, 2)
    assert frames_of(items)[0].time == 0


@pytest.mark.parametrize("size", [(64, 48), (65, 48), (64, 49), (67, 51)])
def test_odd_sizes(tmp_path, size):
    """Not a row or a column is lost."""
    format, items = read(make_clip(tmp_path / "odd.mp4", frames=3, size=size))
    assert (format.width, format.height) == size
    assert frames_of(items)[0].image.shape == (size[1], size[0], 3)


def test_rotation_is_applied(tmp_path):
    """The red corner, top left as coded, is top right once a quarter turn clockwise is applied."""
    path = turn(make_clip(tmp_path / "phone.mp4", frames=3, size=(64, 48), aspect=Fraction(4, 3), sound=False))
    format, items = read(path)
    image = frames_of(items)[0].image
    assert image.shape == (64, 48, 3)
    assert (format.width, format.height, format.sample_aspect) == (48, 64, Fraction(3, 4))
    assert image[2, -3, 0] > 200
    assert image[2, -3, 2] < 60
    assert image[2, 2, 0] < 60


def test_a_real_phone_clip_stands_upright(shared_video):
    """A clip coded 640×360 and turned by its display matrix is 360×640."""
    format, items = read(shared_video("s13_phone_portrait_rot.mp4"))
    assert (format.width, format.height) == (360, 640)
    assert len(frames_of(items)) == 180


def test_video_need_not_be_stream_0(tmp_path):
    """Sound may come first in the file."""
    _, items = read(make_clip(tmp_path / "a.mkv", frames=10, audio_first=True))
    assert len(frames_of(items)) == 10
    assert any(isinstance(item, Packet) for item in items)


def test_sound_that_cannot_be_copied_is_missed_aloud(tmp_path, caplog):
    """A codec that nobody knows: the picture comes without it, and a warning names the stream."""
    path = make_clip(tmp_path / "odd.mp4", frames=5)
    data = path.read_bytes()
    start = data.index(b"mp4a", data.index(b"soun"))
    path.write_bytes(data[:start] + data[start:].replace(b"mp4a", b"xxxx", 1).replace(b"esds", b"free", 1))
    format, items = read(path)
    assert len(frames_of(items)) == len(items) == 5
    assert format.streams == ()
    assert "odd.mp4: stream 1 (audio) is of an unknown codec and is left out" in caplog.text


def test_aspect_and_color_are_carried(tmp_path):
    """The shape of pixels comes along, and what is not tagged is what players assume."""
    format, _ = read(make_clip(tmp_path / "wide.mp4", frames=2, aspect=Fraction(32, 27)))
    assert format.sample_aspect == Fraction(32, 27)
    assert format.color.matrix == 6


def test_hdr_comes_out_in_standard_range(shared_video):
    """PQ is brought to BT.709, and the format says so."""
    format, items = read(shared_video("s15_hevc10_hdr10_pq.mp4"))
    assert (format.color.matrix, format.color.primaries, format.color.transfer) == (1, 1, 1)
    assert len(frames_of(items)) == 120


def test_times_agree_with_pyav(real_clip):
    """A real clip with an edit list gives exactly the times of the frames that are shown."""
    format, items = read(real_clip)
    assert [frame.time + format.start for frame in frames_of(items)] == frame_times(real_clip)
    assert format.frames == len(frames_of(items))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_with_a_colon(tmp_path, monkeypatch):
    """What looks like a protocol is a file, when it is one; a pattern of numbered pictures too."""
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "clip-12:30.mp4", frames=3)
    assert len(frames_of(read("clip-12:30.mp4")[1])) == 3
    for number in range(3):
        cv2.imwrite(f"take:{number}.png", np.zeros((32, 32, 3), np.uint8))
    assert len(frames_of(read("take:%d.png")[1])) == 3


def test_a_missing_file(tmp_path):
    """One sentence, with the name."""
    with pytest.raises(SourceError, match=r"nowhere\.mp4: there is no such file"):
        VideoReader(tmp_path / "nowhere.mp4")


def test_a_name_that_is_too_long(tmp_path):
    """No file can have it, and that is a sentence too."""
    with pytest.raises(SourceError, match="cannot be opened: File name too long"):
        VideoReader(tmp_path / f"{'long' * 75}.mp4")


def test_a_folder(tmp_path):
    """A folder is not a video."""
    with pytest.raises(SourceError, match="expected a video file, got a folder"):
        VideoReader(tmp_path)


@pytest.mark.parametrize("content", [b"", b"Dear diary,\n" * 500])
def test_a_text_file_in_disguise(tmp_path, content):
    """A name is not enough to be a video."""
    path = tmp_path / "diary.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"diary\.mp4: is not a video"):
        VideoReader(path)


def test_sound_alone(tmp_path):
    """A file without a video stream says what it has."""
    with pytest.raises(SourceError, match="expected a video stream, got only: audio"):
        VideoReader(make_sound(tmp_path / "song.mp4"))


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
