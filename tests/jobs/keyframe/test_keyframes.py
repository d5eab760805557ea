"""Keyframes of a video, as pictures and carried through it."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import av
import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

from rtstyle.errors import PaintError, SinkError, SourceError, UsageError
from rtstyle.gatys.moments import Moments
from rtstyle.gatys.recipe import Recipe
from rtstyle.jobs.keyframe.estimate import estimate
from rtstyle.jobs.keyframe.folder import MANIFEST
from rtstyle.jobs.keyframe.keyframes import paint_keyframes
from rtstyle.jobs.keyframe.propagation import open_propagation, propagate_keyframes
from rtstyle.jobs.keyframe.studio import Materials, StyleImage
from tests.clips import frame_times, make_clip, packets
from tests.vgg import photo_and_artwork

TINY = Recipe(
    style_layers=(("relu1_1", 1.0), ("relu2_1", 1.0)), content_layers=(("relu2_2", 1.0),), iterations=8, size="48"
)


@pytest.fixture
def materials(tmp_path, monkeypatch, vgg_file):
    """An artwork, and a network."""
    cv2.imwrite(str(tmp_path / "art.png"), photo_and_artwork()[1])
    monkeypatch.setenv("RTSTYLE_VGG16", str(vgg_file))
    return Materials(styles=[StyleImage(path=tmp_path / "art.png")], recipe=TINY)


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
    quick = replace(materials, recipe=replace(TINY, iterations=1))
    report = paint_keyframes(clip, tmp_path / "keys", quick, moments=Moments.parse(["0"]))
    assert cv2.imread(report.files[0]).shape == (48, 96, 3)
    assert estimate(clip, TINY).sizes == ["96x48"]
    assert estimate(clip, TINY, square=False).sizes == ["64x48"]


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


def test_a_video_is_carried_from_key_to_key(materials, tmp_path):
    """Every frame once, at its own uneven time, with the sound as it was; a painting, not the clip."""
    ticks = [0, 512, 1024, 2560, 3072, 3584, 5000, 5512]
    clip = make_clip(tmp_path / "clip.mp4", frames=8, ticks=ticks)
    out = tmp_path / "out.mp4"
    report = propagate_keyframes(clip, out, materials, moments=Moments.parse(every="4"))
    assert (report.frames, report.keyframes) == (8, 3)
    assert frame_times(out) == frame_times(clip) == [Fraction(tick, 12800) for tick in ticks]
    assert packets(out) == packets(clip)
    with av.open(str(out)) as video, av.open(str(clip)) as original:
        for painted, frame in zip(video.decode(video=0), original.decode(video=0), strict=True):
            assert np.abs(painted.to_ndarray(format="rgb24").astype(int) - frame.to_ndarray(format="rgb24")).mean() > 5


def test_nothing_is_carried_over_a_cut(materials, tmp_path):
    """Each shot begins with a keyframe of its own, and ends with one."""
    generator = np.random.default_rng(0)
    shots = [cv2.resize(generator.integers(0, 256, (6, 8, 3), dtype=np.uint8), (64, 48)) for _ in range(2)]
    clip = tmp_path / "cut.mp4"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height = 64, 48
        for index in range(8):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shots[index // 4], "rgb24")))
        container.mux(stream.encode())
    out = tmp_path / "out.mp4"
    report = propagate_keyframes(clip, out, materials, moments=Moments.parse(every="100"))
    assert (report.frames, report.keyframes) == (8, 4)
    with av.open(str(out)) as video:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in video.decode(video=0)]
    changes = [np.abs(b - a).mean() for a, b in pairwise(frames)]
    assert changes[3] > 5 * max(changes[:3] + changes[4:])


def test_a_start_that_a_carried_video_does_not_have_is_said(materials, tmp_path, clip, caplog):
    """As a preset's white noise: also where nothing is painted yet."""
    noisy = replace(materials, recipe=replace(TINY, init="noise"))
    how = {"moments": Moments.parse(every="4"), "resume": False, "overwrite": False}
    open_propagation(clip, tmp_path / "out.mp4", noisy, **how)
    assert caplog.messages == [f"{clip}: begins with its own frames, which are carried on, and not with noise"]


def test_propagation_needs_keyframes(materials, tmp_path, clip):
    """Without moments it is a usage error."""
    with pytest.raises(UsageError, match="expected --every"):
        propagate_keyframes(clip, tmp_path / "out.mp4", materials, moments=Moments())


def stop_after(steps):
    """A callback that interrupts, and counts what it has seen."""

    def stop(_):
        stop.seen += 1
        if stop.seen == steps:
            raise KeyboardInterrupt

    stop.seen = 0
    return stop


def pictures(path):
    with av.open(str(path)) as video:
        return [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]


def test_a_stopped_video_goes_on_and_comes_out_the_same(materials, tmp_path):
    """Keyframes wait in a folder beside it; what is painted already is not painted again."""
    clip = make_clip(tmp_path / "clip.mp4", frames=9)
    moments = Moments.parse(every="4")
    propagate_keyframes(clip, tmp_path / "whole.mp4", materials, moments=moments)
    out, waiting = tmp_path / "out.mp4", tmp_path / "out.mp4.keyframes"
    with pytest.raises(KeyboardInterrupt):
        propagate_keyframes(clip, out, materials, moments=moments, progress=stop_after(10))
    assert not out.exists()
    assert {path.name for path in waiting.iterdir()} == {"000000.png", "000004.png.keyframe", "unfinished.json"}
    with pytest.raises(SinkError, match="--resume continues it"):
        propagate_keyframes(clip, out, materials, moments=moments)
    with pytest.raises(SinkError, match=r"moments was .*every_frames=4"):
        propagate_keyframes(clip, out, materials, moments=Moments.parse(every="2"), resume=True)
    steps = []
    report = propagate_keyframes(clip, out, materials, moments=moments, resume=True, progress=steps.append)
    assert (report.frames, report.keyframes) == (9, 3)
    assert len(steps) == 2 + 4  # what was left of the second, and the third
    assert not waiting.exists()
    gaps = [
        np.abs(whole.astype(int) - resumed).mean()
        for whole, resumed in zip(pictures(tmp_path / "whole.mp4"), pictures(out), strict=True)
    ]
    assert gaps[0] < 5  # the keyframe that was whole
    assert max(gaps) < 15  # L-BFGS lost its memory at the second


def test_a_stopped_folder_of_keyframes_goes_on(materials, tmp_path, clip):
    """Pictures that are there stay as they are; another recipe and another film are refused."""
    moments, folder = Moments.parse(every="10"), tmp_path / "keys"
    with pytest.raises(KeyboardInterrupt):
        paint_keyframes(clip, folder, materials, moments=moments, progress=stop_after(10))
    first = folder / "clip-000000-00-00-00.000.png"
    before = first.stat().st_mtime_ns
    assert not (folder / "clip-000010-00-00-00.400.png").exists()
    other = replace(materials, recipe=replace(TINY, style_weight=7.0))
    with pytest.raises(SinkError, match=r"style weight was 100.0 and is 7.0"):
        paint_keyframes(clip, folder, other, moments=moments, resume=True)
    film = clip.read_bytes()
    make_clip(clip, frames=30)
    with pytest.raises(SourceError, match=r"clip\.mp4: has changed since .*keys was begun"):
        paint_keyframes(clip, folder, materials, moments=moments, resume=True)
    clip.write_bytes(film)
    report = paint_keyframes(clip, folder, materials, moments=moments, resume=True)
    assert report.keyframes == 3
    assert first.stat().st_mtime_ns == before
    assert sorted(path.suffix for path in folder.iterdir()) == [".png"] * 3


def test_a_place_that_an_older_run_left_is_none_of_ours(materials, tmp_path, clip):
    """Begun anew with other settings and stopped earlier, a run does not stumble over it when it goes on."""
    moments, folder = Moments.parse(every="10"), tmp_path / "keys"
    with pytest.raises(KeyboardInterrupt):
        paint_keyframes(clip, folder, materials, moments=moments, progress=stop_after(10))
    assert (folder / "clip-000010-00-00-00.400.png.keyframe").exists()
    other = replace(materials, recipe=replace(TINY, style_weight=7.0))
    with pytest.raises(KeyboardInterrupt):
        paint_keyframes(clip, folder, other, moments=moments, overwrite=True, progress=stop_after(2))
    assert paint_keyframes(clip, folder, other, moments=moments, resume=True).keyframes == 3


def test_a_folder_of_somebody_else_is_never_removed(materials, tmp_path, clip):
    """Though it has the name of the one where keyframes wait."""
    folder = tmp_path / "out.mp4.keyframes"
    folder.mkdir()
    (folder / "precious.png").write_bytes(b"precious")
    for options in ({}, {"overwrite": True}, {"resume": True}):
        with pytest.raises(SinkError, match="holds something else; move it elsewhere"):
            propagate_keyframes(clip, tmp_path / "out.mp4", materials, moments=Moments.parse(every="10"), **options)
    assert (folder / "precious.png").read_bytes() == b"precious"


def test_a_keyframe_that_cannot_be_painted_is_an_error(materials, tmp_path, clip):
    """It is not among those that are done, and no film comes of it."""
    beyond = replace(materials, recipe=replace(TINY, style_weight=1e39))
    with pytest.raises(PaintError, match=r"000000-00-00-00\.000\.png: the loss stayed at inf"):
        paint_keyframes(clip, tmp_path / "keys", beyond, moments=Moments.parse(["0"]))
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["unfinished.json"]
    with pytest.raises(PaintError, match=r"000000\.png: the loss stayed at inf"):
        propagate_keyframes(clip, tmp_path / "out.mp4", beyond, moments=Moments.parse(every="10"))
    assert not (tmp_path / "out.mp4").exists()


def test_what_a_killed_video_leaves_goes_with_its_folder(materials, tmp_path):
    """The file grows among the waiting keyframes: nothing else lies about, and another run begins it anew."""
    clip, out = make_clip(tmp_path / "clip.mp4", frames=5), tmp_path / "out.mp4"
    waiting, beside = tmp_path / "out.mp4.keyframes", []

    def look(_):
        (waiting / "left").write_bytes((waiting / "painting.mp4").read_bytes())  # a clean stop removes the file
        beside.append({path.name for path in tmp_path.iterdir()})
        raise KeyboardInterrupt

    moments = Moments.parse(every="4")
    with pytest.raises(KeyboardInterrupt):
        propagate_keyframes(clip, out, materials, moments=moments, progress=look)
    assert beside == [{"art.png", "clip.mp4", waiting.name}]
    (waiting / "left").rename(waiting / "painting.mp4")
    propagate_keyframes(clip, out, materials, moments=moments, resume=True)
    assert len(pictures(out)) == 5
    assert {path.name for path in tmp_path.iterdir()} == {"art.png", "clip.mp4", "out.mp4"}


def test_a_clip_that_ends_early_is_painted_as_far_as_it_goes(materials, tmp_path, caplog):
    """Hours of painting are not thrown away for the rest: a warning says what is missing."""
    clip = make_clip(tmp_path / "clip.mkv", frames=60)
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    moments, materials = Moments.parse(every="8"), replace(materials, recipe=replace(TINY, iterations=2))
    report = propagate_keyframes(clip, tmp_path / "out.mp4", materials, moments=moments)
    assert 8 < report.frames == len(pictures(tmp_path / "out.mp4")) < 60
    keys = paint_keyframes(clip, tmp_path / "keys", materials, moments=moments)
    assert keys.keyframes == len(list((tmp_path / "keys").iterdir())) > 1
    assert caplog.text.count("clip.mkv: ends early: expected 2.4 s, got") == 2
