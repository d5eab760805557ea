"""Writing videos: times, sound and colour."""

import resource
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from rtstyle.errors import SinkError
from rtstyle.frames import Color, Frame, VideoFormat
from rtstyle.pipeline import run
from rtstyle.sinks.encoding import Encoding
from rtstyle.sinks.video_writer import VideoWriter
from rtstyle.sources.test_pattern import TestPattern
from rtstyle.sources.video_reader import VideoReader
from tests.clips import TICK, frame_times, make_clip, packets, turn
from tests.fakes import Invert


def copy(source, target, stages=()):
    return run(VideoReader(source), stages, VideoWriter(target))


def first_image(path):
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24", src_colorspace="ITU601")


class Black:
    """Pictures that are coded in no time."""

    def __call__(self, batch):
        return replace(batch, images=np.zeros_like(batch.images))

    def reset(self):
        """Remembers nothing."""


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4v", ".mkv"])
def test_frames_and_times_survive(tmp_path, suffix):
    """A variable frame rate goes through unchanged; in Matroska to the millisecond.

    Matroska has no times before 0, so that sound which starts earlier moves everything.
    """
    ticks = [0, 512, 1300, 2000, 9000, 20_000, 20_512]
    source = make_clip(tmp_path / "in.mp4", frames=7, ticks=ticks)
    copy(source, tmp_path / f"out{suffix}")
    slack = Fraction(1, 1000) if suffix == ".mkv" else 0
    times = frame_times(tmp_path / f"out{suffix}")
    assert suffix == ".mkv" or times[0] == 0
    for time, tick in zip(times, ticks, strict=True):
        assert abs(time - times[0] - tick * TICK) <= slack


def test_webm_is_vp9_and_loses_no_frame(tmp_path):
    """The extension chooses the codec: VP9 in WebM, with Opus copied."""
    source = make_clip(tmp_path / "in.webm.mkv", frames=20, sound=False)
    copy(source, tmp_path / "out.webm")
    with av.open(str(tmp_path / "out.webm")) as container:
        assert container.streams.video[0].codec_context.name == "vp9"
    assert len(frame_times(tmp_path / "out.webm")) == 20


@pytest.mark.parametrize("late", [0, 6400])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_is_copied_packet_for_packet_and_in_sync(tmp_path, late, suffix):
    """Each packet has the same bytes, at the same time relative to the picture, which may start later."""
    source = make_clip(tmp_path / "in.mp4", frames=25, ticks=[late + 512 * n for n in range(25)])
    target = tmp_path / f"out{suffix}"
    copy(source, target)
    before, after = packets(source), packets(target)
    assert [data for _, data in after] == [data for _, data in before]
    shift = frame_times(target)[0] - frame_times(source)[0]
    slack = Fraction(1, 1000) if suffix == ".mkv" else Fraction(0)
    assert all(abs(b[0] + shift - a[0]) <= slack for a, b in zip(after, before, strict=True))


def test_a_real_clip_with_an_edit_list(real_clip, tmp_path):
    """Sound with packets before the start, and frames that are hidden, come out as players show them."""
    copy(real_clip, tmp_path / "out.mp4", [Black()])
    assert frame_times(tmp_path / "out.mp4") == frame_times(real_clip)
    assert packets(tmp_path / "out.mp4") == packets(real_clip)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="a process's memory is told by Linux's /proc alone")
def test_memory_is_flat_from_file_to_file(tmp_path):
    """FFmpeg's memory counted too, 1,200 frames of 58 kB and their sound cost no more than 44 would."""
    resident = []

    def measure(now):
        if now.frames in {300, 1500}:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            resident.append(pages * resource.getpagesize())

    source = make_clip(tmp_path / "in.mp4", frames=1500, size=(160, 120))
    run(VideoReader(source), [Invert()], VideoWriter(tmp_path / "out.mp4"), batch=2, progress=measure)
    assert resident[1] - resident[0] < 44 * 160 * 120 * 3


def test_the_last_frame_lasts_as_long_as_it_did(tmp_path):
    """Durations are written, not guessed from the frame before."""
    source = make_clip(tmp_path / "in.mp4", frames=3, ticks=[0, 5120, 10_240], sound=False)
    copy(source, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.duration * Fraction(stream.time_base.numerator, stream.time_base.denominator) == 10_752 * TICK


@pytest.mark.parametrize("size", [(65, 48), (64, 49), (17, 31)])
def test_odd_sizes_lose_nothing(tmp_path, size):
    """Every row and column is still there."""
    copy(make_clip(tmp_path / "in.mp4", frames=3, size=size), tmp_path / "out.mp4")
    assert first_image(tmp_path / "out.mp4").shape == (size[1], size[0], 3)


def test_aspect_is_kept_and_rotation_is_not_applied_twice(tmp_path):
    """The pixels' shape turns with the picture, and no display matrix is left."""
    source = turn(make_clip(tmp_path / "in.mp4", frames=3, aspect=Fraction(4, 3), sound=False))
    copy(source, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.sample_aspect_ratio == Fraction(3, 4)
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (48, 64, 0)


@pytest.mark.parametrize(("size", "matrix"), [((1280, 720), 1), ((64, 48), 6)])
def test_colors_are_tagged_as_they_were_converted(tmp_path, size, matrix):
    """Whoever decodes by the tags gets the colours that went in."""
    run(TestPattern(*size, frames=2), [], VideoWriter(tmp_path / "out.mp4"))
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (matrix, 1)
        got = frame.to_ndarray(format="rgb24").astype(int)
    expected = next(iter(TestPattern(*size, frames=1))).image
    middle = size[1] // 2
    columns = [size[0] // 8 * bar + size[0] // 16 for bar in range(8)]
    assert np.abs(got[middle, columns] - expected[middle, columns]).max() <= 4


def test_tags_of_the_source_are_kept(tmp_path):
    """Primaries and transfer are the source's; the matrix is, where swscale knows it."""
    writer = VideoWriter(tmp_path / "out.mp4")
    writer.open(VideoFormat(width=32, height=32, rate=Fraction(25), color=Color(2, 9, 9, 14)))
    writer.write(Frame(np.zeros((32, 32, 3), np.uint8), Fraction(0)))
    writer.close()
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc) == (1, 9, 9, 14)


def test_times_that_repeat_are_moved_by_a_tick(tmp_path):
    """A broken source's equal times do not end the film."""
    writer = VideoWriter(tmp_path / "out.mp4")
    writer.open(VideoFormat(width=32, height=32, rate=Fraction(25), time_base=TICK))
    for time in (0, 0, 0, 1):
        writer.write(Frame(np.zeros((32, 32, 3), np.uint8), Fraction(time)))
    writer.close()
    assert frame_times(tmp_path / "out.mp4") == [0, TICK, 2 * TICK, 1]


def test_metadata_and_chapters_travel_along(tmp_path):
    """Title and chapters are in the copy."""
    plain, source = make_clip(tmp_path / "plain.mp4"), tmp_path / "in.mkv"
    with av.open(str(plain)) as given, av.open(str(source), "w") as container:
        container.metadata["title"] = "The Great Wave"
        chapter = {"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}}
        container.set_chapters([chapter])
        stream = container.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = stream
                container.mux(packet)
    copy(source, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.metadata["title"] == "The Great Wave"
        assert [c["metadata"]["title"] for c in container.chapters()] == ["One"]


def test_frames_of_another_size_are_refused(tmp_path):
    """The error gives both sides."""
    writer = VideoWriter(tmp_path / "out.mp4")
    writer.open(VideoFormat(width=32, height=32, rate=Fraction(25)))
    with pytest.raises(SinkError, match=r"expected frames of shape \(32, 32, 3\), got \(16, 32, 3\)"):
        writer.write(Frame(np.zeros((16, 32, 3), np.uint8), Fraction(0)))
    writer.close(complete=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [1, 2])
def test_a_few_frames_of_hevc(tmp_path, count):
    """x265 knows when frames are decoded from the third on, and had any number before; several tries, some failed."""
    for number in range(6):
        writer = VideoWriter(tmp_path / f"{number}.mp4", encoding=Encoding("hevc"))
        writer.open(VideoFormat(width=80, height=64, rate=Fraction(25)))
        for frame in range(count):
            writer.write(Frame(np.full((64, 80, 3), 99, np.uint8), Fraction(frame, 25)))
        writer.close()
        assert frame_times(tmp_path / f"{number}.mp4") == [Fraction(frame, 25) for frame in range(count)]
