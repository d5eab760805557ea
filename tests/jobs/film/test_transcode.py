"""A whole clip in one call."""

import os
import subprocess
import threading
import time
from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

import rtstyle
from rtstyle.errors import ModelError, SinkError, SourceError, UsageError
from rtstyle.jobs.film.film import look_at
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.jobs.film.task import Task
from rtstyle.sources.streams import Keep
from rtstyle.stylizer import Stylizer
from tests.clips import frame_times, make_clip, make_sound, packets
from tests.models import make_model
from tests.reading import pixels
from tests.rich_film import make_rich_film


def images(path):
    return pixels(path).astype(int)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_clip_is_painted_and_all_else_kept(clip, tmp_path, invert_model, batch):
    """Every frame is inverted, once and at its time, and the sound has the same packets."""
    target = tmp_path / "out.mp4"
    seen = []
    report = rtstyle.transcode(clip, target, style=invert_model, batch=batch, progress=seen.append)
    assert (report.frames_in, report.frames_out) == (25, 25)
    assert report.provider
    assert {"VideoReader", "Stylizer", "SegmentWriter"} <= set(report.stages)
    assert seen[-1].frames == seen[-1].total == 25
    assert frame_times(target) == frame_times(clip)
    assert packets(target) == packets(clip)
    assert np.abs(images(target) - (255 - images(clip)))[:, 24:, 24:].max() <= 4


@pytest.mark.skipif(os.name != "posix", reason="no such hardware: pipes with names are POSIX's")
def test_a_film_from_a_pipe(clip, tmp_path, invert_model):
    """It comes but once, and not a frame of it is lost; tags that are not wanted stay behind as with a file."""
    source, pipe, target = tmp_path / "in.mkv", tmp_path / "pipe", tmp_path / "out.mp4"
    with av.open(str(clip)) as film, av.open(str(source), "w") as copy:
        copy.metadata["title"] = "Holiday"
        stream = copy.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    os.mkfifo(pipe)
    feeder = threading.Thread(target=lambda: pipe.write_bytes(source.read_bytes()), daemon=True)
    feeder.start()
    options = FilmOptions(keep=Keep(metadata=False))
    assert rtstyle.transcode(pipe, target, style=invert_model, options=options).frames_out == 25
    feeder.join(5)
    assert frame_times(target) == frame_times(clip)
    with av.open(str(target)) as painted:
        assert "title" not in painted.metadata


@pytest.mark.skipif(os.name != "posix", reason="no such hardware: pipes with names are POSIX's")
def test_a_cover_from_a_pipe(clip, tmp_path, invert_model, caplog):
    """Matroska wants it before the film, when it has not come yet: a line says that it is left out."""
    source, pipe, cover = tmp_path / "in.mkv", tmp_path / "pipe", tmp_path / "cover.png"
    cv2.imwrite(str(cover), np.zeros((32, 32, 3), np.uint8))
    attached = ["-attach", cover, "-metadata:s:t", "mimetype=image/png", "-metadata:s:t", "filename=cover.png"]
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip, *attached, "-c", "copy", source], check=True)
    os.mkfifo(pipe)
    feeder = threading.Thread(target=lambda: pipe.write_bytes(source.read_bytes()), daemon=True)
    feeder.start()
    assert rtstyle.transcode(pipe, tmp_path / "out.mkv", style=invert_model).frames_out == 25
    feeder.join(5)
    assert (
        "(video, png) is left out: .mkv stores covers before the film, and a pipe delivers them too late" in caplog.text
    )


@pytest.mark.skipif(os.name != "posix", reason="no such hardware: pipes with names are POSIX's")
def test_what_is_lost_is_told_of_a_pipe_as_of_a_file(tmp_path, invert_model, caplog):
    """Streams and tags that the container cannot hold and styles that are never seen, a line each; and the encoder."""
    source, pipe, target = make_rich_film(tmp_path / "in.mkv", frames=10), tmp_path / "pipe", tmp_path / "out.mp4"
    schedule = [f"{invert_model}@0", f"{invert_model}@99"]
    os.mkfifo(pipe)
    feeder = threading.Thread(target=lambda: pipe.write_bytes(source.read_bytes()), daemon=True)
    feeder.start()
    told = []
    for input in (source, pipe):
        caplog.clear()
        report = rtstyle.transcode(input, target, style=schedule, overwrite=True)
        told.append(sorted(line.removeprefix(f"{input}: ") for line in caplog.messages))
        assert report.encoder == "libx264"
    feeder.join(5)
    assert told[0] == told[1]
    assert any("never appears" in line for line in told[1])


@pytest.mark.skipif(os.name != "posix", reason="no such hardware: pipes with names are POSIX's")
def test_a_dry_run_of_a_pipe(clip, tmp_path, invert_model):
    """It is opened once, as it can be; what only a file can is refused as the real run does."""
    source, pipe = tmp_path / "in.ts", tmp_path / "pipe"
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip, "-c", "copy", source], check=True)
    os.mkfifo(pipe)
    feeder = threading.Thread(target=lambda: pipe.write_bytes(source.read_bytes()), daemon=True)
    feeder.start()
    task = Task(input=str(pipe), output=tmp_path / "out.webm", style=invert_model)
    lines = look_at(task)
    feeder.join(5)
    assert lines[0].endswith("frames; libvpx-vp9")
    assert "stream 1 (audio, aac) is converted to libopus" in lines
    with pytest.raises(UsageError, match="expected a file to resume"):
        look_at(replace(task, options=FilmOptions(resume=True)))


def test_the_report_is_from_file_to_file(clip, tmp_path, invert_model, monkeypatch):
    """Opening and compiling count, in the speed as in the first frame's time."""
    monkeypatch.setattr(Stylizer, "prepare", lambda *_, **__: time.sleep(0.5))
    report = rtstyle.transcode(clip, tmp_path / "out.mp4", style=invert_model)
    assert 0.5 < report.first_frame_s < report.seconds
    assert report.fps == 25 / report.seconds


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"strength": 0}, 0.0),
        ({"strength": 0.5}, 0.5),
        ({}, 1.0),
        ({"options": FilmOptions(strength=0.5)}, 0.5),
        ({"options": FilmOptions(strength=0.5), "strength": 1}, 1.0),
    ],
)
def test_strength_mixes(clip, tmp_path, invert_model, asked, expected):
    """0 is the clip, 1 the painting, 0.5 half of each; the options' counts where none is given beside them."""
    target = tmp_path / "out.mp4"
    rtstyle.transcode(clip, target, style=invert_model, **asked)
    content = images(clip)
    mixed = content * (1 - expected) + (255 - content) * expected
    assert np.abs(images(target) - mixed)[:, 24:, 24:].max() <= 4


@pytest.fixture
def untouched(tmp_path):
    """A folder that must be as it was when the test ends."""
    folder = tmp_path / "untouched"
    folder.mkdir()
    (folder / "there.mp4").write_bytes(b"precious")
    yield folder
    assert [path.name for path in folder.iterdir()] == ["there.mp4"]
    assert (folder / "there.mp4").read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "there is no such file"), (b"Dear diary,\n" * 100, "is not a video"), (b"", "is empty; expected a video")],
)
def test_bad_inputs(tmp_path, untouched, invert_model, content, sentence):
    """A sentence, and nothing written."""
    path = tmp_path / "in.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        rtstyle.transcode(path, untouched / "out.mp4", style=invert_model)


def test_a_folder_as_input(tmp_path, untouched, invert_model):
    """A folder is not a clip."""
    with pytest.raises(SourceError, match="got a folder"):
        rtstyle.transcode(tmp_path, untouched / "out.mp4", style=invert_model)


def test_an_input_without_video(tmp_path, untouched, invert_model):
    """Sound alone cannot be painted."""
    with pytest.raises(SourceError, match="expected a video stream"):
        rtstyle.transcode(make_sound(tmp_path / "song.mp4"), untouched / "out.mp4", style=invert_model)


def test_an_input_that_ends_early(tmp_path, untouched, invert_model):
    """What is cut off is not called complete."""
    path = make_clip(tmp_path / "cut.mkv", frames=100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError, match="ends early"):
        rtstyle.transcode(path, untouched / "out.mp4", style=invert_model)


def test_an_input_that_is_too_small(tmp_path, untouched, invert_model):
    """The network needs 16 pixels a side; the error names the file."""
    path = make_clip(tmp_path / "tiny.mp4", frames=2, size=(64, 14))
    with pytest.raises(SourceError, match=r"tiny\.mp4: expected at least 16×16 pixels, got 64×14"):
        rtstyle.transcode(path, untouched / "out.mp4", style=invert_model)


def test_an_output_that_exists(clip, untouched, invert_model):
    """It stays as it was; with overwrite it is replaced."""
    with pytest.raises(SinkError, match="exists already"):
        rtstyle.transcode(clip, untouched / "there.mp4", style=invert_model)


def test_overwrite_replaces(clip, tmp_path, invert_model):
    """With overwrite the new film takes the old one's place."""
    target = tmp_path / "there.mp4"
    target.write_bytes(b"old")
    rtstyle.transcode(clip, target, style=invert_model, overwrite=True)
    assert len(frame_times(target)) == 25


def test_an_output_folder_that_is_missing(clip, tmp_path, invert_model):
    """No folder is made up."""
    with pytest.raises(SinkError, match="there is no folder"):
        rtstyle.transcode(clip, tmp_path / "missing" / "out.mp4", style=invert_model)
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("link", ["itself", "symlink", "hardlink"])
def test_an_output_that_is_the_input(clip, tmp_path, invert_model, link):
    """However it is called, the input survives, with overwrite too."""
    target = clip if link == "itself" else tmp_path / "other.mp4"
    if link == "symlink":
        target.symlink_to(clip)
    elif link == "hardlink":
        target.hardlink_to(clip)
    before = clip.read_bytes()
    with pytest.raises(SinkError, match="is the input itself"):
        rtstyle.transcode(clip, target, style=invert_model, overwrite=True)
    assert clip.read_bytes() == before


def test_a_film_by_its_address_is_not_replaced(clip, invert_model):
    """However it is called, as above."""
    before = clip.read_bytes()
    with pytest.raises(SinkError, match="is the input itself"):
        rtstyle.transcode(clip.as_uri(), clip, style=invert_model, overwrite=True)
    assert clip.read_bytes() == before


def test_an_unknown_style(clip, untouched):
    """The error says that there is none of that name."""
    with pytest.raises(UsageError, match="no such style"):
        rtstyle.transcode(clip, untouched / "out.mp4", style="wavee")


def test_a_foreign_model(clip, tmp_path, untouched):
    """An .onnx that is not ours is refused with what was expected and what was got."""
    path = make_model(tmp_path / "zoo.onnx", kind="float_nchw")
    with pytest.raises(ModelError, match="expected"):
        rtstyle.transcode(clip, untouched / "out.mp4", style=path)


def test_a_strength_out_of_range(clip, untouched, invert_model):
    """2 is a usage error, before anything is opened."""
    with pytest.raises(UsageError, match="strength: expected 0 to 1, got 2"):
        rtstyle.transcode(clip, untouched / "out.mp4", style=invert_model, strength=2)


def test_a_real_clip(real_clip, tmp_path, invert_model):
    """1280×720 with sound: all frames at their times, all packets."""
    target = tmp_path / "out.mp4"
    rtstyle.transcode(real_clip, target, style=invert_model)
    assert frame_times(target) == frame_times(real_clip)
    assert packets(target) == packets(real_clip)
