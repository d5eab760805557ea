"""Writing videos: times, sound, colour, and a file that is whole or not there."""

import errno
import os
import resource
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from rtstyle.errors import SinkError, SourceError
from rtstyle.frames import Color, Frame, Packet, VideoFormat
from rtstyle.pipeline import run
from rtstyle.sinks.video_writer import VideoWriter
from rtstyle.sources.test_pattern import TestPattern
from rtstyle.sources.video_reader import VideoReader
from tests.clips import TICK, frame_times, make_clip, packets, turn
from tests.fakes import ColorBars, Invert


def copy(source, target, stages=()):
    return run(VideoReader(source), stages, VideoWriter(target))


def loudness(path):
    """Root mean square of every 10 ms of sound, from 0 to 1, by its time."""
    with av.open(str(path)) as container:
        resampler, level = av.AudioResampler("flt", "mono", 48000), np.zeros(0, np.float32)
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                start = max(round(part.pts * part.time_base * 48000), 0)
                samples = part.to_ndarray()[0]
                level = np.pad(level, (0, max(start + len(samples) - len(level), 0)))
                level[start : start + len(samples)] = samples
    return np.sqrt(np.mean(level[: len(level) // 480 * 480].reshape(-1, 480) ** 2, axis=1))


def first_image(path):
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24", src_colorspace="ITU601")


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
    """The ending chooses the codec: VP9 in WebM, with Opus copied."""
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
    copy(real_clip, tmp_path / "out.mp4")
    assert frame_times(tmp_path / "out.mp4") == frame_times(real_clip)
    assert packets(tmp_path / "out.mp4") == packets(real_clip)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="a process's memory is told by Linux's /proc alone")
def test_memory_is_flat_from_file_to_file(tmp_path):
    """FFmpeg's memory counted too, 2,700 frames of 58 kB and their sound cost no more than a hundred would."""
    resident = []

    def measure(now):
        if now.frames in {300, 3000}:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            resident.append(pages * resource.getpagesize())

    source = make_clip(tmp_path / "in.mp4", frames=3000, size=(160, 120))
    run(VideoReader(source), [Invert()], VideoWriter(tmp_path / "out.mp4"), batch=2, progress=measure)
    assert resident[1] - resident[0] < 100 * 160 * 120 * 3


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


def test_nothing_appears_under_the_name_before_the_end(tmp_path):
    """While it is written the file has another name, beside it; then the folder holds it alone."""
    target = tmp_path / "out.mp4"
    seen = []
    run(ColorBars(10), [], VideoWriter(target), progress=lambda _: seen.append(target.exists()))
    assert not any(seen)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_a_failure_leaves_nothing_and_the_old_file_untouched(tmp_path):
    """What was there is there, byte for byte, and no other file."""
    target = tmp_path / "out.mp4"
    target.write_bytes(b"precious")
    with pytest.raises(OSError, match="the source broke"):
        run(ColorBars(100, fail_at=50), [Invert()], VideoWriter(target, overwrite=True))
    assert target.read_bytes() == b"precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_ctrl_c_while_it_is_closed_leaves_nothing(tmp_path):
    """An interrupt in the middle of tidying up does not stop it."""

    class Interrupted:
        def close(self):
            raise KeyboardInterrupt

    writer = VideoWriter(tmp_path / "out.mp4")
    writer.open(VideoFormat(width=32, height=32, rate=Fraction(25)))
    container, writer._container = writer._container, Interrupted()
    with pytest.raises(KeyboardInterrupt):
        writer.close(complete=False)
    assert list(tmp_path.iterdir()) == []
    container.close()


def test_a_source_that_ends_early_leaves_nothing(tmp_path):
    """Half a film is not passed off as a film."""
    source = make_clip(tmp_path / "in.mkv", frames=100)
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(SourceError, match="ends early"):
        copy(source, folder / "out.mp4")
    assert list(folder.iterdir()) == []


def test_paths_that_cannot_be(tmp_path):
    """Missing folder, existing file, folder, unknown ending: at once, a sentence each."""
    existing = tmp_path / "there.mp4"
    existing.write_bytes(b"precious")
    folder = tmp_path / "folder.mp4"
    folder.mkdir()
    with pytest.raises(SinkError, match="there is no folder"):
        VideoWriter(tmp_path / "missing" / "out.mp4")
    with pytest.raises(SinkError, match="exists already; pass --overwrite"):
        VideoWriter(existing)
    with pytest.raises(SinkError, match="got a folder"):
        VideoWriter(folder, overwrite=True)
    with pytest.raises(SinkError, match=r"expected a name that ends in \.mp4, .*, got \.avi"):
        VideoWriter(tmp_path / "out.avi")
    assert existing.read_bytes() == b"precious"


def test_names_that_no_file_can_have(tmp_path, clip):
    """Too long, or a link to itself; and an input of that kind does not get in the way."""
    circle = tmp_path / "circle.mp4"
    circle.symlink_to(circle)
    too_long = tmp_path / f"{'long' * 75}.mp4"
    for path in (circle, too_long):
        with pytest.raises(SinkError, match=r"cannot be written|appeared in the meantime"):
            run(ColorBars(1), [], VideoWriter(path))
    with pytest.raises(SinkError, match="exists already"):
        VideoWriter(clip, keep=[too_long])


def test_a_name_may_be_as_long_as_the_disk_allows(tmp_path):
    """The temporary file's name is no longer than that, counted in bytes."""
    target = tmp_path / f"{'🌊' * 62}.mp4"
    run(ColorBars(1), [], VideoWriter(target))
    assert target.exists()


@pytest.mark.parametrize("link", ["itself", "symlink", "hardlink"])
def test_the_input_is_never_replaced(tmp_path, clip, link):
    """Not even with overwrite, and not by another name."""
    other = tmp_path / "other.mp4"
    if link == "symlink":
        other.symlink_to(clip)
    elif link == "hardlink":
        other.hardlink_to(clip)
    target = clip if link == "itself" else other
    for overwrite in (False, True):
        with pytest.raises(SinkError, match="is the input itself"):
            VideoWriter(target, overwrite=overwrite, keep=[clip])


def test_overwriting_through_a_symlink_keeps_the_link(tmp_path):
    """The file that the link points to is replaced; the link stays one."""
    target, link = tmp_path / "real.mp4", tmp_path / "link.mp4"
    target.write_bytes(b"old")
    link.symlink_to(target)
    run(ColorBars(5), [], VideoWriter(link, overwrite=True))
    assert link.is_symlink()
    assert len(frame_times(target)) == 5


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    """Without overwrite nothing is ever replaced, even by a race."""
    target = tmp_path / "out.mp4"
    with pytest.raises(SinkError, match="appeared in the meantime"):
        run(ColorBars(5), [], VideoWriter(target), progress=lambda _: target.write_bytes(b"precious"))
    assert target.read_bytes() == b"precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_sound_that_the_container_cannot_hold(tmp_path, caplog):
    """AAC does not go into WebM: it becomes Opus, in time, and one line says so."""
    source, target = make_clip(tmp_path / "in.mp4", frames=50), tmp_path / "out.webm"
    copy(source, target)
    assert "stream 1 (audio, aac) is converted to libopus" in caplog.text
    before, after = loudness(source), loudness(target)
    assert abs(len(before) - len(after)) <= 3
    assert all(abs(before[n] - after[n]) < 0.02 for n in range(5, len(before) - 5))


def test_sound_that_not_even_matroska_can_hold(tmp_path, caplog):
    """It becomes FLAC, which loses nothing."""
    source = tmp_path / "odd.wav"
    with av.open(str(source), "w") as odd:
        sound = odd.add_stream("adpcm_yamaha", rate=44100)
        sound.layout = "mono"
        tone = (9000 * np.sin(np.arange(44100) / 20)).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(tone, "s16", "mono")
        frame.sample_rate, frame.pts = 44100, 0
        for part in av.AudioResampler("s16", "mono", 44100, sound.codec_context.frame_size or 1024).resample(frame):
            odd.mux(sound.encode(part))
        odd.mux(sound.encode(None))
    with av.open(str(source)) as odd:
        writer = VideoWriter(tmp_path / "out.mkv")
        writer.open(VideoFormat(width=32, height=32, rate=Fraction(25), streams=(odd.streams[0],)))
        writer.write(Frame(np.zeros((32, 32, 3), np.uint8), Fraction(0)))
        for packet in odd.demux():
            if packet.size:
                writer.write(Packet(packet))
        writer.close()
    assert "stream 0 (audio, adpcm_yamaha) is converted to flac" in caplog.text
    before, after = loudness(source), loudness(tmp_path / "out.mkv")
    assert np.median(np.abs(before[:90] - after[:90])) < 1e-4  # Matroska places sound to the millisecond


def test_frames_of_another_size_are_refused(tmp_path):
    """The error gives both sides."""
    writer = VideoWriter(tmp_path / "out.mp4")
    writer.open(VideoFormat(width=32, height=32, rate=Fraction(25)))
    with pytest.raises(SinkError, match=r"expected frames of shape \(32, 32, 3\), got \(16, 32, 3\)"):
        writer.write(Frame(np.zeros((16, 32, 3), np.uint8), Fraction(0)))
    writer.close(complete=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_a_full_disk(tmp_path, small_disk, suffix, share):
    """Wherever it fills up, down to the last page, the caller hears of it and nothing is left on it."""

    def write(folder):
        run(TestPattern(320, 240, frames=60), [], VideoWriter(folder / f"out{suffix}"))
        return folder / f"out{suffix}"

    whole = write(tmp_path).stat().st_size
    pages = max(int(whole * share / 4096), 1)
    disk = small_disk(pages * 4)
    with pytest.raises(SinkError, match="No space left on device"):
        write(disk)
    assert list(disk.iterdir()) == []


def test_a_limit_on_file_size(tmp_path):
    """Quotas are reported as a full disk is."""
    program = (
        "import resource, sys\n"
        "from rtstyle import RtstyleError, TestPattern, VideoWriter, run\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try: run(TestPattern(320, 240, frames=60), [], VideoWriter(sys.argv[1]))\n"
        "except RtstyleError as error: sys.exit(str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "out.mp4")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert os.strerror(errno.EFBIG) in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 5000
