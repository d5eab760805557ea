"""The manifest is what the models say, and whoever changed one is found out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rtstyle.styles
from rtstyle.errors import ModelError
from rtstyle.manifest import describe, verify
from rtstyle.places import user_folders
from rtstyle.styles import find_style, list_styles
from tests.models import make_model


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """A bundled style with its manifest, and no styles of a user's."""
    folder = tmp_path / "package" / "exported"
    folder.mkdir(parents=True)
    make_model(folder / "wave-lite.onnx", name="wave", title="Ünder the Wave")
    (folder / "manifest.json").write_text(json.dumps(describe(folder)), encoding="utf-8")
    monkeypatch.setattr(rtstyle.styles, "_PACKAGE", folder.parent)
    monkeypatch.setattr("rtstyle.places.user_data_path", lambda *names, **options: tmp_path / "data")
    monkeypatch.delenv("RTSTYLE_STYLES", raising=False)
    return folder


def test_a_manifest_is_the_models_own_words(bundled):
    """Name, title and sha256 of every file but hidden ones."""
    (bundled / "._wave-lite.onnx").write_bytes(b"half")
    (entry,) = describe(bundled)["models"]
    assert (entry["file"], entry["title"], entry["styles"]) == ("wave-lite.onnx", "Ünder the Wave", ["wave"])
    assert len(entry["sha256"]) == 64
    assert [one.error for one in verify()] == [""]


def test_a_changed_a_missing_and_a_stranger(bundled):
    """Each is named, with what is wrong."""
    make_model(bundled / "dusk-lite.onnx", name="dusk")
    with (bundled / "wave-lite.onnx").open("ab") as file:
        file.write(b"\0")
    errors = {one.path.name: one.error for one in verify()}
    assert "the file was changed" in errors["wave-lite.onnx"]
    assert errors["dusk-lite.onnx"] == "is not in the manifest"
    (bundled / "wave-lite.onnx").unlink()
    assert "cannot be read" in {one.path.name: one.error for one in verify()}["wave-lite.onnx"]


@pytest.mark.parametrize("text", ["", "[]", '{"models": [1]}', '{"models": [{"file": "x"}]}'])
def test_a_manifest_that_is_none(bundled, text):
    """One sentence."""
    (bundled / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match="expected a list of models with file and sha256"):
        verify()


def test_styles_of_ones_own(bundled, tmp_path, monkeypatch, caplog):
    """From RTSTYLE_STYLES and the data directory, after the bundled ones, and a broken one is only a warning."""
    mine, data = tmp_path / "mine", tmp_path / "data" / "styles"
    mine.mkdir()
    data.mkdir(parents=True)
    make_model(mine / "dusk-lite.onnx", name="dusk")
    make_model(mine / "wave-lite.onnx", name="wave")  # the bundled one goes before
    make_model(data / "dawn.onnx", name="dawn")
    (data / "letter.onnx").write_text("Dear sir or madam")
    for hidden in ("._dawn.onnx", ".noon.1a2b3c4d.part.onnx"):  # macOS's notes, and an export that was killed
        (data / hidden).write_bytes(b"half")
    monkeypatch.setenv("RTSTYLE_STYLES", str(mine))
    assert [style.name for style in list_styles()] == ["wave", "dusk", "dawn"]
    assert "letter.onnx" in caplog.text
    assert len(caplog.records) == 1
    assert find_style("dusk").path.parent == mine
    assert find_style("dawn").path.parent == data
    assert find_style("wave").path.parent == bundled


def test_a_folder_that_one_may_not_look_into_holds_no_styles(bundled, tmp_path, monkeypatch):
    """As another user's home, or a name longer than names may be: the bundled ones are there all the same."""
    monkeypatch.setenv("RTSTYLE_STYLES", str(tmp_path / ("a" * 300)))
    monkeypatch.setattr("rtstyle.places.user_data_path", lambda *names, **options: tmp_path / ("b" * 300))
    assert [style.name for style in list_styles()] == ["wave"]


def test_a_folder_without_permission_hides_no_other(bundled, tmp_path, monkeypatch):
    """Neither the folders named after it nor the bundled styles."""
    locked, mine = tmp_path / "locked", tmp_path / "mine"
    for folder in (locked, mine):
        folder.mkdir()
    make_model(mine / "dusk.onnx")
    monkeypatch.setenv("RTSTYLE_STYLES", os.pathsep.join(map(str, (locked, mine))))
    monkeypatch.setattr("rtstyle.places.os.access", lambda path, mode: Path(path) != locked)  # root may do anything
    assert user_folders()[:1] == [mine]
    assert find_style("dusk").path.parent == mine


def test_what_is_bundled_is_what_its_manifest_says():
    """`rtstyle styles --verify` finds nothing; after a change of models: python -m training catalogue exported."""
    done = subprocess.run(
        [sys.executable, "-m", "rtstyle", "styles", "--verify"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "wave-lite.onnx: matches the manifest" in done.stdout
