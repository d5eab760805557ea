from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from rtstyle.errors import ModelError, SinkError, SourceError
from rtstyle.styles import list_styles
from tests.models import make_model
from training.catalogue import write_catalogue
from training.evaluation.report import read_evaluation
from training.recipe import NETWORKS, option_of

FACTS = {"losses": '{"style": 12.5}', "steps": "7", "dataset": "photos: *", "vgg": "random"}
ORIGIN = {"created": "2026-01-01", "commit": "abc", "command": "python -m training train --steps 7"}


def test_the_catalogue_tells_what_the_models_say(tmp_path: Path) -> None:
    """Every model has its artwork, command, losses and true sha256 on the page."""
    model = make_model(tmp_path / "sea-lite.onnx", name="sea", title="The Sea", **FACTS, **ORIGIN)
    page = write_catalogue(tmp_path).read_text()
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    for word in ("## sea-lite.onnx", "The Sea, Nobody", "style 12.5", ORIGIN["command"], digest):
        assert word in page


def test_what_was_measured_is_told(tmp_path: Path) -> None:
    """The figures of an evaluation travel from its JSON through the metadata to the page; none were, none are told."""
    figures = {"name": "sea", "quality_ratio": 1.5, "style_loss": None, "grid": {"2": 1.25}, "warping_error": 0.0025}
    report = {"models": [figures], "side": 256, "photos": ["a.jpg", "b.jpg"], "warping_errors": {"clip": 0.001}}
    line = tmp_path / "sea.json"
    line.write_text(json.dumps(report))
    measured = read_evaluation(line, "sea")
    make_model(tmp_path / "sea-lite.onnx", name="sea", evaluation=json.dumps(measured), **FACTS, **ORIGIN)
    page = write_catalogue(tmp_path).read_text()
    assert "quality ratio 1.5, warping error 0.0025, grid score 1.25 at 2 px; on 2 photos at 256 px and 1 clips" in page
    assert "style loss" not in page
    report["models"] = [figures | {"name": f"sea:{style}"} for style in ("calm", "rough")]
    line.write_text(json.dumps(report))
    both = json.dumps(read_evaluation(line, "sea"))
    make_model(tmp_path / "sea-lite.onnx", name="sea", evaluation=both, **FACTS, **ORIGIN)
    assert {"| measured, calm |", "| measured, rough |"} <= set(
        re.findall(r"\| measured.*? \|", write_catalogue(tmp_path).read_text())
    )
    for name, text, words in (
        ("land", json.dumps(report), "nothing about land"),
        ("sea", "{", "expected the JSON"),
        ("sea", "[]", "expected the JSON"),
        *(("sea", json.dumps({k: v for k, v in report.items() if k != key}), "expected the JSON") for key in report),
        ("sea", json.dumps(report | {"models": [{"name": "sea"}]}), "expected the JSON"),
        ("sea", json.dumps(report | {"models": [figures | {"grid": {"2": None}}]}), "expected the JSON"),
        ("sea", json.dumps(report | {"models": [figures | {"sharpness": "high"}]}), "expected the JSON"),
        ("sea", json.dumps(report | {"models": [figures | {"flat": [1]}]}), "expected the JSON"),
    ):
        line.write_text(text)
        with pytest.raises(SourceError, match=words):
            read_evaluation(line, name)


def test_a_title_breaks_no_table(tmp_path: Path) -> None:
    """A row is a line of two cells, whatever a title holds."""
    make_model(tmp_path / "sea-lite.onnx", name="sea", title="The Sea | at\nnight", **FACTS, **ORIGIN)
    page = write_catalogue(tmp_path).read_text()
    assert "| artwork | The Sea \\| at night, Nobody, 2024 (CC0-1.0) |\n" in page
    make_model(tmp_path / "sea-lite.onnx", name="sea", title="The Sea", year="", **FACTS, **ORIGIN)
    assert "| artwork | The Sea, Nobody (CC0-1.0) |\n" in write_catalogue(tmp_path).read_text()


def test_the_bundled_commands_lean_on_no_default_of_a_network() -> None:
    """What changes from version to version is said."""
    commands = {style.name: style.metadata["command"] for style in list_styles() if style.network in NETWORKS}
    assert "wave-full" in commands
    words = {option_of(name) for name in NETWORKS["full"]}
    assert not {name: left for name, command in commands.items() if (left := words - set(command.split()))}


def test_an_empty_folder_is_one_sentence(tmp_path: Path) -> None:
    """Without models there is nothing to write about, and nothing is written."""
    with pytest.raises(ModelError, match=r"found no \.onnx"):
        write_catalogue(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither file is half there, nor one of them newer than the other."""
    make_model(tmp_path / "sea-lite.onnx", name="sea", **FACTS, **ORIGIN)
    (tmp_path / "README.md").write_text("the old page")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    write = Path.write_text

    def half(path: Path, text: str, **settings: str) -> int:
        if text.startswith("{"):
            return write(path, text, **settings)
        write(path, text[:100], **settings)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(SinkError, match=r"README\.md: cannot be written: No space left on device; make room there"):
        write_catalogue(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
