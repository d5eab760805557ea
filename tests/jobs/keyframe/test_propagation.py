"""Keyframes carried through a video."""

from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import av
import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

from rtstyle.errors import SinkError, UsageError
from rtstyle.frames import Frame
from rtstyle.gatys.moments import Moments
from rtstyle.jobs.keyframe.keyframes import paint_keyframes
from rtstyle.jobs.keyframe.propagation import Propagation, open_propagation, propagate_keyframes
from rtstyle.sources.video_reader import VideoReader
from tests.clips import frame_times, make_clip, packets
from tests.painting import stop_after


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


@pytest.mark.parametrize(("size", "aspect"), [("48", Fraction(3, 2)), ("96x48", Fraction(1))])
def test_a_size_of_two_numbers_is_in_square_pixels(materials, tmp_path, size, aspect):
    """As for a photo: 96x48 of a clip that is shown at 2:1 is not stretched; otherwise pixels stay as they are."""
    clip = make_clip(tmp_path / "clip.mp4", frames=1, aspect=Fraction(3, 2))
    quick = replace(materials, recipe=replace(materials.recipe, iterations=1, size=size))
    propagate_keyframes(clip, tmp_path / "out.mp4", quick, moments=Moments.parse(every="4"))
    with closing(VideoReader(tmp_path / "out.mp4")) as out:
        assert out.format.sample_aspect == aspect
        assert out.format.width * aspect == 96


def test_a_start_that_a_carried_video_does_not_have_is_said(materials, tmp_path, clip, caplog):
    """As a preset's white noise: also where nothing is painted yet."""
    noisy = replace(materials, recipe=replace(materials.recipe, init="noise"))
    how = {"moments": Moments.parse(every="4"), "resume": False, "overwrite": False}
    open_propagation(clip, tmp_path / "out.mp4", noisy, **how)
    assert caplog.messages == [f"{clip}: --propagate begins with the video's own frames; --init noise is ignored"]


def test_propagation_needs_keyframes(materials, tmp_path, clip):
    """Without moments it is a usage error."""
    with pytest.raises(UsageError, match="expected --every"):
        propagate_keyframes(clip, tmp_path / "out.mp4", materials, moments=Moments())


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


def test_a_folder_of_somebody_else_is_never_removed(materials, tmp_path, clip):
    """Though it has the name of the one where keyframes wait."""
    folder = tmp_path / "out.mp4.keyframes"
    folder.mkdir()
    (folder / "precious.png").write_bytes(b"precious")
    for options in ({}, {"overwrite": True}, {"resume": True}):
        with pytest.raises(SinkError, match="holds something else; move it elsewhere"):
            propagate_keyframes(clip, tmp_path / "out.mp4", materials, moments=Moments.parse(every="10"), **options)
    assert (folder / "precious.png").read_bytes() == b"precious"


def test_what_somebody_put_among_the_keyframes_stays(materials, tmp_path):
    """Everything else there goes, what a kill left too."""
    clip, waiting = make_clip(tmp_path / "clip.mp4", frames=3), tmp_path / "out.mp4.keyframes"
    with pytest.raises(KeyboardInterrupt):
        propagate_keyframes(
            clip, tmp_path / "out.mp4", materials, moments=Moments.parse(every="4"), progress=stop_after(3)
        )
    for name in ("note.txt", ".000004.png.0123abcd.part.keyframe", "000007.png", "000007.png.keyframe"):
        (waiting / name).write_bytes(b"precious")
    propagate_keyframes(clip, tmp_path / "out.mp4", materials, moments=Moments.parse(every="4"), resume=True)
    assert [path.name for path in waiting.iterdir()] == ["note.txt"]


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
    moments, materials = Moments.parse(every="8"), replace(materials, recipe=replace(materials.recipe, iterations=2))
    report = propagate_keyframes(clip, tmp_path / "out.mp4", materials, moments=moments)
    assert 8 < report.frames == len(pictures(tmp_path / "out.mp4")) < 60
    keys = paint_keyframes(clip, tmp_path / "keys", materials, moments=moments)
    assert keys.keyframes == len(list((tmp_path / "keys").iterdir())) > 1
    assert caplog.text.count("clip.mkv: ends early: expected 2.4 s, got") == 2


class Plain:
    """A carrier that paints nothing."""

    def first(self, frame, number):
        return frame


def test_what_is_enlarged_is_smooth():
    """A ramp of 16 columns stays one at twice the size: no two columns are the same."""
    ramp = np.broadcast_to(np.arange(0, 160, 10, dtype=np.uint8)[None, :, None], (16, 16, 3))
    (frame,) = Propagation(Plain(), (32, 32)).painted(iter([(Frame(ramp, Fraction(0)), True, True)]))
    inner = frame.image[8, 4:28, 0].astype(int)
    assert (np.diff(inner) > 0).all()


def test_what_is_made_smaller_has_no_aliases():
    """Columns of black and white become grey at half the size."""
    stripes = np.broadcast_to(np.uint8([0, 200] * 16)[None, :, None], (32, 32, 3))
    (frame,) = Propagation(Plain(), (16, 16)).painted(iter([(Frame(stripes, Fraction(0)), True, True)]))
    assert (frame.image == 100).all()
