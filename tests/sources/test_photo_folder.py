"""Reading photos."""

import errno
import os
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from rtstyle.errors import SourceError
from rtstyle.sources.photo_folder import PhotoFolder, spread


def photo(path, height=20, width=30):
    """Blue, with a red top left quarter."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = 255
    image[: height // 2, : width // 2] = (0, 0, 255)
    cv2.imwrite(str(path), image)
    return path


def with_orientation(path, value):
    """Put an EXIF block with that orientation into a JPEG."""
    tiff = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x0112, 3, 1, value, 0) + b"\0\0\0\0"
    exif = b"Exif\0\0" + tiff
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])
    return path


def test_photos_are_rgb(tmp_path):
    """Red is the first channel."""
    (frame,) = PhotoFolder(photo(tmp_path / "a.png"))
    assert frame.image[0, 0].tolist() == [255, 0, 0]
    assert frame.image[-1, -1].tolist() == [0, 0, 255]


TURNS = [(1, (20, 30), (2, 2)), (3, (20, 30), (-3, -3)), (6, (30, 20), (2, -3))]  # EXIF value, shape, where red is


@pytest.mark.parametrize(("value", "shape", "red"), TURNS)
def test_exif_orientation_is_applied(tmp_path, value, shape, red):
    """The red quarter is where the photographer saw it."""
    (frame,) = PhotoFolder(with_orientation(photo(tmp_path / "a.jpg"), value))
    assert frame.image.shape[:2] == shape
    assert frame.image[red][0] > 200


def test_a_photo_is_decoded_once(tmp_path, monkeypatch):
    """The first one, too, whose size is wanted before; a second look at the folder decodes again."""
    source, decoded = PhotoFolder(photo(tmp_path / "a.png"), photo(tmp_path / "b.png")), []
    monkeypatch.setattr(
        "rtstyle.sources.photo_folder.read_photo",
        lambda path, *, min_size: decoded.append(path) or np.zeros((9, 9, 3), np.uint8),
    )
    assert len(list(source)) == 2
    assert [path.name for path in decoded] == ["b.png"]
    assert len(list(source)) == 2
    assert [path.name for path in decoded] == ["b.png", "a.png", "b.png"]


def test_a_folder_gives_its_photos_by_name_each_in_its_size(tmp_path):
    """Other files are passed over."""
    photo(tmp_path / "b.png", 17, 19)
    photo(tmp_path / "a.webp", 40, 16)
    (tmp_path / "notes.txt").write_text("no photo")
    source = PhotoFolder(tmp_path)
    assert [frame.image.shape[:2] for frame in source] == [(40, 16), (17, 19)]
    assert source.format.frames == 2


def test_what_cannot_be_looked_into_says_so(tmp_path, monkeypatch):
    """A name that is too long, a folder that may not be read: a sentence each."""
    with pytest.raises(SourceError, match="cannot be opened: File name too long; give it a shorter name"):
        PhotoFolder(tmp_path / f"{'long' * 75}.png")

    def refuse(_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "iterdir", refuse)  # root may read every folder
    with pytest.raises(SourceError, match="cannot be opened: Permission denied; ask its owner"):
        PhotoFolder(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="no such hardware: pipes with names")
def test_a_pipe_says_so(tmp_path):
    """It could be read but once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SourceError, match="pipe: expected a file, got a pipe or a device"):
        PhotoFolder(pipe)


def test_what_is_no_photo_says_so(tmp_path):
    """Missing, empty, not a picture, a film, too small, a folder of none: a sentence each."""
    text = tmp_path / "text.png"
    text.write_text("not a picture")
    with pytest.raises(SourceError, match=r"text\.png: is not a picture"):
        PhotoFolder(text)
    (tmp_path / "clip.mp4").write_text("a film")
    with pytest.raises(SourceError, match=r"clip\.mp4: is not a picture but a film; `rtstyle transcode` paints films$"):
        PhotoFolder(tmp_path / "clip.mp4")
    text.write_bytes(b"")
    with pytest.raises(SourceError, match=r"text\.png: is empty"):
        PhotoFolder(text)
    with pytest.raises(SourceError, match="there is no such file; check the spelling"):
        PhotoFolder(tmp_path / "none.png")
    with pytest.raises(SourceError, match="expected a file or a folder, got an empty name"):
        PhotoFolder("")
    with pytest.raises(SourceError, match="expected at least 16×16 pixels, got 15×16"):
        PhotoFolder(photo(tmp_path / "small.png", 16, 15), min_size=16)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SourceError, match="expected a photo"):
        PhotoFolder(empty)


def test_some_photos_are_spread_evenly(tmp_path):
    """None twice, and a damaged one gives way to its neighbour."""
    paths = [tmp_path / "0.png", *(photo(tmp_path / f"{number}.png") for number in range(1, 8))]
    paths[0].write_bytes(b"no picture")

    def names(paths, count):
        return [path.name[0] for path, image in spread(paths, count) if image.shape == (20, 30, 3)]

    assert names(paths[1:], 3) == ["1", "3", "5"]
    assert names(paths[1:], 99) == list("1234567")
    assert names(paths[:4], 2) == ["1", "2"]
    assert names(paths[:1], 2) == []


def test_photos_to_be_spread_are_read_one_by_one(tmp_path):
    """However many there are, none is read before it is asked for."""
    read = []
    found = spread([tmp_path / name for name in "abc"], 3, lambda path: read.append(path.name) or np.zeros((1, 1, 3)))
    assert (next(found)[0].name, read) == ("a", ["a"])
