"""Reading clips of every kind."""

import os
import subprocess
from contextlib import closing
from fractions import Fraction
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest

from rtstyle.errors import SourceError
from rtstyle.frames import Cut, Frame, Packet
from rtstyle.sources.clock import Clock
from rtstyle.sources.demuxer import demux
from rtstyle.sources.stream import Stream
from rtstyle.sources.video_reader import VideoReader
from tests.clips import TICK, frame_times, make_clip, make_sound, turn
from tests.reading import frames_of, read


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


@pytest.mark.parametrize("opened", [VideoReader, Stream])
def test_a_clock_s_ticks_are_no_frame_rate(tmp_path, opened):
    """Uneven times in steps of 5 ms are not 200 frames a second; 240 frames a second are."""
    uneven, fast = [512 * n + 64 * (n * n % 5) for n in range(1, 40)], [53 * n for n in range(300)]
    for name, ticks, rates in (("a.ts", uneven, {None}), ("b.mp4", fast, range(235, 245))):
        source = opened(str(make_clip(tmp_path / name, ticks=ticks, sound=False)))
        rate = source.format.rate if opened is VideoReader else source.rate
        assert (rate and round(rate)) in rates
        source.close()


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


@pytest.mark.parametrize(
    ("cut", "shown"),
    [
        ((1, 4), [(0, None), (2, 2)]),  # seconds: time and duration
        ((4, 2), [(0, 2)]),
        ((4, None), [(0, None), (2, None)]),
        ((Fraction(295, 100), 1), [(0, Fraction(95, 100))]),  # as good as the next frame
    ],
)
def test_a_part_of_a_film_that_stands_still(tmp_path, cut, shown):
    """Slides change every three seconds: a part begins with the one that is there, and ends where it is to."""
    path = make_clip(tmp_path / "slides.mp4", ticks=[0, 38_400, 76_800])
    start, duration = cut
    with closing(VideoReader(path, cut=Cut(Fraction(start), duration and Fraction(duration)))) as reader:
        frames = frames_of([*reader])
    assert [frame.time for frame in frames] == [time for time, _ in shown]
    assert all(length in (None, frame.duration) for frame, (_, length) in zip(frames, shown, strict=True))


def test_the_last_picture_that_stands_still(tmp_path):
    """It is seen to its end; behind that there is nothing."""
    path = tmp_path / "slides.mp4"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=1/3:duration=6"),
            *("-c:v", "libx264", path),
        ],
        check=True,
    )
    with closing(VideoReader(path, cut=Cut(Fraction(4)))) as reader:
        assert [(frame.time, frame.duration) for frame in frames_of([*reader])] == [(0, 2)]
    with pytest.raises(SourceError, match="expected --start before its end at 6 s, got 7 s"):
        VideoReader(path, cut=Cut(Fraction(7)))


@pytest.mark.parametrize(
    ("name", "why"),
    [("late.mp4", "a part that ends after 3 s, where it begins, got 2 s"), ("late.mkv", "but no frame in that part")],
)
def test_a_part_of_a_film_that_begins_late(tmp_path, name, why):
    """Times are the film's own: the slide at 5 s stands until 7 s, and before 3 s and from 7 s on there is nothing."""
    path = make_clip(tmp_path / name, ticks=[38_400, 51_200, 64_000, 89_088], sound=False)
    with closing(VideoReader(path, cut=Cut(Fraction(6), Fraction(1, 2)))) as reader:
        assert [(item.time, item.duration) for item in reader] == [(0, Fraction(1, 2))]
    with pytest.raises(SourceError, match=why):
        VideoReader(path, cut=Cut(Fraction(1), Fraction(1)))
    with pytest.raises(SourceError, match=r"expected --start before its end at 7 s, got 9 s"):
        VideoReader(path, cut=Cut(Fraction(9)))


@pytest.mark.parametrize("name", ["late.wmv", "late.mkv", "late.mp4"])
def test_frames_to_come_of_a_film_that_begins_late(tmp_path, name):
    """From 101 s on, of one that lasts from 100 to 102 s, whether its container counts from there or from 0."""
    path = tmp_path / name
    picture = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, "-output_ts_offset", "100", path], check=True)
    with closing(VideoReader(path, cut=Cut(Fraction(101)))) as reader:
        assert reader.format.frames == pytest.approx(25, abs=2)
        assert len(frames_of([*reader])) == pytest.approx(25, abs=2)


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


def make_late_sound(path):
    """Three seconds of noise, in a format that may add a track at any time; its sound begins with the third."""
    noise, parts = np.random.default_rng(0), []
    for name, seconds in (("picture.flv", (0, 1)), ("both.flv", (2,))):
        with av.open(str(path.with_name(name)), "w") as film:
            video = film.add_stream("flv", rate=25)
            video.width, video.height, video.codec_context.qmax = 640, 480, 2
            sound = film.add_stream("mp3", rate=48_000) if name == "both.flv" else None
            for n in range(25 * seconds[0], 25 * seconds[-1] + 25):
                frame = av.VideoFrame.from_ndarray(noise.integers(0, 255, (480, 640, 3), np.uint8), "rgb24")
                frame.pts = n
                film.mux(video.encode(frame))
            film.mux(video.encode(None))
            if sound is not None:
                tone = av.AudioFrame.from_ndarray(np.zeros((2, 48_000), np.float32), "fltp", "stereo")
                tone.sample_rate, tone.pts, tone.time_base = 48_000, 96_000, Fraction(1, 48_000)
                pieces = av.AudioResampler("fltp", "stereo", 48_000, 1152).resample(tone)
                film.mux([packet for piece in [*pieces, None] for packet in sound.encode(piece)])
        parts.append(path.with_name(name).read_bytes())
    path.write_bytes(parts[0] + parts[1][13:])  # without the second header
    return path


def pictures(device):
    while True:
        yield device.read()


def test_sound_that_begins_in_the_middle_costs_no_picture(tmp_path):
    """FFmpeg knows the tracks of a film's beginning, and PyAV stumbles over others; live that is but the end."""
    path = make_late_sound(tmp_path / "late.flv")
    assert len(frames_of(read(path)[1])) == 75
    with closing(Stream(str(path))) as live, pytest.raises(SourceError, match="has ended"):
        list(pictures(live))


def test_sound_that_begins_in_the_middle_is_missed_aloud(caplog):
    """A line says how it can be had; the second time that a film is read, it is known."""

    def stumble():
        yield from ()
        raise IndexError

    container = SimpleNamespace(demux=stumble, format=SimpleNamespace(name="flv"))
    for again in (False, True):
        assert not list(demux(container, "late.flv", go_on=False, again=again))
    assert caplog.text.count("late.flv: a stream that begins in the middle is left out; ffmpeg -probesize") == 1


@pytest.mark.parametrize(("pix_fmt", "notes"), [("bgra", ["transparency is left out"]), ("bgr0", [])])
def test_transparency_is_missed_aloud(tmp_path, pix_fmt, notes):
    """Of every film whose pictures have an alpha channel."""
    path = tmp_path / "in.mkv"
    with av.open(str(path), "w") as film:
        video = film.add_stream("ffv1", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, pix_fmt
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 255, np.uint8), "rgb24").reformat(format=pix_fmt)
        film.mux([*video.encode(frame), *video.encode(None)])
    with closing(VideoReader(path)) as reader:
        assert reader.notes == notes


@pytest.mark.parametrize(("alpha", "notes"), [(255, []), (0, ["transparency is left out"])])
def test_transparency_of_a_gif_is_missed_where_there_is_any(tmp_path, alpha, notes):
    """FFmpeg gives every GIF an alpha channel."""
    path = tmp_path / "in.gif"
    made = cv2.Animation()
    made.frames, made.durations = [np.full((48, 64, 4), alpha, np.uint8) for _ in range(2)], [40, 40]
    assert cv2.imwriteanimation(str(path), made)
    with closing(VideoReader(path)) as reader:
        assert reader.notes == notes


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
    with closing(VideoReader(real_clip)) as reader:  # `read` would keep 800 MB of pictures
        times = [item.time + reader.format.start for item in reader if isinstance(item, Frame)]
    assert times == frame_times(real_clip)
    assert reader.format.frames == len(times)


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
    with pytest.raises(SourceError, match=r"diary\.mp4: is (not a video|empty; expected a video)"):
        VideoReader(path)


def test_sound_alone(tmp_path):
    """A file without a video stream says what it has."""
    with pytest.raises(SourceError, match="expected a video stream, got only: audio"):
        VideoReader(make_sound(tmp_path / "song.mp4"))


def test_sound_with_a_cover(tmp_path):
    """A cover is no film, and the sentence does not call it video."""
    path = tmp_path / "song.mka"
    with av.open(str(make_sound(tmp_path / "song.mp4"))) as sound, av.open(str(path), "w") as song:
        stream = song.add_stream_from_template(sound.streams.audio[0])
        song.add_attachment(
            "cover.png", "image/png", cv2.imencode(".png", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
        )
        for packet in sound.demux(audio=0):
            if packet.size:
                packet.stream = stream
                song.mux(packet)
    with pytest.raises(SourceError, match=r"expected a video stream, got only: a cover picture, audio$"):
        VideoReader(path)


@pytest.mark.parametrize(("matrix", "name"), [(8, "YCgCo"), (10, "BT.2020 with constant luminance")])
def test_colours_that_cannot_be_converted(tmp_path, matrix, name):
    """The scaler does not know every matrix; the sentence names it, and what to do."""
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=25)
        video.width = video.height = 32
        video.pix_fmt, video.codec_context.colorspace = "yuv444p", matrix
        film.mux([*video.encode(av.VideoFrame(32, 32, "yuv444p")), *video.encode(None)])
    sentence = f"a.mkv: expected colours that swscale converts to RGB, got {name}; convert it first, as with: ffmpeg"
    with pytest.raises(SourceError, match=sentence):
        next(iter(VideoReader(path)))
