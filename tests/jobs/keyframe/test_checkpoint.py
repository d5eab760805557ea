"""The place of a run, from which another goes on."""

import errno
import json
import os
from dataclasses import replace

import cv2
import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from rtstyle.errors import SinkError, SourceError
from rtstyle.jobs.keyframe import checkpoint
from rtstyle.jobs.keyframe.studio import KeyframeExtras
from rtstyle.sinks.photo_writer import PhotoWriter
from tests.painting import TINY, paint, stop_at
from tests.vgg import random_vgg


def test_ctrl_c_keeps_the_best_and_resume_goes_on(files):
    """The picture is there, and the rest of the iterations follow; other settings are refused."""
    with pytest.raises(KeyboardInterrupt):
        paint(files, progress=stop_at(5))
    first = cv2.imread(str(files / "out.png"))
    assert first.shape == (32, 43, 3)
    assert (files / "out.png.keyframe").exists()
    resume = KeyframeExtras(resume=True)
    with pytest.raises(SinkError, match=r"style weight was 100.0 and is 7.0"):
        paint(files, recipe=replace(TINY, style_weight=7.0), extras=resume)
    steps = []
    report = paint(files, extras=resume, progress=steps.append)
    assert [step.iteration for step in steps] == list(range(6, 13))
    assert report.loss < report.start_loss
    assert not (files / "out.png.keyframe").exists()
    with pytest.raises(SourceError, match="nothing to resume"):
        paint(files, extras=resume)


@pytest.mark.parametrize("name", ["photo.png", "art.png", "VGG"])
def test_a_run_goes_on_with_the_files_that_it_was_begun_with(files, tmp_path, monkeypatch, name):
    """Another photo, artwork or network under the same name is refused; put back, the run goes on."""
    vgg = tmp_path / "vgg.pth"
    torch.save(random_vgg().state, vgg)
    monkeypatch.setenv("RTSTYLE_VGG16", str(vgg))
    with pytest.raises(KeyboardInterrupt):
        paint(files, progress=stop_at(1))
    path = vgg if name == "VGG" else files / name
    before = path.read_bytes()
    if name == "VGG":
        torch.save({key: value + 1e-3 for key, value in random_vgg().state.items()}, vgg)
    else:
        cv2.imwrite(str(path), 255 - cv2.imread(str(path)))
    resume = KeyframeExtras(resume=True)
    with pytest.raises(SourceError, match=rf"{name}: has changed since .*out\.png\.keyframe was begun; start again"):
        paint(files, extras=resume)
    path.write_bytes(before)
    paint(files, extras=resume)


def test_a_rate_that_was_found_goes_through_the_file(files):
    """A run that goes on has as many iterations as without the stop; what an older one left has no rate."""
    far, whole, steps = replace(TINY, learning_rate=1e6), [], []
    paint(files, "whole.png", far, progress=whole.append)
    with pytest.raises(KeyboardInterrupt):
        paint(files, recipe=far, progress=stop_at(14))
    paint(files, recipe=far, extras=KeyframeExtras(resume=True), progress=steps.append)
    assert [step.iteration for step in steps] == [step.iteration for step in whole[14:]] != []
    with pytest.raises(KeyboardInterrupt):
        paint(files, "old.png", progress=stop_at(5))
    path = files / "old.png.keyframe"
    with safe_open(path, framework="pt") as file:
        notes, tensors = json.loads(file.metadata()["rtstyle"]), {"picture": file.get_tensor("picture")}
    save_file(tensors, path, {"rtstyle": json.dumps({k: v for k, v in notes.items() if k not in {"rate", "lost"}})})
    paint(files, "old.png", extras=KeyframeExtras(resume=True))


def test_a_kill_costs_half_a_minute(files, monkeypatch):
    """The place is on the disk while it paints."""
    monkeypatch.setattr(checkpoint, "_EVERY_S", 0.0)
    with pytest.raises(MemoryError):
        paint(files, progress=stop_at(7, MemoryError))  # which nothing of ours catches, as a kill
    assert not (files / "out.png").exists()
    steps = []
    paint(files, extras=KeyframeExtras(resume=True), progress=steps.append)
    assert [step.iteration for step in steps] == list(range(8, 13))


def test_an_unfinished_run_is_not_begun_anew_in_silence(files, monkeypatch):
    """What a kill left is worth hours: it is gone on with, or given up in so many words."""
    monkeypatch.setattr(checkpoint, "_EVERY_S", 0.0)
    with pytest.raises(MemoryError):
        paint(files, progress=stop_at(7, MemoryError))  # which nothing of ours catches, as a kill
    left = (files / "out.png.keyframe").read_bytes()
    with pytest.raises(SinkError, match=r"out\.png\.keyframe: an unfinished run is there; --resume continues it"):
        paint(files)
    assert (files / "out.png.keyframe").read_bytes() == left
    paint(files, overwrite=True)
    assert not (files / "out.png.keyframe").exists()


def test_a_disk_that_refuses_the_checkpoint_does_not_stop_the_painting(files, monkeypatch, caplog):
    """It is said, and the picture comes out."""

    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint, "_EVERY_S", 0.0)
    monkeypatch.setattr(checkpoint, "save_file", refuse)
    paint(files)
    assert "No space left on device; make room there, or choose another disk; painting continues" in caplog.text
    assert {path.name for path in files.iterdir()} == {"photo.png", "art.png", "out.png"}


def test_a_painting_that_cannot_be_written_is_kept(files, monkeypatch, caplog):
    """A save along the way that fails is a warning; of the painting the place is there, and a run goes on with it."""
    written = PhotoWriter.write

    def refuse(writer, item):
        raise SinkError("out.png: cannot be written: No space left on device; make room there")

    monkeypatch.setattr(PhotoWriter, "write", refuse)
    with pytest.raises(SinkError, match=r"then continue with --resume: .* kept in .*out\.png\.keyframe"):
        paint(files, extras=KeyframeExtras(save_every=6))
    assert [message.endswith("make room there; painting continues") for message in caplog.messages] == [True, True]
    monkeypatch.setattr(PhotoWriter, "write", written)
    steps = []
    report = paint(files, extras=KeyframeExtras(resume=True), progress=steps.append)
    assert not steps
    assert report.loss < 0.5 * report.start_loss
    assert cv2.imread(str(files / "out.png")).shape == (32, 43, 3)
    assert not (files / "out.png.keyframe").exists()
