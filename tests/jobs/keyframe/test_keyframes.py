"""Keyframes of a video, as pictures."""

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

import torch

from rtstyle.errors import PaintError, SinkError, SourceError, UsageError
from rtstyle.gatys.moments import Moments
from rtstyle.gatys.objective import Losses
from rtstyle.gatys.run import Painting, Place, Step
from rtstyle.jobs.keyframe.estimate import estimate
from rtstyle.jobs.keyframe.folder import MANIFEST, KeyframeFolder
from rtstyle.jobs.keyframe.keyframes import Brush, paint_keyframes
from rtstyle.jobs.keyframe.propagation import propagate_keyframes
from rtstyle.jobs.keyframe.studio import Studio
from tests.clips import make_clip
from tests.painting import stop_after

LOSSES = Losses({}, {}, total=1.0)


def test_keyframes_are_named_by_number_and_time(materials, tmp_path, clip):
    """Every ten frames and one at a time: pictures in a folder that is made."""
    moments = Moments.parse(["0.5"], "10")
    report = paint_keyframes(clip, tmp_path / "keys", materials, moments=moments)
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == [
        "clip-000000-00-00-00.000.png",
        "clip-000010-00-00-00.400.png",
        "clip-000013-00-00-00.520.png",
        "clip-000020-00-00-00.800.png",
    ]
    assert (report.frames, report.keyframes) == (25, 4)


def test_keyframes_have_square_pixels(materials, tmp_path):
    """As a player shows the frame, and as the estimate says; carried, a video keeps its own pixels."""
    clip = make_clip(tmp_path / "clip.mp4", frames=1, aspect=Fraction(3, 2))
    quick = replace(materials, recipe=replace(materials.recipe, iterations=1))
    report = paint_keyframes(clip, tmp_path / "keys", quick, moments=Moments.parse(["0"]))
    assert cv2.imread(report.files[0]).shape == (48, 96, 3)
    assert estimate(clip, materials.recipe).sizes == ["96x48"]
    assert estimate(clip, materials.recipe, square=False).sizes == ["64x48"]
    odd = replace(materials.recipe, size="49")
    assert estimate(clip, odd, square=False).sizes == ["64x48"]  # as ``propagate_keyframes`` makes it


def test_a_time_that_the_video_does_not_have(materials, tmp_path, clip):
    """Behind the last frame: one sentence, that says how many there are."""
    with pytest.raises(SourceError, match="has 25 frames, none of which was selected"):
        paint_keyframes(clip, tmp_path / "keys", materials, moments=Moments.parse(["0.99"]))


@pytest.mark.parametrize("job", [paint_keyframes, propagate_keyframes])
def test_a_time_behind_the_end_is_refused_at_once(materials, tmp_path, clip, monkeypatch, job):
    """Before the network is loaded, and a film of two hours decoded."""
    monkeypatch.setattr("rtstyle.jobs.keyframe.keyframes.Studio.open", lambda _: pytest.fail("a network was loaded"))
    with pytest.raises(SourceError, match=r"clip\.mp4: expected --at before its end at 1 s, got 9 s"):
        job(clip, tmp_path / "keys.mp4", materials, moments=Moments.parse(["9"]))


@pytest.mark.parametrize("job", [paint_keyframes, propagate_keyframes])
def test_a_place_that_cannot_be_is_refused_at_once(materials, tmp_path, clip, monkeypatch, job):
    """An unfinished run, and a folder that is not there, are said before a network is loaded or downloaded."""
    monkeypatch.setattr("rtstyle.jobs.keyframe.keyframes.Studio.open", lambda _: pytest.fail("a network was loaded"))
    unfinished = tmp_path / ("keys.mkv.keyframes" if job is propagate_keyframes else "keys.mkv")
    unfinished.mkdir()
    (unfinished / MANIFEST).touch()
    with pytest.raises(SinkError, match="an unfinished run is there"):
        job(clip, tmp_path / "keys.mkv", materials, moments=Moments.parse(every="4"))
    missing = "none/out.mp4" if job is propagate_keyframes else "none/keys"
    with pytest.raises(SinkError, match="there is no folder"):
        job(clip, tmp_path / missing, materials, moments=Moments.parse(every="4"))


@pytest.mark.parametrize("job", [paint_keyframes, propagate_keyframes])
@pytest.mark.parametrize("wrong", ["mask", "size"])
def test_what_cannot_be_painted_leaves_no_run(materials, tmp_path, clip, job, wrong):
    """Neither a black mask nor too small a size: the corrected command needs no --overwrite."""
    cv2.imwrite(str(tmp_path / "black.png"), np.zeros((8, 8), np.uint8))
    bad = replace(materials, recipe=replace(materials.recipe, size="8"))
    if wrong == "mask":
        bad = replace(materials, styles=[replace(materials.styles[0], mask=tmp_path / "black.png")])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match=r"got black everywhere at 64×48|at least 32×32 pixels, got 11×8"):
        job(clip, tmp_path / ("out" if job is paint_keyframes else "out.mkv"), bad, moments=Moments.parse(every="20"))
    assert sorted(tmp_path.iterdir()) == before


def test_a_time_behind_the_end_among_others_is_said(materials, tmp_path, clip, caplog):
    """The others are painted."""
    report = paint_keyframes(clip, tmp_path / "keys", materials, moments=Moments.parse(["0", "9"]))
    assert report.keyframes == 1
    assert caplog.messages == [f"{clip}: ends before 9 s, and has no frame there"]


def test_what_comes_after_the_last_moment_is_not_read(materials, tmp_path, clip):
    """A film of two hours need not be decoded for a frame at its beginning."""
    assert paint_keyframes(clip, tmp_path / "one", materials, moments=Moments.parse(["0", "0.1"])).frames == 4
    assert paint_keyframes(clip, tmp_path / "two", materials, moments=Moments.parse(["0"], every="10")).keyframes == 3


def test_no_picture_no_folder(materials, tmp_path, clip):
    """Where no frame was asked for, nothing is left; a folder that was there stays."""
    (tmp_path / "there").mkdir()
    for name, left in (("none", False), ("there", True)):
        with pytest.raises(SourceError, match="none of which was selected"):
            paint_keyframes(clip, tmp_path / name, materials, moments=Moments.parse(["0.99"]))
        assert (tmp_path / name).exists() == left


def test_a_picture_that_is_in_the_way_is_seen_before_painting(materials, tmp_path, clip):
    """Nothing is painted in vain, nothing is replaced, and no run is left that --resume would go on with."""
    folder, moments = tmp_path / "keys", Moments.parse(["0"])
    paint_keyframes(clip, folder, materials, moments=moments)
    (there,) = folder.iterdir()
    there.write_bytes(b"precious")
    for resume in (False, True):
        steps = []
        with pytest.raises(SinkError, match="exists already; pass --overwrite"):
            paint_keyframes(clip, folder, materials, moments=moments, resume=resume, progress=steps.append)
        assert not steps
        assert [path.read_bytes() for path in folder.iterdir()] == [b"precious"]
    paint_keyframes(clip, folder, materials, moments=moments, overwrite=True)
    assert there.read_bytes() != b"precious"


def test_what_a_resumed_run_may_replace(materials, tmp_path, clip, monkeypatch):
    """The picture at which the run before was killed is its own; one that lay there before it is not."""
    folder, moments = tmp_path / "keys", Moments.parse(every="10")
    first, second = folder / "clip-000000-00-00-00.000.png", folder / "clip-000010-00-00-00.400.png"
    folder.mkdir()
    second.write_bytes(b"precious")
    with pytest.raises(SinkError, match=r"000010-00-00-00\.400\.png: exists already"):
        paint_keyframes(clip, folder, materials, moments=moments)
    painted = first.read_bytes()
    with pytest.raises(SinkError, match=r"000010-00-00-00\.400\.png: exists already"):
        paint_keyframes(clip, folder, materials, moments=moments, resume=True)
    assert (first.read_bytes(), second.read_bytes()) == (painted, b"precious")
    second.unlink()
    with monkeypatch.context() as patch:
        patch.setattr("rtstyle.jobs.keyframe.folder.KeyframeFolder.stop", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            paint_keyframes(clip, folder, materials, moments=moments, resume=True, progress=stop_after(3))
    second.write_bytes(b"ours: killed before it was noted down")
    paint_keyframes(clip, folder, materials, moments=moments, resume=True)
    assert len(list(folder.iterdir())) == 3
    assert not second.read_bytes().startswith(b"ours")


def test_a_stopped_folder_of_keyframes_goes_on(materials, tmp_path, clip, monkeypatch):
    """Pictures that are there stay as they are; another recipe and another film are refused."""
    moments, folder = Moments.parse(every="10"), tmp_path / "keys"
    with pytest.raises(KeyboardInterrupt):
        paint_keyframes(clip, folder, materials, moments=moments, progress=stop_after(10))
    first = folder / "clip-000000-00-00-00.000.png"
    before = first.stat().st_mtime_ns
    assert not (folder / "clip-000010-00-00-00.400.png").exists()
    other = replace(materials, recipe=replace(materials.recipe, style_weight=7.0))
    with pytest.raises(SinkError, match=r"style weight was 100.0 and is 7.0"):
        paint_keyframes(clip, folder, other, moments=moments, resume=True)
    film = clip.read_bytes()
    make_clip(clip, frames=30)
    with pytest.raises(SourceError, match=r"clip\.mp4: has changed since .*keys was begun"):
        paint_keyframes(clip, folder, materials, moments=moments, resume=True)
    clip.write_bytes(film)
    scenes, scene = [], Studio.scene
    monkeypatch.setattr(Studio, "scene", lambda *given: scenes.append(given) or scene(*given))
    report = paint_keyframes(clip, folder, materials, moments=moments, resume=True)
    assert report.keyframes == 3
    assert len(scenes) == 2  # what is painted already is not even made small
    assert first.stat().st_mtime_ns == before
    assert sorted(path.suffix for path in folder.iterdir()) == [".png"] * 3


def test_a_place_that_an_older_run_left_is_none_of_ours(materials, tmp_path, clip):
    """Begun anew with other settings and stopped earlier, a run does not stumble over it when it goes on."""
    moments, folder = Moments.parse(every="10"), tmp_path / "keys"
    with pytest.raises(KeyboardInterrupt):
        paint_keyframes(clip, folder, materials, moments=moments, progress=stop_after(10))
    assert (folder / "clip-000010-00-00-00.400.png.keyframe").exists()
    other = replace(materials, recipe=replace(materials.recipe, style_weight=7.0))
    with pytest.raises(KeyboardInterrupt):
        paint_keyframes(clip, folder, other, moments=moments, overwrite=True, progress=stop_after(2))
    assert paint_keyframes(clip, folder, other, moments=moments, resume=True).keyframes == 3


def test_a_keyframe_that_cannot_be_painted_is_an_error(materials, tmp_path, clip):
    """It is not among those that are done, and no film comes of it."""
    beyond = replace(materials, recipe=replace(materials.recipe, style_weight=1e39))
    with pytest.raises(PaintError, match=r"000000-00-00-00\.000\.png: the loss stayed at inf"):
        paint_keyframes(clip, tmp_path / "keys", beyond, moments=Moments.parse(["0"]))
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["unfinished.json"]
    with pytest.raises(PaintError, match=r"000000\.png: the loss stayed at inf"):
        propagate_keyframes(clip, tmp_path / "out.mp4", beyond, moments=Moments.parse(every="10"))
    assert not (tmp_path / "out.mp4").exists()


def test_a_learning_rate_may_change_from_run_to_run(materials, tmp_path, clip, monkeypatch):
    """A keyframe that did not come down is tried again with another, and those that are painted stay."""
    moments, folder, rates = Moments.parse(every="20"), tmp_path / "keys", []

    def paint(painter, content, start, *, place=None, progress, **_):
        rates.append((painter.recipe.learning_rate, place.rate if place else None))
        progress(Step(1, 2, 0, (48, 64), None, 0.0, None, lambda: start, lambda: Place(0, 1, start, rate=0.5)))
        failed = "it stayed" if len(rates) == 2 else ""
        return Painting(start, None, LOSSES, 1, Place(0, 1, start), failed=failed)

    monkeypatch.setattr("rtstyle.gatys.painter.Painter.paint", paint)
    monkeypatch.setattr("rtstyle.jobs.keyframe.checkpoint._EVERY_S", 0.0)
    with pytest.raises(PaintError, match=r"own learning rate with --resume, or begin anew with other weights and --ov"):
        paint_keyframes(clip, folder, materials, moments=moments)
    slower = replace(materials, recipe=replace(materials.recipe, learning_rate=0.25))
    assert paint_keyframes(clip, folder, slower, moments=moments, resume=True).keyframes == 2
    assert rates == [(None, None), (None, None), (0.25, None)]


def test_a_flat_frame_does_not_end_a_video(tmp_path, caplog):
    """As in a fade from a colour: where nothing is to be seen nothing comes down, and that is said in a line."""

    class Stuck:
        def paint(self, content, start, **_):
            return Painting(start, None, LOSSES, 1, Place(0, 1, start), failed="it stayed")

    kept = KeyframeFolder(tmp_path / "keys", {}, resume=False, overwrite=False)
    brush = Brush(SimpleNamespace(painter=Stuck()), kept, None)
    red, noise = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)
    assert (brush(0, red, lambda: red, None) == (255, 0, 0)).all()
    assert caplog.messages == ["000000.png: it stayed; the frame is nearly blank, and stays unpainted"]
    with pytest.raises(PaintError, match=r"000001\.png: it stayed"):
        brush(1, noise, lambda: noise, None)
