"""NVDEC, on a chip that only pretends: the same film as on the CPU, and no frame lost in silence."""

from contextlib import closing
from fractions import Fraction
from itertools import islice

import av
import cv2
import numpy as np
import pytest

import rtstyle
from rtstyle.engines import nvidia
from rtstyle.errors import DeviceError, SourceError, UsageError
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.sources.video_reader import VideoReader
from tests.clips import frame_times, make_clip
from tests.reading import frames_of
from tests.sources.fake_nvdec import FakeNvdec


def read(path, decoder, *, first=None, **options):
    with closing(VideoReader(path, decoder=decoder, keep=None, **options)) as reader:
        return reader, frames_of(islice(reader, first))


def same(some, others):
    return [frame.time for frame in some] == [frame.time for frame in others] and all(
        np.array_equal(one.image, other.image) for one, other in zip(some, others, strict=True)
    )


@pytest.fixture
def film(tmp_path):
    return make_clip(tmp_path / "film.mp4", frames=30, bf="2", g="12")


@pytest.mark.parametrize("decoder", ["auto", "nvdec"])
def test_the_same_pixels_at_the_same_times(film, decoder, monkeypatch):
    """Who decodes makes no difference; one thread of the CPU is enough then."""
    monkeypatch.setattr("rtstyle.sources.video_reader.codec_threads", lambda: 5)
    _, expected = read(film, "software")
    chip = FakeNvdec()
    chip.install(monkeypatch)
    _, found = read(film, decoder)
    assert same(found, expected)
    assert len(chip.opened) == 2  # to try, and to read
    assert set(chip.threads) == {1}


@pytest.mark.parametrize(
    "name", ["s13_phone_portrait_rot.mp4", "s14_vfr_audio.mp4", "s15_hevc10_hdr10_pq.mp4", "s17_vp9_opus.webm"]
)
def test_real_films_are_the_same(name, shared_video, monkeypatch):
    """Rotation, irregular times, HDR in 10 bits and VP9: nothing is missed, and every pixel is the CPU's."""
    path = shared_video(name)
    _, expected = read(path, "software", first=8)
    FakeNvdec().install(monkeypatch)
    assert same(read(path, "nvdec", first=8)[1], expected)
    with closing(VideoReader(path, keep=None, decoder="nvdec", on_error="stop")) as reader:
        reader.skip(10**6)
        assert not list(reader)


@pytest.mark.parametrize("lost", [{1}, {13}, {7, 8, 9}, {29}, {28, 29}])
def test_a_frame_that_does_not_come_is_missed(film, lost, monkeypatch):
    """A chip that drops frames and says nothing is found out at once, wherever in the film, the last frame too."""
    FakeNvdec(lost=lost).install(monkeypatch)
    at_s = min(lost) / 25
    with pytest.raises(SourceError, match=rf"NVDEC left out the frame at {at_s:.3f} s; --decoder software"):
        read(film, "nvdec", on_error="stop")


@pytest.mark.parametrize("on_error", ["warn", "skip"])
def test_what_is_put_up_with_is_counted(film, on_error, monkeypatch, caplog):
    """Then the film is shorter by what did not come, and both the line and the count say so."""
    FakeNvdec(lost={7, 29}).install(monkeypatch)
    reader, found = read(film, "nvdec", on_error=on_error)
    assert (len(found), reader.skipped) == (28, 2)
    assert "NVDEC left out the frame at 0.280 s" in caplog.text


def test_a_chip_that_loses_much_is_no_decoder(film, monkeypatch):
    """More than a tenth, and the film is not the film."""
    FakeNvdec(lost=range(4, 30, 2)).install(monkeypatch)
    with pytest.raises(SourceError, match="13 of 30 packets of video cannot be decoded"):
        read(film, "nvdec", on_error="warn")


def test_what_comes_before_the_first_frame_is_not_missed(film, monkeypatch):
    """A film that begins in the middle of a group of pictures has packets that nobody can decode."""
    FakeNvdec(lost={0, 1}).install(monkeypatch)
    reader, found = read(film, "nvdec", on_error="stop")
    assert (len(found), reader.skipped) == (28, 0)


def test_a_film_is_finished_by_the_cpu(tmp_path, invert_model, monkeypatch):
    """The error says so, whole segments are kept, and --resume with the CPU's decoder paints the rest."""
    film, target = make_clip(tmp_path / "film.mp4", frames=60), tmp_path / "out.mp4"
    FakeNvdec(lost={40}).install(monkeypatch)
    with pytest.raises(SourceError, match=r"the frame at 1.600 s; --decoder software .* frames are kept .* --resume"):
        rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(decoder="nvdec", segment=10))
    rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(resume=True, segment=10))
    assert len(frame_times(target)) == 60


def refused(path, caplog, reason, fault=SourceError):
    """With "nvdec" it is one sentence; with "auto" one line, and the CPU decodes."""
    with pytest.raises(fault) as error:
        VideoReader(path, decoder="nvdec")
    assert str(error.value) == f"{path}: NVDEC cannot decode it: {reason}; use --decoder auto or software"
    _, found = read(path, "auto")
    assert [record.message for record in caplog.records] == [f"{path}: NVDEC cannot decode it ({reason}); the CPU will"]
    assert same(found, read(path, "software")[1])


def test_without_a_gpu(film, monkeypatch, caplog):
    """The reason is the machine's."""
    monkeypatch.setattr(nvidia, "count_gpus", lambda: 0)
    refused(film, caplog, f"{nvidia.DRIVER} finds no NVIDIA GPU", DeviceError)


@pytest.mark.skipif(nvidia.count_gpus() > 0, reason="no such hardware: a machine without a GPU")
def test_a_gpu_that_cannot_be_opened(film, monkeypatch, caplog):
    """The driver counts one, and FFmpeg cannot use it: its own words."""
    monkeypatch.setattr(nvidia, "count_gpus", lambda: 1)
    refused(film, caplog, "Operation not permitted", DeviceError)


@pytest.mark.parametrize(
    ("chip", "reason"),
    [(FakeNvdec(takes=False), "it does not take yuv420p"), (FakeNvdec(lost=range(30)), "it gives no frame")],
)
def test_a_chip_that_does_not_take_the_film(film, chip, reason, monkeypatch, caplog):
    """It is believed when it has decoded a frame."""
    chip.install(monkeypatch)
    refused(film, caplog, reason)


def test_an_ffmpeg_without_it(film, monkeypatch, caplog):
    """No film's fault: of a folder, none would fare better."""
    FakeNvdec(built_in=False).install(monkeypatch)
    refused(film, caplog, "the FFmpeg inside PyAV was built without it", DeviceError)


def test_a_codec_whose_frames_cannot_be_counted(tmp_path, monkeypatch, caplog):
    """A packet of VP8, say, may hold no picture: one that is missing would not be missed, and the CPU is quick."""
    FakeNvdec().install(monkeypatch)
    film = tmp_path / "film.mkv"
    with av.open(str(film), "w") as container:
        video = container.add_stream("libvpx", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 * number, np.uint8), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    refused(film, caplog, "only h264, hevc, vp9 are decoded there, and this is vp8")


def test_an_interlaced_film(tmp_path, monkeypatch, caplog):
    """Two packets may hold one of its pictures, so the CPU decodes it."""
    FakeNvdec().install(monkeypatch)
    film = make_clip(tmp_path / "film.mp4", frames=5, **{"x264-params": "tff=1"})
    refused(film, caplog, "it is interlaced")


def test_what_cannot_be_read_twice_is_not_tried(tmp_path, monkeypatch, caplog):
    """Numbered pictures, as a pipe and a stream, are left to the CPU."""
    FakeNvdec().install(monkeypatch)
    monkeypatch.setattr("rtstyle.sources.decoding._CODECS", ("png",))
    pattern = tmp_path / "frame_%02d.png"
    for number in range(3):
        cv2.imwrite(str(pattern) % number, np.full((16, 16, 3), 40 * number, np.uint8))
    refused(pattern, caplog, "it is tried on the input first, which takes a file")


def test_a_file_that_is_not_there_is_that(tmp_path):
    """Whoever was to decode it."""
    with pytest.raises(SourceError, match="there is no such file"):
        VideoReader(tmp_path / "film.mp4", decoder="nvdec")


def test_no_such_decoder():
    """What there is, in the grammar of all options."""
    with pytest.raises(UsageError, match="decoder: expected one of software, auto, nvdec, got gpu"):
        FilmOptions(decoder="gpu")
