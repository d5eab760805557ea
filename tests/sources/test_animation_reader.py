"""Animated WebP and AVIF."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

import rtstyle
from rtstyle.errors import SourceError, UsageError
from rtstyle.frames import Cut
from rtstyle.sources.animation_reader import AnimationReader, is_animated_webp
from rtstyle.sources.video_reader import VideoReader
from tests.clips import frame_times


@pytest.fixture
def animation(tmp_path):
    """Five frames that grow lighter, of 40, 80, 120, 160 and 200 ms."""
    made = cv2.Animation()
    made.frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(5)]
    made.durations = [40 * (n + 1) for n in range(5)]
    path = tmp_path / "in.webp"
    assert cv2.imwriteanimation(str(path), made)
    return path


def test_every_frame_at_its_time(animation):
    """Times are the sums of the durations before."""
    frames = list(AnimationReader(animation))
    assert [frame.time for frame in frames] == [Fraction(ms, 1000) for ms in (0, 40, 120, 240, 400)]
    assert [frame.duration for frame in frames] == [Fraction(ms, 1000) for ms in (40, 80, 120, 160, 200)]
    assert all(abs(int(frame.image.mean()) - 40 * n) < 4 for n, frame in enumerate(frames))


def test_a_part(animation):
    """The first frame of the part is at 0."""
    reader = AnimationReader(animation, cut=Cut(Fraction(1, 10), Fraction(1, 5)))
    assert [frame.time for frame in reader] == [0, Fraction(3, 25)]
    still = list(AnimationReader(animation, cut=Cut(Fraction(45, 100), Fraction(1, 10))))  # as it is for 150 ms more
    assert [(frame.time, frame.duration) for frame in still] == [(0, Fraction(1, 10))]
    with pytest.raises(SourceError, match=r"expected --start before its end at 0\.6 s, got 9 s"):
        AnimationReader(animation, cut=Cut(Fraction(9)))


def test_it_is_painted_as_a_film(animation, tmp_path, invert_model):
    """With its own times, in segments."""
    target = tmp_path / "out.mp4"
    rtstyle.transcode(animation, target, style=invert_model, options=rtstyle.FilmOptions(segment=2))
    assert frame_times(target) == [Fraction(ms, 1000) for ms in (0, 40, 120, 240, 400)]


def test_it_has_a_rate_of_its_own(animation, tmp_path, invert_model):
    """Another one is refused, as it is for every film."""
    options = rtstyle.FilmOptions(rate=Fraction(24))
    with pytest.raises(UsageError, match=r"in\.webp: has a frame rate of its own; only numbered pictures"):
        rtstyle.transcode(animation, tmp_path / "out.mp4", style=invert_model, options=options)


def test_transparency_is_missed_aloud(animation):
    """Where there is any."""
    assert AnimationReader(animation).notes == []
    made = cv2.Animation()
    made.frames, made.durations = [np.full((48, 64, 4), 40 * n, np.uint8) for n in range(3)], [40, 40, 40]
    assert cv2.imwriteanimation(str(animation), made)
    assert AnimationReader(animation).notes == ["transparent places become black"]


def test_what_is_no_animation(tmp_path, animation):
    """A still picture, another file, nothing; and half an animation is an error."""
    cv2.imwrite(str(tmp_path / "still.webp"), np.zeros((32, 32, 3), np.uint8))
    assert is_animated_webp(animation)
    assert not is_animated_webp(tmp_path / "still.webp")
    assert not is_animated_webp(tmp_path / "none.webp")
    animation.write_bytes(animation.read_bytes()[:60])
    with pytest.raises(SourceError):
        AnimationReader(animation)


@pytest.mark.parametrize(("channels", "notes"), [(3, []), (4, ["transparency is left out"])])
def test_an_animated_avif_is_a_film(tmp_path, invert_model, channels, notes):
    """All its frames at their times, not the still that it begins with; nothing unpainted goes along."""
    made, path, target = cv2.Animation(), tmp_path / "in.avif", tmp_path / "out.mp4"
    made.frames = [np.full((48, 64, channels), 40 * n, np.uint8) for n in range(5)]
    made.durations = [40 * (n + 1) for n in range(5)]
    assert cv2.imwriteanimation(str(path), made)
    reader = VideoReader(path)
    reader.close()
    assert reader.notes == notes
    rtstyle.transcode(path, target, style=invert_model)
    assert frame_times(target) == [Fraction(ms, 1000) for ms in (0, 40, 120, 240, 400)]
    with av.open(str(target)) as film:
        assert len(film.streams) == 1


def test_a_still_avif_is_a_photo(tmp_path):
    """Also where a second picture in it says what is transparent."""
    path = tmp_path / "in.avif"
    assert cv2.imwrite(str(path), np.full((48, 64, 4), 100, np.uint8))
    reader = VideoReader(path)
    reader.close()
    photo = "a photo becomes a film of one frame; `rtstyle image` paints it as a photo"
    assert (reader.notes, reader.format.streams) == ([photo, "transparency is left out"], ())
