"""Writing photos."""

import os
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from rtstyle.errors import SinkError, UsageError
from rtstyle.frames import Frame
from rtstyle.sinks.photo_writer import PhotoWriter
from rtstyle.sources.photo_folder import read_photo


def photo(height=20, width=31):
    """Red on the left, blue on the right."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 0] = 255
    image[:, width // 2 :, 2] = 255
    return Frame(image, Fraction(0))


@pytest.mark.parametrize(("suffix", "slack"), [(".png", 0), (".jpg", 12), (".JPEG", 12), (".webp", 12)])
def test_what_is_written_is_what_is_read(tmp_path, suffix, slack):
    """PNG exactly, the others nearly; red stays red."""
    path = tmp_path / f"a{suffix}"
    PhotoWriter([path]).write(photo())
    error = np.abs(read_photo(path).astype(int) - photo().image)
    assert error[:, [2, -3]].max() <= slack
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_ctrl_c_leaves_nothing(tmp_path, monkeypatch):
    """Stopped in the middle of a photo, there is neither half of it nor a hidden file."""

    def stopped(path, data):
        with path.open("wb") as file:
            file.write(data[:20])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", stopped)
    with pytest.raises(KeyboardInterrupt):
        PhotoWriter([tmp_path / "a.png"]).write(photo())
    assert list(tmp_path.iterdir()) == []


def test_the_inputs_are_looked_at_once_each(tmp_path, monkeypatch):
    """Ten thousand photos over ten thousand others are not a hundred million questions to the disk."""
    inputs = [tmp_path / f"{n}.png" for n in range(30)]
    outputs = [tmp_path / f"out{n}.png" for n in range(30)]
    for path in inputs + outputs:
        path.write_bytes(b"precious")
    asked, stat = [], os.stat
    monkeypatch.setattr(os, "stat", lambda *given, **how: asked.append(given) or stat(*given, **how))
    PhotoWriter(outputs, overwrite=True, keep=inputs)
    assert len(asked) < 30 + 30 * 10


def test_paths_are_checked_before_anything_is_written(tmp_path):
    """One bad name among good ones, and nothing is touched."""
    there = tmp_path / "there.png"
    there.write_bytes(b"precious")
    with pytest.raises(SinkError, match="exists already"):
        PhotoWriter([tmp_path / "a.png", there])
    with pytest.raises(UsageError, match=r"expected a name that ends in \.png, .*, got \.tiff"):
        PhotoWriter([tmp_path / "a.tiff"])
    with pytest.raises(SinkError, match="is the input itself"):
        PhotoWriter([there], overwrite=True, keep=[there])
    assert there.read_bytes() == b"precious"


def test_too_large_for_the_format(tmp_path):
    """WebP ends at 16,383 pixels: a sentence, and no file."""
    with pytest.raises(SinkError, match=r"16400×16"):
        PhotoWriter([tmp_path / "a.webp"]).write(photo(16, 16_400))
    assert list(tmp_path.iterdir()) == []


def test_one_photo_too_many(tmp_path):
    """More frames than names is an error."""
    writer = PhotoWriter([tmp_path / "a.png"])
    writer.write(photo())
    with pytest.raises(SinkError, match="expected 1 photos, got one more"):
        writer.write(photo())


def test_overwriting_replaces_whole_files(tmp_path):
    """The new photo takes the old one's place."""
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    PhotoWriter([path], overwrite=True).write(photo())
    assert cv2.imread(str(path)) is not None
