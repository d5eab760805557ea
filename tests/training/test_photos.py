from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rtstyle.errors import SourceError, UsageError
from training.photos import find_photos, split


def test_photos_are_found_in_subfolders_and_by_name(photos: Path) -> None:
    """All pictures below a folder are found, and a glob narrows them down."""
    assert [path.name for path in find_photos(photos)] == ["0.png", "2.png", "4.png", "1.png", "3.png"]
    assert [path.name for path in find_photos(photos, ("1*", "4.*"))] == ["4.png", "1.png"]


def test_links_to_folders_are_followed(photos: Path, tmp_path: Path) -> None:
    """Each folder once, be it reached by two links or by a link to what it lies in; its own name goes first."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "b").mkdir()
    shutil.copy(photos / "set0" / "0.png", tmp_path / "mine" / "b" / "x.png")
    (tmp_path / "mine" / "a").symlink_to(tmp_path / "mine" / "b")
    (tmp_path / "mine" / "b" / "up").symlink_to(tmp_path / "mine")
    for name in ("one", "two"):
        (tmp_path / "mine" / name).symlink_to(photos)
    found = [path.relative_to(tmp_path / "mine").as_posix() for path in find_photos(tmp_path / "mine")]
    assert found == ["b/x.png", *(f"one/set0/{n}.png" for n in (0, 2, 4)), "one/set1/1.png", "one/set1/3.png"]


@pytest.mark.parametrize("glob", ["", "."])
def test_a_glob_that_is_none_is_one_sentence(photos: Path, glob: str) -> None:
    """And not pathlib's words for it."""
    with pytest.raises(UsageError, match=r"^include: expected a glob such as '\*\.jpg', got one of"):
        find_photos(photos, (glob,))


def test_no_photos_is_one_sentence(tmp_path: Path) -> None:
    """A missing folder, a file and an empty folder are told apart."""
    file = tmp_path / "file"
    file.touch()
    for path, got in ((tmp_path / "nowhere", "got nothing"), (file, "got a file"), (tmp_path, "found none")):
        with pytest.raises(SourceError, match=got):
            find_photos(path)


def test_held_out_photos_are_not_trained_on(photos: Path) -> None:
    """Every n-th photo by name is held out, the rest is for training, none is lost."""
    everything = find_photos(photos)
    seen, held_out = split(everything, 2)
    assert held_out == everything[::2]
    assert sorted(seen + held_out) == sorted(everything)
    assert split(everything, 0) == (everything, [])
