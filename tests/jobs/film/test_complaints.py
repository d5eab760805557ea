"""What users of comparable tools complain about; each complaint is a test; more are in test_resume and test_tiles."""

from fractions import Fraction

import av
import numpy as np
import pytest

import rtstyle
from rtstyle.frames import is_cover
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.sources.streams import Keep
from tests.clips import TICK, frame_times, make_clip, packets, streams_of, turn
from tests.rich_film import FONT, make_rich_film


@pytest.fixture(scope="module")
def rich_film(tmp_path_factory):
    return make_rich_film(tmp_path_factory.mktemp("rich") / "rich.mkv")


@pytest.fixture
def paint(tmp_path, invert_model):
    """Paints into a file with the given extension and returns its path."""

    def paint(source, suffix=".mp4", **options):
        target = tmp_path / f"painted{suffix}"
        rtstyle.transcode(source, target, style=invert_model, options=FilmOptions(**options), overwrite=True)
        return target

    return paint


def packets_of(path, index):
    with av.open(str(path)) as film:
        stream = film.streams[index]
        tick = Fraction(stream.time_base.numerator, stream.time_base.denominator)
        return [(p.pts * tick, p.duration * tick, bytes(p)) for p in film.demux(stream) if p.size]


def test_second_sound_track_subtitles_and_fonts_lost(rich_film, paint, caplog):
    """Real-ESRGAN#576: in Matroska all are there, bit for bit, with languages, titles and dispositions."""
    painted = paint(rich_film, ".mkv")
    assert streams_of(painted) == streams_of(rich_film)
    for index in (1, 2, 3):
        assert packets_of(painted, index) == packets_of(rich_film, index)
    with av.open(str(painted)) as film:
        assert film.streams.attachments[0].data == FONT
    assert not caplog.records


def test_metadata_and_chapters_lost(rich_film, paint):
    """video2x#1344: title, artist, a key of the user's own, and both chapters, in MP4 too."""
    for suffix in (".mkv", ".mp4", ".mov"):
        with av.open(str(paint(rich_film, suffix))) as film:
            found = {key.lower(): value for key, value in film.metadata.items()}
            assert {"title": "The Film", "artist": "Somebody"}.items() <= found.items()
            assert found.get("my_own_key") == ("kept" if suffix == ".mkv" else None)
            chapters = [(c["start"] * c["time_base"], c["metadata"]["title"]) for c in film.chapters()]
            assert chapters == [(0, "One"), (Fraction(4, 5), "Two")]


def test_what_mp4_cannot_hold_is_converted_aloud(rich_film, paint, caplog):
    """Subtitles of text become MP4's own, at their times; what cannot be kept is named."""
    painted = paint(rich_film, ".mp4")
    kinds = [stream for stream in streams_of(painted) if stream[0] != "data"]  # chapters are a stream of MP4's own
    assert [kind[:3] for kind in kinds[1:4]] == [
        ("audio", "aac", "eng"),
        ("audio", "alac", "deu"),
        ("subtitle", "mov_text", "eng"),
    ]
    texts = [(start, length, data[2:]) for start, length, data in packets_of(painted, 3) if len(data) > 2]
    assert [(s, d) for s, d, _ in texts] == [(0, Fraction(2, 5)), (Fraction(1, 2), Fraction(2, 5))]
    assert texts[0][2].startswith(b"Hello there")
    said = [record.message for record in caplog.records]
    assert any("stream 3 (subtitle, srt) is converted to mov_text" in line for line in said)
    assert any("left out: only .mkv holds attachments" in line for line in said)
    assert any("MY_OWN_KEY: .mp4 cannot hold these tags beside a cover" in line for line in said)
    with av.open(str(painted)) as film:
        (cover,) = [stream for stream in film.streams.video if is_cover(stream)]
        assert cover.codec_context.name == "png"


def test_keys_of_any_name_are_kept_in_mp4(tmp_path, paint, caplog):
    """Where there is no cover."""
    source = tmp_path / "in.mkv"
    with av.open(str(make_clip(tmp_path / "plain.mp4", frames=3))) as plain, av.open(str(source), "w") as film:
        film.metadata["MY_OWN_KEY"] = "kept"
        stream = film.add_stream_from_template(plain.streams.video[0])
        for packet in plain.demux(video=0):
            if packet.size:
                packet.stream = stream
                film.mux(packet)
    with av.open(str(paint(source, ".mp4"))) as film:
        assert film.metadata["MY_OWN_KEY"] == "kept"
    assert not caplog.records


def test_copied_sound_is_encoded_again(rich_film, paint):
    """chaiNNer#2168: the bytes of both tracks are the same in QuickTime."""
    painted = paint(rich_film, ".mov")
    for index in (1, 2):
        before, after = (b"".join(data for *_, data in packets_of(path, index)) for path in (rich_film, painted))
        assert after == before


def test_streams_that_are_not_wanted(rich_film, paint):
    """No sound, no subtitles, no tags: each for itself."""
    kinds = [s[0] for s in streams_of(paint(rich_film, ".mkv", keep=Keep(audio=False)))]
    assert kinds.count("audio") == 0
    assert kinds.count("subtitle") == 1
    kinds = [s[0] for s in streams_of(paint(rich_film, ".mkv", keep=Keep(subtitles=False, metadata=False)))]
    assert kinds == ["video", "audio", "audio"]
    with av.open(str(paint(rich_film, ".mkv", keep=Keep(metadata=False)))) as film:
        assert "title" not in film.metadata
        assert film.chapters() == []


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24000, 1001)])
def test_precision_lost_over_a_long_film(tmp_path, paint, rate):
    """video2x#1278: ten hours from 0, in a clock of 1/90000 s, every frame and packet is where it was, to the tick."""
    source = tmp_path / "late.mkv"
    tick = 1 / (rate * 1001 / 1000) / 1000
    with av.open(str(source.with_suffix(".mp4")), "w", options={"movie_timescale": str((1 / tick).numerator)}) as film:
        video = film.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "bf": "2"})
        video.width = video.height = 32
        video.codec_context.time_base = tick
        for n in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 8 * n, np.uint8), "rgb24")
            frame.time_base, frame.pts = tick, round(36_000 / tick) + 1001 * n
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    source = source.with_suffix(".mp4")
    times = frame_times(source)
    assert times[0] == 36_000
    assert frame_times(paint(source, ".mp4")) == times
    assert frame_times(paint(source, ".mov")) == times


def test_fewer_frames_out_than_in_and_sound_out_of_sync(tmp_path, paint):
    """Real-ESRGAN#388, video2x#485: a variable rate that starts late keeps its times against its sound, to the tick."""
    ticks = [6400 + t for t in (0, 512, 1300, 1301, 9000, 20_000, 20_512)]
    source = make_clip(tmp_path / "in.mp4", ticks=ticks)
    painted = paint(source)
    assert frame_times(painted) == [tick * TICK for tick in ticks]
    assert packets(painted) == packets(source)


def test_video_that_is_not_stream_0(tmp_path, paint):
    """video2x#1269: the sound comes first in the file."""
    source = make_clip(tmp_path / "in.mkv", frames=20, audio_first=True)
    painted = paint(source, ".mkv")
    assert len(frame_times(painted)) == 20
    assert [data for _, data in packets(painted)] == [data for _, data in packets(source)]


def test_aspect_and_rotation(tmp_path, paint):
    """video2x#1344, PyAV#570: an anamorphic phone clip stands upright, and nothing turns it again."""
    source = turn(make_clip(tmp_path / "in.mp4", frames=3, aspect=Fraction(4, 3), sound=False))
    with av.open(str(paint(source))) as film:
        frame = next(film.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (48, 64, 0)
        assert film.streams.video[0].sample_aspect_ratio == Fraction(3, 4)


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "hevc"), (".mkv", "av1"), (".webm", "vp9"), (".mov", "h264")])
@pytest.mark.parametrize("size", [(64, 48), (65, 49)])
def test_every_codec_keeps_frames_times_and_size(tmp_path, paint, suffix, codec, size):
    """Also where the sides are odd, and across a join of segments."""
    from rtstyle.sinks.encoding import Encoding

    source = make_clip(tmp_path / "in.mp4", frames=25, size=size, sound=False)
    painted = paint(source, suffix, encoding=Encoding(codec), segment=10)
    slack = 0 if suffix in {".mp4", ".mov"} else Fraction(1, 1000)
    assert all(abs(a - b) <= slack for a, b in zip(frame_times(painted), frame_times(source), strict=True))
    with av.open(str(painted)) as film:
        frame = next(film.decode(video=0))
        assert (frame.width, frame.height) == size
        assert codec in film.streams.video[0].codec_context.name or codec == "av1"


def test_no_times_at_all(tmp_path, paint):
    """video2x#1222: a stream without a container has only an order; B-frames or not, frame n is shown at n/25."""
    source = tmp_path / "in.h264"
    with av.open(str(source), "w", format="h264") as film:
        video = film.add_stream("libx264", rate=25, options={"preset": "ultrafast", "bf": "2"})
        video.width, video.height = 64, 48
        for n in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 16 + 7 * n, np.uint8), "rgb24")
            frame.pts = n
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    painted = paint(source, ".mp4")
    assert frame_times(painted) == [Fraction(n, 25) for n in range(30)]
    with av.open(str(painted)) as film:
        greys = [int(frame.to_ndarray(format="gray")[24, 32]) for frame in film.decode(video=0)]
    assert greys == sorted(greys, reverse=True)
