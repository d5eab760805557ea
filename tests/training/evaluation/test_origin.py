from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from rtstyle.errors import SourceError
from rtstyle.style import read_style
from tests.models import make_model
from training.evaluation.origin import Origin, unseen
from training.photos import find_photos, list_digest

COMMAND = "python -m training train --data photos --style sea.jpg --include 'a*' -o NAME.ckpt"
DATASET = "photos: a*, every 4th held out"
A = Origin(folder="photos", include=("a*",), hold_out=4, artworks=("sea.jpg",), style_size=384)
B = Origin(folder="photos", include=("a*", "b*"), hold_out=3, artworks=("sky.jpg",), style_size=512)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight photos named a, four named b."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in (*(f"a{n}.jpg" for n in range(8)), *(f"b{n}.jpg" for n in range(4))):
        cv2.imwrite(str(folder / name), np.zeros((4, 4, 3), np.uint8))
    return folder


def names(photos: list[Path]) -> list[str]:
    return [photo.stem for photo in photos]


def test_the_metadata_tell_what_was_trained_on(tmp_path: Path) -> None:
    """Folder, globs and artwork are in the command, the rest beside it; without any, nothing is known."""
    assert (
        Origin.of(read_style(make_model(tmp_path / "sea.onnx", command=COMMAND, dataset=DATASET, style_size="384")))
        == A
    )
    assert Origin.of(read_style(make_model(tmp_path / "y.onnx", command="paint 'me"))).artworks == ()
    unknown = Origin.of(read_style(make_model(tmp_path / "x.onnx")))
    assert (unknown.folder, unknown.artworks, unknown.hold_out) == ("", (), 0)


def test_only_photos_that_no_model_has_seen(folder: Path) -> None:
    """Held out by every model, or outside its globs; and all of a folder that no model was trained on."""
    assert names(unseen(folder, None, [A], 0)) == ["a0", "a4"]
    assert names(unseen(folder, ["b*"], [A], 0)) == ["b0", "b1", "b2", "b3"]
    assert names(unseen(folder, None, [A, B], 0)) == ["a0", "b1"]  # b1 is the tenth of B's twelve
    assert names(unseen(folder, ["*"], [A], 3)) == ["a0", "b0", "b2"]
    other = folder.rename(folder.with_name("others"))
    assert len(unseen(other, None, [A], 0)) == 8


def test_photos_of_ones_own_need_no_names_like_those_trained_on(folder: Path) -> None:
    """Where nothing is called as what was trained on, everything is taken."""
    for photo in folder.glob("a*"):
        photo.unlink()
    assert names(unseen(folder.rename(folder.with_name("mine")), None, [A], 0)) == ["b0", "b1", "b2", "b3"]


def test_a_folder_above_or_below_the_one_trained_on(folder: Path) -> None:
    """Its photos are the same ones, and what was trained on is not taken for unseen."""
    assert names(unseen(folder.parent, None, [A], 0)) == ["a0", "a4"]
    (folder / "part").mkdir()
    moved = [photo.rename(folder / "part" / photo.name) for photo in sorted(folder.glob("a*"))]
    assert len(moved) == 8
    assert names(unseen(folder / "part", None, [A], 0)) == ["a0", "a4"]


def test_photos_that_came_since_the_training_are_told_of(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Once a folder, since every fourth of today's photos may have been another's place then."""
    then = replace(A, photo_list=list_digest(folder, find_photos(folder, A.include)))
    assert names(unseen(folder, None, [then, A], 0)) == ["a0", "a4"]
    assert not caplog.messages
    (folder / "a00.jpg").write_bytes((folder / "a0.jpg").read_bytes())
    assert names(unseen(folder, None, [then, then], 0)) == ["a0", "a3", "a7"]
    assert [message.partition(": ")[2][:45] for message in caplog.messages] == [
        "photos have come or gone since the training, "
    ]


@pytest.mark.parametrize("name", ["photos [2024]", "a*b", "caf\udce9"])
def test_a_folder_is_known_by_any_name(folder: Path, name: str) -> None:
    """Brackets and stars are no glob, and what is no UTF-8 is a ? in the metadata."""
    here = folder.rename(folder.with_name(name))
    told = replace(A, folder=name.encode(errors="replace").decode())
    assert names(unseen(here, None, [told], 0)) == ["a0", "a4"]
    assert names(unseen(here.parent, None, [told], 0)) == ["a0", "a4"]


def test_a_damaged_photo_gives_way_to_the_next(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With a warning; and where all are damaged, one sentence."""
    (folder / "b0.jpg").write_bytes(b"not a photo")
    assert names(unseen(folder, ["b*"], [A], 2)) == ["b1", "b2"]
    assert "b0.jpg: is not a picture" in caplog.text
    for photo in folder.glob("b*"):
        photo.write_bytes(b"not a photo")
    with pytest.raises(SourceError, match="none of the 4 photos that were not trained on can be read"):
        unseen(folder, ["b*"], [A], 2)


def test_no_unseen_photo_is_one_sentence(folder: Path) -> None:
    """A run that held out nothing leaves nothing to evaluate on."""
    greedy = Origin(folder="photos", include=("*",), hold_out=0, artworks=(), style_size=512)
    with pytest.raises(SourceError, match="every photo was trained on"):
        unseen(folder, None, [greedy], 4)


def test_the_artwork_is_found_by_name(folder: Path) -> None:
    """In a folder, or among files, by the name in the metadata; a single file is what was meant."""
    for name in ("sea.jpg", "sky.jpg"):
        (folder / name).touch()
    assert A.artwork([folder]) == folder / "sea.jpg"
    assert B.artwork([folder / "sea.jpg", folder / "sky.jpg"]) == folder / "sky.jpg"
    assert A.artwork([folder / "b0.jpg"]) == folder / "b0.jpg"
    with pytest.raises(SourceError, match=r"sea\.jpg: not found in .*--style-image"):
        A.artwork([folder / "b0.jpg", folder / "b1.jpg"])


def test_two_artworks_of_one_name_are_told(tmp_path: Path) -> None:
    """Nobody can say which of them it was; a copy is no other."""
    for name, content in (("A", b"1"), ("B", b"2"), ("C", b"1")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sea.jpg").write_bytes(content)
    a, b, c = (tmp_path / name for name in "ABC")
    with pytest.raises(
        SourceError, match=r"B/sea\.jpg and .*A/sea\.jpg: expected one artwork of this name, got two; give"
    ):
        A.artwork([a, b / "sea.jpg"])
    assert A.artwork([a, c]) == a / "sea.jpg"
