"""What can be asked of a film besides its style."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

import rtstyle
from rtstyle.errors import SinkError, SourceError, UsageError
from rtstyle.frames import Frame, VideoFormat
from rtstyle.jobs.film.film import look_at
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.jobs.film.painter import read_schedule
from rtstyle.jobs.film.task import Task
from rtstyle.sinks.encoding import Encoding, choose_encoder, parse_bitrate
from rtstyle.sinks.video_writer import VideoWriter
from rtstyle.times import parse_time
from tests.clips import frame_times, make_clip, packets
from tests.models import make_model
from tests.pictures import psnr_db
from tests.reading import pixels


@pytest.fixture(scope="module")
def identity_model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("models") / "identity.onnx", kind="identity")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_part_with_its_sound(tmp_path, clip, invert_model, suffix):
    """From the first frame at the start to the last before the end; sound keeps its place to the frame, to the ms."""
    source = make_clip(tmp_path / "in.mp4", frames=100, g="12")
    target = tmp_path / f"out{suffix}"
    rtstyle.transcode(
        source, target, style=invert_model, options=FilmOptions(start=Fraction("1.23"), duration=Fraction(2))
    )
    times = frame_times(target)
    assert len(times) == 50
    first = Fraction(31, 25)  # the first frame at or after 1.23 s
    slack = 0 if suffix == ".mp4" else Fraction(1, 1000)
    wanted = [(time - first, data) for time, data in packets(source) if first <= time < Fraction("3.23")]
    sound = packets(target)
    assert [data for _, data in sound] == [data for _, data in wanted]
    assert all(abs(a - times[0] - b) <= slack for (a, _), (b, _) in zip(sound, wanted, strict=True))
    whole, part = pixels(source), pixels(target)
    assert np.abs(part.astype(int) - (255 - whole[31:81].astype(int)))[:, 24:, 24:].max() <= 4


def test_a_part_beyond_the_end(clip, tmp_path, invert_model):
    """There is nothing to paint, and the sentence says where the end is."""
    with pytest.raises(SourceError, match=r"clip\.mp4: expected --start before its end at 1 s, got 60 s"):
        rtstyle.transcode(clip, tmp_path / "out.mp4", style=invert_model, options=FilmOptions(start=Fraction(60)))


def test_a_schedule_of_styles(clip, tmp_path, invert_model, identity_model):
    """One style, a fade of 0.4 s, and the other: each frame by its own time, across segments too."""
    target = tmp_path / "out.mp4"
    options = FilmOptions(crossfade=Fraction("0.4"), segment=5)
    rtstyle.transcode(clip, target, style=[f"{identity_model}@0", f"{invert_model}@00:00.4"], options=options)
    plain, painted = pixels(clip).astype(int)[:, 40, 60, 1], pixels(target).astype(int)[:, 40, 60, 1]
    shares = np.clip((np.arange(25) / 25 - 0.4) / 0.4, 0, 1)
    assert np.abs(painted - (plain * (1 - shares) + (255 - plain) * shares)).max() <= 5


def test_several_styles_want_times():
    """A name without a time is a question without an answer."""
    with pytest.raises(UsageError, match="expected NAME@TIME each"):
        read_schedule(["wave", "starry-night@1"])
    given = ["wave@1:02", "me@home.onnx@90", "we@2x.onnx@91"]
    assert read_schedule(given) == [(62, "wave"), (90, "me@home.onnx"), (91, "we@2x.onnx")]
    assert read_schedule("we@2x.onnx") == [(0, "we@2x.onnx")]
    assert read_schedule("wave@0") == [(0, "wave")]
    with pytest.raises(UsageError, match="wave@5: expected a time only with several styles"):
        read_schedule("wave@5")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12.5", "12.5"), ("01:30", "90"), ("1:02:03.04", "3723.04"), ("7", "7"), ("5.", "5"), ("1:.5", "60.5")],
)
def test_times(text, seconds):
    """As players show them, exactly."""
    assert parse_time(text) == Fraction(seconds)


@pytest.mark.parametrize("text", ["", ".", "1:2:3:4", "-1", "soon", "1,5"])
def test_times_that_are_none(text):
    """The sentence shows how to write one."""
    with pytest.raises(UsageError, match=r"expected a time as in 12\.5"):
        parse_time(text)


def test_own_colours_lower_resolution_and_steadiness(tmp_path, invert_model):
    """lengstrom#150: the chroma is the film's and the light the painting's; all three are reported."""
    source = tmp_path / "in.mp4"
    make_clip(source, frames=5, size=(96, 64), sound=False)
    target = tmp_path / "out.mp4"
    options = FilmOptions(keep_colors=True, scale=0.5, steady=True)
    report = rtstyle.transcode(source, target, style=invert_model, options=options)
    assert list(report.stages) == ["VideoReader", "Guided", "Steady", "KeepColors", "SegmentWriter"]
    before, after = (cv2.cvtColor(pixels(path)[0], cv2.COLOR_RGB2YCrCb).astype(int) for path in (source, target))
    assert after.shape == before.shape
    assert after[4:10, 4:10, 1].min() > 140  # the corner is red, and not cyan
    assert abs(after[40, 60, 0] - (255 - before[40, 60, 0])) < 8


@pytest.mark.parametrize("scale", [1, 0.5])
def test_strokes_stand_still(tmp_path, invert_model, scale):
    """A film of one colour gets the same strokes in every frame."""
    source, target = tmp_path / "in.mp4", tmp_path / "out.mkv"
    writer = VideoWriter(source)
    writer.open(VideoFormat(width=128, height=96, rate=Fraction(25)))
    for number in range(4):
        writer.write(Frame(np.full((96, 128, 3), 100, np.uint8), Fraction(number, 25)))
    writer.close()
    rtstyle.transcode(source, target, style=invert_model, options=FilmOptions(brushwork=1, scale=scale))
    images = pixels(target).astype(int)
    assert 15 < images.std() < 40
    assert np.abs(images[1:] - images[0]).mean() < 2


def test_a_preview_beside_the_original(tmp_path, invert_model):
    """So many seconds from the middle: the film on the left, the painting on the right, with sound."""
    source, target = make_clip(tmp_path / "in.mp4", frames=100), tmp_path / "out.mp4"
    report = rtstyle.transcode(source, target, style=invert_model, options=FilmOptions(preview=Fraction(1)))
    assert list(report.stages) == ["VideoReader", "Stylizer", "SideBySide", "SegmentWriter"]
    images = pixels(target).astype(int)
    assert images.shape == (25, 48, 128, 3)
    assert np.abs(images[:, 30:, 20:60] + images[:, 30:, 84:124] - 255).max() <= 6
    assert packets(target)


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.ts"])
def test_a_preview_of_a_film_that_begins_late(tmp_path, invert_model, name):
    """Its middle is between where it begins, at 3 s, and where it ends."""
    source, target = make_clip(tmp_path / name, ticks=range(38_400, 51_200, 512), sound=False), tmp_path / "out.mp4"
    rtstyle.transcode(source, target, style=invert_model, options=FilmOptions(preview=Fraction(1, 5)))
    images = pixels(target).astype(int)
    assert images.shape == (5, 48, 128, 3)
    assert 16 + 5 * 9 < images[0, 30:, 20:60].mean() < 16 + 5 * 12


def test_a_dry_run_says_and_does_nothing(clip, tmp_path):
    """A line for every stream; nothing is written."""
    lines = look_at(Task(input=str(clip), output=tmp_path / "out.webm", style="wave"))
    preview = FilmOptions(preview=Fraction(1, 5))
    beside = look_at(Task(input=str(clip), output=tmp_path / "out.webm", style="wave", options=preview))
    assert beside[0].startswith("video is painted: 128×48, 25.000 fps, about 5 frames")
    assert lines[0].startswith("video is painted: 64×48, 25.000 fps, about 25 frames; libvpx-vp9 in segments of 250")
    assert lines[1] == "stream 1 (audio, aac) is converted to libopus"
    assert not (tmp_path / "out.webm").exists()
    assert not (tmp_path / "out.webm.rtstyle").exists()


@pytest.mark.parametrize("color", [("bt709", 1, 1), ("smpte170m", 6, 1), ("bt709", 1, 2), ("smpte170m", 6, 2)])
def test_wrong_colours(tmp_path, identity_model, color):
    """video2x#1217: BT.601 and BT.709, limited and full range, come back as they were, by at least 38 dB."""
    _, matrix, range_ = color
    source = tmp_path / "in.mkv"
    y, x = np.mgrid[:96, :128]
    image = np.stack([2 * x, 255 - 2 * y, x + y], axis=-1).clip(0, 255).astype(np.uint8)
    image[32:64, 32:96] = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]]).repeat(16, axis=0)
    with av.open(str(source), "w") as film:
        video = film.add_stream("libx264", rate=25, options={"crf": "0"})
        video.width, video.height = 128, 96
        video.pix_fmt = "yuvj420p" if range_ == 2 else "yuv420p"
        context = video.codec_context
        context.colorspace, context.color_range, context.color_primaries, context.color_trc = matrix, range_, 1, 1
        frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(
            format=video.pix_fmt, dst_colorspace={1: 1, 6: 5}[matrix], dst_color_range=range_
        )
        frame.pts = 0
        film.mux(video.encode(frame))
        film.mux(video.encode(None))
    target = tmp_path / "out.mp4"
    rtstyle.transcode(
        source, target, style=identity_model, options=FilmOptions(encoding=Encoding(crf=4, preset="medium"))
    )
    with av.open(str(target)) as film:
        shown = next(film.decode(video=0))
        assert (shown.colorspace, shown.color_range) == (matrix, 1)
    assert psnr_db(pixels(target)[0], pixels(source)[0]) >= 38


def test_damage_stops_unless_it_is_to_be_skipped(tmp_path, identity_model, caplog):
    """The default is a clear sentence; skipping says how many frames, and the rest is a whole film."""
    source, target = make_clip(tmp_path / "in.avi", frames=60, g="10", sound=False), tmp_path / "out.mp4"
    with av.open(str(source)) as film:
        packet = [p for p in film.demux(video=0) if p.size][25]
        data = bytearray(source.read_bytes())
        start = data.index(bytes(packet), packet.pos)
    data[start : start + packet.size] = b"\xff" * packet.size
    source.write_bytes(data)
    with pytest.raises(SourceError, match=r"cannot be decoded at about 1\.\d s; --on-error skip"):
        rtstyle.transcode(source, target, style=identity_model)
    assert list(tmp_path.iterdir()) == [source]
    report = rtstyle.transcode(source, target, style=identity_model, options=FilmOptions(on_error="skip"))
    assert (report.frames_skipped, report.frames_out) == (1, 59)
    assert "a damaged packet at 1.0" in caplog.text


def test_no_such_way_with_damage():
    """What there is, in the grammar of all options."""
    with pytest.raises(UsageError, match=r"^on_error: expected one of stop, warn, skip, got ignore$"):
        FilmOptions(on_error="ignore")


def test_a_film_that_ends_early_is_kept_as_far_as_it_goes(shared_video, tmp_path, identity_model, caplog):
    """With --on-error skip; by default it is an error."""
    target = tmp_path / "out.mp4"
    source = shared_video("s21_truncated_half_audio.mp4")
    with pytest.raises(SourceError, match="ends early"):
        rtstyle.transcode(source, target, style=identity_model)
    rtstyle.transcode(source, target, style=identity_model, options=FilmOptions(on_error="skip"), overwrite=True)
    assert len(frame_times(target)) >= 157
    assert packets(target)
    assert "ends early: expected 303 packets of video" in caplog.text


def test_hardware_that_is_not_there(monkeypatch, caplog):
    """With auto each is tried for real, and software taken with one line that says why; a certain one is an error."""
    monkeypatch.setattr("rtstyle.sinks.encoding._CHIPS", ("nvenc", "vaapi"))
    monkeypatch.setattr("rtstyle.sinks.encoding.try_encoder", lambda encoder, *_: f"{encoder.name} is broken")
    assert choose_encoder(Encoding(encoder="auto"), ".mp4", 64, 48).name == "libx264"
    assert "no hardware encoder is available (h264_nvenc: h264_nvenc is broken; h264_vaapi" in caplog.text
    with pytest.raises(rtstyle.DeviceError, match="hevc_nvenc is broken; use --encoder auto or software"):
        choose_encoder(Encoding("hevc", encoder="nvenc"), ".mp4", 64, 48)


def test_hardware_that_works(monkeypatch, caplog):
    """The first that codes a frame is taken, with its own words for quality."""
    monkeypatch.setattr("rtstyle.sinks.encoding._CHIPS", ("nvenc", "qsv"))
    monkeypatch.setattr(
        "rtstyle.sinks.encoding.try_encoder", lambda encoder, *_: "no" if "nvenc" in encoder.name else None
    )
    encoder = choose_encoder(Encoding("hevc", crf=30, encoder="auto"), ".mkv", 64, 48)
    assert (encoder.name, dict(encoder.options)) == ("hevc_qsv", {"global_quality": "30"})
    assert not caplog.records


def test_encodings_that_cannot_be(tmp_path):
    """A codec that the container does not hold or the frames are too narrow for, two ways to say how good, no rate."""
    with pytest.raises(SinkError, match=r"\.webm cannot hold h264; expected a name that ends in \.mp4"):
        choose_encoder(Encoding("h264"), ".webm", 64, 48)
    with pytest.raises(SinkError, match="libx265 expects frames wider than 48 pixels, got 48; use --codec h264"):
        choose_encoder(Encoding("hevc"), ".mp4", 48, 96)  # which ended the process, now and then
    with pytest.raises(UsageError, match="crf and bitrate: expected one of them"):
        Encoding(crf=20, bitrate=1000)
    with pytest.raises(UsageError, match="expected a bit rate as in 800k or 4M"):
        parse_bitrate("fast")
    assert (parse_bitrate("800k"), parse_bitrate("1.5M"), parse_bitrate("64000")) == (800_000, 1_500_000, 64_000)


def test_a_bit_rate_is_kept(tmp_path, identity_model):
    """Half the rate, about half the file."""
    source = make_clip(tmp_path / "in.mp4", frames=50, size=(160, 120), sound=False)
    sizes = []
    for rate in (20_000, 200_000):
        noise = make_model(tmp_path / "blur.onnx", kind="blur")
        target = tmp_path / f"{rate}.mp4"
        rtstyle.transcode(source, target, style=noise, options=FilmOptions(encoding=Encoding(bitrate=rate)))
        sizes.append(target.stat().st_size)
    assert sizes[0] < sizes[1]


def test_what_will_not_be_as_it_looks_is_told(clip, tmp_path, invert_model, identity_model, caplog):
    """A style that would begin after the end, and a photo that is made a film."""
    schedule = [f"{invert_model}@0", f"{identity_model}@99"]
    rtstyle.transcode(clip, tmp_path / "out.mp4", style=schedule)
    assert caplog.messages == [f"{clip}: {identity_model}@99 never appears: the painted part ends at 1 s"]
    caplog.clear()
    photo = tmp_path / "photo.jpg"
    cv2.imwrite(str(photo), np.full((32, 32, 3), 10, np.uint8))
    rtstyle.transcode(photo, tmp_path / "photo.mp4", style=invert_model)
    told = f"{photo}: a photo becomes a film of one frame; `rtstyle image` paints it as a photo"
    assert [line for line in caplog.messages if "frame" in line] == [told]
