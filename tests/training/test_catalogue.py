from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from rtstyle.errors import ModelError
from tests.models import make_model
from training.catalogue import write_catalogue

FACTS = {"losses": '{"style": 12.5}', "steps": "7", "dataset": "photos: *", "vgg": "random"}
ORIGIN = {"created": "2026-01-01", "commit": "abc", "command": "python -m training train --steps 7"}


def test_the_catalogue_tells_what_the_models_say(tmp_path: Path) -> None:
    """Every model has its artwork, command, losses and true sha256 on the page."""
    model = make_model(tmp_path / "sea-lite.onnx", name="sea", title="The Sea", **FACTS, **ORIGIN)
    page = write_catalogue(tmp_path).read_text()
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    for word in ("## sea-lite.onnx", "The Sea, Nobody", "style 12.5", ORIGIN["command"], digest):
        assert word in page


def test_an_empty_folder_is_one_sentence(tmp_path: Path) -> None:
    """Without models there is nothing to write about, and nothing is written."""
    with pytest.raises(ModelError, match=r"found no \.onnx"):
        write_catalogue(tmp_path)
    assert list(tmp_path.iterdir()) == []
