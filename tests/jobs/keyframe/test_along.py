"""What is kept of a painting in progress."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

from rtstyle.errors import SinkError
from rtstyle.gatys.sheet import sheet
from rtstyle.jobs.keyframe import along, checkpoint
from rtstyle.jobs.keyframe.studio import KeyframeExtras
from tests.clips import frame_times
from tests.painting import TINY, paint, stop_at


def test_pictures_along_the_way(files):
    """A labelled strip, a film of as many frames, and saves by iteration."""
    paint(files, extras=KeyframeExtras(process=4, save_every=6))
    assert cv2.imread(str(files / "out-process.png")).shape[1] >= 4 * 43
    assert len(frame_times(files / "out-process.mp4")) == 4
    assert {p.name for p in files.glob("out.*.png")} == {"out.000006.png", "out.000012.png"}


def test_the_process_goes_on_where_it_was_stopped(files):
    """After Ctrl-C the strip and the film have what there was, and after --resume all of it, each once."""
    with pytest.raises(KeyboardInterrupt):
        paint(files, extras=KeyframeExtras(process=6), progress=stop_at(8))
    stopped = cv2.imread(str(files / "out-process.png"))
    assert len(frame_times(files / "out-process.mp4")) == 4
    paint(files, extras=KeyframeExtras(process=6, resume=True))
    whole = cv2.imread(str(files / "out-process.png"))
    assert len(frame_times(files / "out-process.mp4")) == 6
    np.testing.assert_array_equal(whole[:, : 3 * 43], stopped[:, : 3 * 43])


def test_what_lies_along_the_way_is_not_replaced(files):
    """Neither strip nor saves of another run, unless asked; it is said before anything is painted."""
    paint(files, extras=KeyframeExtras(process=2, save_every=6))
    (files / "out.png").unlink()
    before = {path: path.read_bytes() for path in files.iterdir()}
    for extras, name in (
        (KeyframeExtras(process=2), "out-process.png"),
        (KeyframeExtras(save_every=6), r"out\.000006\.png"),
    ):
        with pytest.raises(SinkError, match=f"{name}: exists already"):
            paint(files, extras=extras)
    assert {path: path.read_bytes() for path in files.iterdir()} == before
    paint(files, extras=KeyframeExtras(process=2, save_every=6), overwrite=True)
    begin, steps = replace(TINY, init=str(files / "out.000006.png")), []
    with pytest.raises(SinkError, match="is the input itself"):
        paint(files, recipe=begin, extras=KeyframeExtras(save_every=6), overwrite=True, progress=steps.append)
    assert not steps


@pytest.mark.parametrize(
    ("extras", "name"),
    [
        (KeyframeExtras(process=2, resume=True), "out-process.png"),
        (KeyframeExtras(process=2, resume=True), "out-process.mp4"),
        (KeyframeExtras(save_every=6, resume=True), "out.000006.png"),
    ],
)
def test_a_run_that_goes_on_replaces_only_its_own(files, extras, name):
    """What it is to make besides only now may be in the way of another run's files; what it made before is not."""
    (files / name).write_bytes(b"precious")
    with pytest.raises(KeyboardInterrupt):
        paint(files, progress=stop_at(5))
    with pytest.raises(SinkError, match=f"{name}: exists already; pass --overwrite"):
        paint(files, extras=extras)
    assert (files / name).read_bytes() == b"precious"
    with pytest.raises(KeyboardInterrupt):
        paint(files, extras=extras, overwrite=True, progress=stop_at(7))
    paint(files, extras=extras)
    assert (files / name).read_bytes() != b"precious"


def test_a_process_that_cannot_be_written_is_kept(files, monkeypatch):
    """The pictures along the way are gone only when the strip and the film are there."""

    def full(*_):
        raise SinkError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(along.VideoWriter, "open", full)
        patch.setattr(checkpoint, "_EVERY_S", 0.0)
        with pytest.raises(SinkError, match="no space left"):
            paint(files, extras=KeyframeExtras(process=4))
    paint(files, extras=KeyframeExtras(process=4, resume=True), overwrite=True)
    assert len(frame_times(files / "out-process.mp4")) == 4


def test_a_process_that_cannot_be_written_hides_no_ctrl_c(files, monkeypatch, caplog):
    """It is a warning; the sentence says where the picture is, and of a place only if there is one."""

    def full(*_):
        raise SinkError("no space left")

    monkeypatch.setattr(along.VideoWriter, "open", full)
    with pytest.raises(KeyboardInterrupt, match=r"out\.png; continue with --resume"):
        paint(files, extras=KeyframeExtras(process=4), progress=stop_at(5))
    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(KeyboardInterrupt, match=r"so far is in .*two\.png$"):
        paint(files, "two.png", progress=stop_at(5))
    assert caplog.messages == ["no space left", "no space left"]


def test_a_process_that_ends_early_shows_its_end(files):
    """Until it no longer improves: nobody knows beforehand how long that is."""
    report = paint(files, recipe=replace(TINY, iterations=None, style_weight=1e-3), extras=KeyframeExtras(process=3))
    assert report.evaluations < 2000
    film = cv2.VideoCapture(str(files / "out-process.mp4"))
    shown = [picture for _ in range(9) for there, picture in [film.read()] if there]
    assert shown
    assert np.abs(shown[-1][:32, :42].astype(int) - cv2.imread(str(files / "out.png"))[:, :42]).mean() < 20


@pytest.mark.parametrize("count", [1, 5])
def test_a_process_without_a_foreseen_end_has_as_many_pictures(files, monkeypatch, count):
    """At about even distances, the last one at the end."""
    steps, shown = [], [0]

    def labelled(pictures, labels):
        shown.extend(map(int, labels[0]))
        return sheet(pictures, labels)

    monkeypatch.setattr(along, "sheet", labelled)
    paint(files, recipe=replace(TINY, iterations=None), extras=KeyframeExtras(process=count), progress=steps.append)
    gaps = [b - a for a, b in pairwise(shown)]
    assert len(gaps) == count
    assert shown[-1] == steps[-1].iteration > 8 * count
    assert max(gaps) < 3 * min(gaps)
