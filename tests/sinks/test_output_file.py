"""A video file that is whole under its name, or not there."""

import errno
import os
import resource
import subprocess
import sys
from fractions import Fraction

import pytest

from rtstyle.errors import SinkError, SourceError, UsageError
from rtstyle.frames import VideoFormat
from rtstyle.output_file import OutputFile, unwritable
from rtstyle.pipeline import run
from rtstyle.sinks.video_writer import VideoWriter
from rtstyle.sources.test_pattern import TestPattern
from rtstyle.sources.video_reader import VideoReader
from tests.clips import frame_times, make_clip
from tests.fakes import ColorBars, Invert


def copy(source, target, stages=()):
    return run(VideoReader(source), stages, VideoWriter(target))


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


@pytest.mark.parametrize(
    ("error", "raised"), [(KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, "Full"), SinkError)]
)
def test_what_is_written_in_a_block_is_whole_or_gone(tmp_path, error, raised):
    """The name appears when the block ends; Ctrl-C and a full disk leave what was there, and nothing else."""
    target = tmp_path / "out.txt"
    with OutputFile(target, overwrite=True).written() as temporary:
        temporary.write_text("precious")
        assert not target.exists()

    def stopped(temporary):
        temporary.write_text("half")
        raise error

    with pytest.raises(raised), OutputFile(target, overwrite=True).written() as temporary:
        stopped(temporary)
    assert target.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [target]


def test_paths_that_cannot_be(tmp_path):
    """Missing folder, existing file, folder, unknown extension: at once, a sentence each."""
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
    with pytest.raises(UsageError, match=r"expected a name that ends in \.mp4, .*, got \.avi"):
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
    with pytest.raises(SinkError, match="No space left on device; make room there"):
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


def test_what_makes_no_sense_is_not_the_places_fault():
    """An encoder's refusal is no reason to write elsewhere."""
    error = unwritable("out.mp4", OSError(errno.EINVAL, "Invalid argument"))
    assert str(error) == "out.mp4: cannot be written: Invalid argument; try another name or extension"
