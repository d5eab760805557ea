"""Numbered pictures, which are a film when they are read in turn."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

import rtstyle
from rtstyle.errors import SourceError, UsageError
from rtstyle.fingerprint import fingerprint
from rtstyle.frames import Frame
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.sources.picture_sequence import PictureSequence
from rtstyle.sources.video_reader import VideoReader
from rtstyle.times import parse_rate
from tests.clips import frame_times, make_clip


@pytest.fixture
def pictures(tmp_path):
    """Writes grey pictures of 48×32 pixels with these numbers, and returns their pattern."""

    def write(numbers, pattern="frame_%04d.png"):
        for number in numbers:
            cv2.imwrite(str(tmp_path / (pattern % number)), np.full((32, 48, 3), 10 * (number % 20), np.uint8))
        return str(tmp_path / pattern)

    return write


def levels(pattern):
    reader = VideoReader(pattern)
    try:
        return [int(item.image[0, 0, 0]) for item in reader if isinstance(item, Frame)]
    finally:
        reader.close()


@pytest.mark.parametrize("first", [0, 1, 7, 1001])
def test_numbers_begin_anywhere(pictures, first):
    """FFmpeg looks for 0 to 4 alone; renderers begin at 1001."""
    assert levels(pictures(range(first, first + 5))) == [10 * (n % 20) for n in range(first, first + 5)]


def test_numbers_without_zeros_in_front(pictures):
    """9 comes before 10, and what is called alike does not count."""
    pictures([3], "take%d.png~.png")
    assert levels(pictures(range(8, 13), "take%d.png")) == [80, 90, 100, 110, 120]


def test_a_picture_that_is_missing(pictures):
    """Half of a film is not passed off as the film."""
    with pytest.raises(SourceError, match="number 13 is missing between 10 and 15; add it first"):
        VideoReader(pictures([10, 11, 12, 14, 15]))


def test_an_empty_file_among_them(pictures, tmp_path):
    """FFmpeg takes it for the end."""
    pattern = pictures(range(10, 16))
    (tmp_path / "frame_0012.png").write_bytes(b"")
    with pytest.raises(SourceError, match=r"frame_0012.png: expected a picture, got an empty file"):
        VideoReader(pattern)


def test_other_percent_signs(pictures, tmp_path):
    """They mean themselves, in the folder's name and in the pictures', and a change is noticed all the same."""
    folder = tmp_path / "50%off %[a]"
    folder.mkdir()
    pattern = pictures(range(3, 5), "50%%off %%[a]/100%%_%03d.png").replace("%%", "%")
    assert levels(pattern) == [30, 40]
    assert fingerprint(pattern).startswith("2:")


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("x_%04d.png", "there are no such pictures"),
        ("x_%d_%d.png", r"expected one number in the name of the pictures, as in frame_%04d\.png"),
        ("nowhere/x_%04d.png", "cannot be opened: No such file"),
        ("100%.mp4", r"100%\.mp4: there is no such file"),
    ],
)
def test_patterns_that_mean_nothing(tmp_path, pattern, sentence):
    """A sentence each."""
    with pytest.raises(SourceError, match=sentence):
        VideoReader(tmp_path / pattern)


def test_a_rate_of_their_own(pictures, tmp_path, invert_model):
    """23.976 is 24000/1001, to the tick; without it is 25."""
    pattern = pictures(range(1001, 1006))
    for rate, options in (("24000/1001", FilmOptions(rate=parse_rate("23.976"))), ("25", FilmOptions())):
        target = tmp_path / f"{rate[:2]}.mp4"
        rtstyle.transcode(pattern, target, style=invert_model, options=options)
        assert frame_times(target) == [n / Fraction(rate) for n in range(5)]


def test_a_film_has_a_rate_of_its_own(tmp_path, invert_model):
    """To give it another is a usage error."""
    clip = make_clip(tmp_path / "in.mp4", frames=3)
    with pytest.raises(UsageError, match="only numbered pictures can be given one"):
        rtstyle.transcode(clip, tmp_path / "out.mp4", style=invert_model, options=FilmOptions(rate=Fraction(30)))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("24", 24),
        ("29.97", "30000/1001"),
        ("23.976", "24000/1001"),
        ("23.98", "24000/1001"),
        ("12.5", "12.5"),
        ("50/1", 50),
        ("5.0", 5),
        ("0.004", "0.004"),
        ("30.03003003003003", "10000/333"),
    ],
)
def test_rates(text, rate):
    """As people write them; the decimals of television mean its fractions."""
    assert parse_rate(text) == Fraction(rate)


def test_rates_that_are_none():
    """The sentence shows how to write one."""
    for text in ("fast", "1/0", ""):
        with pytest.raises(UsageError, match="expected a frame rate as in 25"):
            parse_rate(text)
    with pytest.raises(UsageError, match="expected more than 0 frames a second"):
        FilmOptions(rate=Fraction(0))


def test_a_change_is_noticed(pictures):
    """A picture more, or another one, is another film: --resume compares."""
    pattern = pictures(range(3))
    before = PictureSequence.find(pattern)
    pictures(range(3, 4))
    after = PictureSequence.find(pattern)
    assert (before.count, after.count) == (3, 4)
    assert before.fingerprint != after.fingerprint
