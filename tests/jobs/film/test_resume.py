"""A film that is interrupted, however, and gone on with."""

import errno
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

import rtstyle
from rtstyle.errors import SinkError, SourceError
from rtstyle.jobs.film.film import check_output, look_at
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.jobs.film.task import Task
from rtstyle.jobs.film.work_folder import WorkFolder, frames_delivered, tidy
from rtstyle.output_file import OutputFile
from rtstyle.sinks.container import Written
from rtstyle.sinks.encoding import Encoding
from rtstyle.sources.streams import Keep
from rtstyle.stylizer import Stylizer
from tests.clips import frame_times, make_clip, packets
from tests.killed import paint_slowly
from tests.reading import pixels

SEGMENT = 10
RESUME = FilmOptions(resume=True, segment=SEGMENT)


def assert_same_film(one, other):
    """Decoded frames, times and sound."""
    assert frame_times(one) == frame_times(other)
    assert packets(one) == packets(other)
    assert np.array_equal(pixels(one), pixels(other))


def stop_at(number, error=KeyboardInterrupt):
    def progress(now):
        if now.frames == number:
            raise error

    return progress


@pytest.fixture
def count_painted(monkeypatch):
    """How many frames the network has painted."""
    painted = []
    paint = Stylizer.__call__
    monkeypatch.setattr(Stylizer, "__call__", lambda self, batch: painted.extend(batch.times) or paint(self, batch))
    return painted


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A hundred moving frames at a rate that varies, with sound."""
    ticks = [512 * n + 7 * (n % 3) for n in range(100)]
    return make_clip(tmp_path_factory.mktemp("film") / "film.mp4", ticks=ticks, bf="2")


@pytest.mark.skipif(os.name != "posix", reason="kill -9 as POSIX has it")
def test_killed_at_ten_random_moments(film, tmp_path, invert_model):
    """Never more than one segment is painted again, and the film is that of a run that was left alone."""
    target, whole, log = tmp_path / "out.mp4", tmp_path / "whole.mp4", tmp_path / "painted"
    rtstyle.transcode(film, whole, style=invert_model, options=FilmOptions(segment=SEGMENT))
    log.touch()
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.killed"])
    moments = random.Random()  # noqa: S311 - any moment will do
    kills = 0
    while kills < 10 and not target.exists():
        before = log.stat().st_size
        process = processes.Process(target=paint_slowly, args=(film, target, invert_model, log, SEGMENT))
        process.start()
        while log.stat().st_size == before and process.is_alive():
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.3))
        process.kill()
        process.join()
        kills += process.exitcode == -signal.SIGKILL
    if not target.exists():
        rtstyle.transcode(film, target, style=invert_model, options=RESUME)
    assert kills >= 5  # a machine fast enough may be done before the tenth
    # What was painted ahead waits in the channels: 2 + 2 batches, and one in the stages.
    assert log.stat().st_size <= 100 + kills * (SEGMENT + 10)
    assert_same_film(target, whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "painted", "whole.mp4"]


@pytest.mark.parametrize("moment", [(1, 4), (10, 1), (25, 4), (99, 1)])
def test_only_the_interrupted_segment_is_painted_again(film, tmp_path, invert_model, count_painted, moment):
    """Ctrl-C leaves whole segments, whatever the batch, and the rest is painted later."""
    number, batch = moment
    target, whole = tmp_path / "out.mp4", tmp_path / "whole.mp4"
    options = FilmOptions(segment=SEGMENT)
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(film, target, style=invert_model, batch=batch, options=options, progress=stop_at(number))
    assert not target.exists()
    length = -(-SEGMENT // batch) * batch
    count_painted.clear()
    report = rtstyle.transcode(film, target, style=invert_model, batch=batch, options=RESUME)
    kept = number // length * length
    assert (report.frames_resumed, report.frames_out, len(count_painted)) == (kept, 100 - kept, 100 - kept)
    rtstyle.transcode(film, whole, style=invert_model, batch=batch, options=options)
    assert_same_film(target, whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "whole.mp4"]


def test_a_machine_with_more_cores_goes_on(film, tmp_path, invert_model, monkeypatch):
    """x265 notes how many threads it has, and segments of two machines are joined all the same."""
    target, hevc = tmp_path / "out.mp4", Encoding("hevc")
    monkeypatch.setattr("rtstyle.sinks.video_encoder.codec_threads", lambda: 1)
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(
            film, target, style=invert_model, options=FilmOptions(segment=SEGMENT, encoding=hevc), progress=stop_at(25)
        )
    monkeypatch.setattr("rtstyle.sinks.video_encoder.codec_threads", lambda: 4)
    report = rtstyle.transcode(film, target, style=invert_model, options=replace(RESUME, encoding=hevc))
    assert report.frames_resumed == 20
    assert len(frame_times(target)) == 100


def test_a_stage_with_memory_does_not_notice(film, tmp_path, invert_model):
    """A steadied film is the same after an interruption, and at most eight frames more are painted."""
    target, whole = tmp_path / "out.mp4", tmp_path / "whole.mp4"
    steady = FilmOptions(segment=SEGMENT, steady=True)
    rtstyle.transcode(film, whole, style=invert_model, options=steady)
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(film, target, style=invert_model, options=steady, progress=stop_at(37))
    resumed = FilmOptions(segment=SEGMENT, steady=True, resume=True)
    report = rtstyle.transcode(film, target, style=invert_model, options=resumed)
    assert (report.frames_resumed, report.frames_in, report.frames_out) == (30, 70, 70)
    assert_same_film(target, whole)


def test_a_run_that_is_not_to_be_resumed_says_so(film, tmp_path, invert_model):
    """Work is never thrown away unasked, nor mixed with that of another question."""
    target = tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(segment=SEGMENT), progress=stop_at(25))
    with pytest.raises(SinkError, match="an unfinished run is there; --resume continues"):
        rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(segment=SEGMENT))
    with pytest.raises(SinkError, match=r"strength was 1\.0 and is 0\.5"):
        rtstyle.transcode(film, target, style=invert_model, strength=0.5, options=RESUME)
    other = tmp_path / "other.mp4"
    shutil.copy(film, other)
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(other, tmp_path / "b.mp4", style=invert_model, options=RESUME, progress=stop_at(25))
    os.utime(other, (1, 1))
    with pytest.raises(SourceError, match=r"other\.mp4: has changed since .*b\.mp4 was begun; start again with"):
        rtstyle.transcode(other, tmp_path / "b.mp4", style=invert_model, options=RESUME)
    for source, painted in ((film, target), (other, tmp_path / "b.mp4")):
        rtstyle.transcode(source, painted, style=invert_model, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.mp4", "other.mp4", "out.mp4"]


@pytest.mark.parametrize("keep", [Keep(audio=False), Keep(subtitles=False), Keep(metadata=False)])
def test_what_is_kept_may_be_less_in_the_end(film, tmp_path, invert_model, keep):
    """Segments hold no sound, so a film that was begun with it can be finished without, if that is what is wrong."""
    whole, target = tmp_path / "whole.mp4", tmp_path / "out.mp4"
    rtstyle.transcode(film, whole, style=invert_model, options=FilmOptions(keep=keep, segment=SEGMENT))
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(segment=SEGMENT), progress=stop_at(25))
    report = rtstyle.transcode(film, target, style=invert_model, options=replace(RESUME, keep=keep))
    assert report.frames_resumed == 20
    assert target.read_bytes() == whole.read_bytes()


def test_a_dry_run_knows_of_unfinished_runs(film, tmp_path, invert_model):
    """It says what the real run would, and changes nothing."""
    target = tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(segment=SEGMENT), progress=stop_at(25))
    folder = tmp_path / "out.mp4.rtstyle"
    (folder / "000099.mp4").touch()  # as a killed run may leave it
    before = {path: path.read_bytes() for path in folder.iterdir()}
    task = Task(input=str(film), output=target, style=invert_model, options=FilmOptions(segment=SEGMENT))
    with pytest.raises(SinkError, match="an unfinished run is there"):
        look_at(task)
    with pytest.raises(SinkError, match=r"strength was 1\.0 and is 0\.5; .* with --overwrite and without --resume"):
        look_at(replace(task, options=replace(RESUME, strength=0.5)))
    for may in (replace(task, options=RESUME), replace(task, overwrite=True)):
        assert look_at(may)[0].startswith("video is painted")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_dry_run_knows_of_a_run_at_work(film, tmp_path, invert_model):
    """It is not to be gone on with."""
    pytest.importorskip("fcntl", reason="no such hardware: this system has no file locks")
    task, seen = Task(input=str(film), output=tmp_path / "out.mp4", style=invert_model, options=RESUME), []

    def progress(now):
        if now.frames == 15:
            with pytest.raises(SinkError, match="another run is working there"):
                look_at(task)
            seen.append(now)

    rtstyle.transcode(film, task.output, style=invert_model, options=FilmOptions(segment=SEGMENT), progress=progress)
    assert len(seen) == 1


def test_a_preview_is_not_gone_on_with_as_its_part(film, tmp_path, invert_model):
    """Beside the original a frame is twice as wide."""
    target, part = tmp_path / "out.mp4", FilmOptions(segment=SEGMENT, start=Fraction(3, 2), duration=Fraction(1))
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(film, target, style=invert_model, options=part, progress=stop_at(15))
    beside = FilmOptions(segment=SEGMENT, preview=Fraction(1), resume=True)
    with pytest.raises(SinkError, match="cannot be resumed"):
        rtstyle.transcode(film, target, style=invert_model, options=beside)


def test_two_runs_do_not_share_a_folder(film, tmp_path, invert_model):
    """The second says that there is another one."""
    pytest.importorskip("fcntl", reason="no such hardware: this system has no file locks")
    target, seen = tmp_path / "out.mp4", []

    def progress(now):
        if now.frames == 15:
            with pytest.raises(SinkError, match="another run is working there"):
                rtstyle.transcode(film, target, style=invert_model, options=RESUME)
            seen.append(now)

    rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(segment=SEGMENT), progress=progress)
    assert len(seen) == 1


def test_of_two_runs_that_begin_at_once_one_works(tmp_path):
    """The one that comes too late leaves the other's folder alone, although it has no segment yet."""
    pytest.importorskip("fcntl", reason="no such hardware: this system has no file locks")
    first, second = (WorkFolder(tmp_path / "out.mp4", {}, resume=False, overwrite=False) for _ in range(2))
    first.create()
    with pytest.raises(SinkError, match="another run is working there"):
        second.create()
    second.release()
    assert sorted(path.name for path in first.path.iterdir()) == ["lock", "manifest.json"]
    first.release()
    assert not first.path.exists()


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS])
def test_a_disk_without_locks(tmp_path, monkeypatch, number):
    """Who cannot hold a folder works in it all the same."""
    fcntl = pytest.importorskip("fcntl", reason="no such hardware: this system has no file locks")

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    work = WorkFolder(tmp_path / "out.mp4", {}, resume=False, overwrite=False)
    work.create()
    assert work.path.is_dir()
    work.release()
    assert not work.path.exists()


@pytest.mark.parametrize("target", ["data", "film.mkv"])
def test_a_link_says_what_the_file_is(film, tmp_path, invert_model, target):
    """What it leads to is replaced, and is of the kind that the link's own name says."""
    (tmp_path / target).touch()
    (tmp_path / "out.mp4").symlink_to(target)
    rtstyle.transcode(film, tmp_path / "out.mp4", style=invert_model, overwrite=True)
    assert (tmp_path / "out.mp4").is_symlink()
    assert (tmp_path / target).read_bytes()[4:8] == b"ftyp"
    assert len(frame_times(tmp_path / "out.mp4")) == 100


def test_killed_while_the_manifest_is_written(film, tmp_path, invert_model, monkeypatch):
    """The one before counts; what was written of the new one is swept up."""
    target, options = tmp_path / "out.mp4", FilmOptions(segment=SEGMENT)

    def kill(_):
        raise KeyboardInterrupt

    def about_to_kill(now):
        if now.frames == 25:
            monkeypatch.setattr(OutputFile, "commit", kill)
            monkeypatch.setattr(OutputFile, "discard", lambda _: None)

    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(film, target, style=invert_model, options=options, progress=about_to_kill)
    monkeypatch.undo()
    folder = tmp_path / "out.mp4.rtstyle"
    assert len(list(folder.glob(".manifest.*"))) == 1
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(film, target, style=invert_model, options=RESUME, progress=stop_at(35))
    assert not list(folder.glob(".manifest.*"))
    assert rtstyle.transcode(film, target, style=invert_model, options=RESUME).frames_resumed == 30
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize("moment", ["one name", "two names", "half tidied"])
def test_killed_between_name_and_tidying(film, tmp_path, invert_model, monkeypatch, moment):
    """The film is there; resuming only takes the folder away, or the rest of it."""
    target = tmp_path / "out.mp4"
    monkeypatch.setattr(WorkFolder, "remove", lambda self: None)
    rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(segment=SEGMENT))
    monkeypatch.undo()
    folder = tmp_path / "out.mp4.rtstyle"
    if moment == "two names":
        (folder / "joined.mp4").hardlink_to(target)
    elif moment == "half tidied":
        remove = Path.unlink

        def remove_all_but_one(path):
            if len(list(folder.iterdir())) == 1:
                raise KeyboardInterrupt
            remove(path)

        monkeypatch.setattr(Path, "unlink", remove_all_but_one)
        with pytest.raises(KeyboardInterrupt):
            tidy(target)
        monkeypatch.undo()
    before = target.read_bytes()
    task = Task(input=str(film), output=target, style=invert_model, options=RESUME)
    check_output(task)
    assert look_at(task) == ["is already complete; its leftover work folder would be removed"]
    assert (tmp_path / "out.mp4.rtstyle").is_dir()
    report = rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(resume=True))
    assert (report.frames_out, report.frames_resumed) == (0, 100)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize("manifest", ["[1]", '{"delivered": 3}', '{"delivered": 3, "segments": [1]}', "none"])
def test_a_manifest_of_something_else_delivers_nothing(tmp_path, manifest):
    """Whatever it is; nobody is told how many frames there are."""
    (tmp_path / "out.mp4").write_bytes(b"abc")
    (tmp_path / "out.mp4.rtstyle").mkdir()
    (tmp_path / "out.mp4.rtstyle" / "manifest.json").write_text(manifest)
    assert frames_delivered(tmp_path / "out.mp4") == 0


def test_a_name_as_long_as_names_may_be(film, tmp_path, invert_model):
    """There is no room for more letters behind it, and the folder has a shorter one."""
    target = tmp_path / f"{'語' * 80}{'x' * 11}.mp4"
    assert len(os.fsencode(target.name)) == 255
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(segment=SEGMENT), progress=stop_at(25))
    assert rtstyle.transcode(film, target, style=invert_model, options=RESUME).frames_resumed == 20
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_the_folder_is_held_until_it_is_gone(tmp_path, monkeypatch):
    """A run that begins while another's is tidied does not lose its files."""
    pytest.importorskip("fcntl", reason="no such hardware: this system has no file locks")
    work, other = (WorkFolder(tmp_path / "out.mp4", {}, resume=False, overwrite=False) for _ in range(2))
    work.create()
    tidied = []

    def tidy_up(folder):
        with pytest.raises(SinkError, match="another run is working there"):
            other.create()
        tidied.append(folder)

    monkeypatch.setattr("rtstyle.jobs.film.work_folder._remove", tidy_up)
    work.remove()
    assert tidied == [work.path]


def test_a_film_that_does_not_fit_its_promise_keeps_its_work(film, tmp_path, invert_model, monkeypatch):
    """What is found when the film is opened again is compared, and a difference is an error."""
    target = tmp_path / "out.mp4"
    monkeypatch.setattr(
        "rtstyle.jobs.film.film.join",
        lambda *_, target, **__: make_clip(target, frames=99) and [Written("video", 99, 1), Written("audio", 0, 0)],
    )
    with pytest.raises(SinkError, match="expected 100 frames, got 99; 100 frames are kept"):
        rtstyle.transcode(film, target, style=invert_model)
    assert not target.exists()
    monkeypatch.undo()
    report = rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(resume=True))
    assert (report.frames_out, report.frames_resumed) == (0, 100)
    assert len(frame_times(target)) == 100


def test_a_source_that_grows(tmp_path, invert_model):
    """A recording that goes on meanwhile is an error; afterwards the rest is painted."""
    source, target = tmp_path / "in.ts", tmp_path / "out.mkv"
    data = make_clip(source, frames=100, sound=False).read_bytes()
    cut = len(data) // 2 // 188 * 188
    source.write_bytes(data[:cut])

    def grow(now):
        if now.frames == 20:
            source.write_bytes(data)

    with pytest.raises(SourceError, match=r"changed while it was read; .* frames are kept"):
        rtstyle.transcode(source, target, style=invert_model, options=FilmOptions(segment=SEGMENT), progress=grow)
    report = rtstyle.transcode(source, target, style=invert_model, options=RESUME)
    assert report.frames_resumed >= 10
    assert len(frame_times(target)) == 100


def test_another_film_under_the_same_name(tmp_path, invert_model):
    """That it is larger does not make it the same one, grown; nor does an old date."""
    source, target = tmp_path / "in.mp4", tmp_path / "out.mp4"
    make_clip(source, frames=30, sound=False)
    stat = source.stat()
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(
            source, target, style=invert_model, options=FilmOptions(segment=SEGMENT), progress=stop_at(15)
        )
    data = bytearray(source.read_bytes())
    make_clip(source, frames=60, sound=False)
    sentence = r"in\.mp4: has changed since .*out\.mp4 was begun; start again with --overwrite"
    with pytest.raises(SourceError, match=sentence):
        rtstyle.transcode(source, target, style=invert_model, options=RESUME)
    data[len(data) // 2] ^= 1
    source.write_bytes(data)
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(SourceError, match=sentence):
        rtstyle.transcode(source, target, style=invert_model, options=RESUME)


def test_pictures_that_become_more(tmp_path, invert_model):
    """Those behind the last are painted too; where one of the first is another, it is another film."""

    def draw(numbers, step=4):
        for number in numbers:
            cv2.imwrite(str(tmp_path / f"in{number}.png"), np.full((32, 48, 3), step * number, np.uint8))

    source, target = tmp_path / "in%d.png", tmp_path / "out.mp4"
    draw(range(30))
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(
            source, target, style=invert_model, options=FilmOptions(segment=SEGMENT), progress=stop_at(25)
        )
    draw(range(30, 50))
    draw([3], step=40)
    with pytest.raises(SourceError, match=r"in%d\.png: has changed since"):
        rtstyle.transcode(source, target, style=invert_model, options=RESUME)
    draw([3])
    assert rtstyle.transcode(source, target, style=invert_model, options=RESUME).frames_resumed == 20
    assert len(frame_times(target)) == 50


def test_a_source_that_vanishes(film, tmp_path, invert_model):
    """Its sound is missing at the end; put back, nothing is painted again."""
    source, target = tmp_path / "in.mp4", tmp_path / "out.mp4"
    source.write_bytes(film.read_bytes())
    stat = source.stat()

    def vanish(now):
        if now.frames == 20:
            source.rename(tmp_path / "elsewhere")

    with pytest.raises(SourceError, match="frames are kept"):
        rtstyle.transcode(source, target, style=invert_model, options=FilmOptions(segment=SEGMENT), progress=vanish)
    (tmp_path / "elsewhere").rename(source)
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert rtstyle.transcode(source, target, style=invert_model, options=RESUME).frames_resumed == 100
    assert packets(target) == packets(film)


@pytest.mark.parametrize("damage", ["shorter", "gone"])
def test_a_segment_that_is_no_longer_whole(film, tmp_path, invert_model, damage):
    """It is painted again, with those behind it."""
    target, whole = tmp_path / "out.mp4", tmp_path / "whole.mp4"
    options = FilmOptions(segment=SEGMENT)
    with pytest.raises(KeyboardInterrupt):
        rtstyle.transcode(film, target, style=invert_model, options=options, progress=stop_at(45))
    second = tmp_path / "out.mp4.rtstyle" / "000001.mp4"
    if damage == "gone":
        second.unlink()
    else:
        os.truncate(second, 1000)
    assert rtstyle.transcode(film, target, style=invert_model, options=RESUME).frames_resumed == SEGMENT
    rtstyle.transcode(film, whole, style=invert_model, options=options)
    assert_same_film(target, whole)


@pytest.mark.parametrize("options", [FilmOptions(), RESUME])
def test_a_folder_of_somebody_elses_with_that_name(film, tmp_path, invert_model, options):
    """Nothing in it is touched, whatever is asked for."""
    folder = tmp_path / "out.mp4.rtstyle"
    folder.mkdir()
    (folder / "diary.mp4").write_bytes(b"dear")
    (folder / "000000.mp4").write_bytes(b"diary")
    for overwrite in (False, True):
        with pytest.raises(
            SinkError, match=r"expected only files from an earlier run, found diary.mp4; move it away first"
        ):
            rtstyle.transcode(film, tmp_path / "out.mp4", style=invert_model, options=options, overwrite=overwrite)
    there = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert there == {"diary.mp4": b"dear", "000000.mp4": b"diary"}


def test_a_file_that_somebody_puts_there_meanwhile(film, tmp_path, invert_model):
    """It stays, when the film is done and all else in the folder goes."""
    note = tmp_path / "out.mp4.rtstyle" / "note.txt"

    def put(now):
        if now.frames == 25:
            note.write_text("mine", encoding="utf-8")

    rtstyle.transcode(
        film, tmp_path / "out.mp4", style=invert_model, options=FilmOptions(segment=SEGMENT), progress=put
    )
    assert [path.name for path in note.parent.iterdir()] == ["note.txt"]


@pytest.mark.parametrize("share", [0.9, 1.6])
def test_a_full_disk_and_then_room(share, tmp_path, small_disk, film, invert_model):
    """The sentence says how much is kept; with room again the run goes on where it was."""
    whole = tmp_path / "whole.mp4"
    rtstyle.transcode(film, whole, style=invert_model, options=FilmOptions(segment=SEGMENT))
    disk = small_disk(int(whole.stat().st_size * share) // 4096 * 4)
    target = disk / "out.mp4"
    with pytest.raises(SinkError, match=r"No space left on device.* frames are kept"):
        rtstyle.transcode(film, target, style=invert_model, options=FilmOptions(segment=SEGMENT))
    assert not target.exists()
    subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
    report = rtstyle.transcode(film, target, style=invert_model, options=RESUME)
    assert report.frames_resumed > 0
    assert_same_film(target, whole)
    assert [path.name for path in Path(disk).iterdir()] == ["out.mp4"]
