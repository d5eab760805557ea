from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtstyle.errors import ModelError
from tests.models import make_model
from tests.training.test_export import checkpoint_of
from training.evaluation.subject import opened


def test_a_checkpoint_is_evaluated_as_its_export(photos: Path, tmp_path: Path) -> None:
    """It paints, knows what it was trained on, and leaves nothing behind."""
    path = tmp_path / "sea.ckpt"
    checkpoint_of("lite", photos).save(path)
    with opened([path], "cpu") as (subject,):
        assert subject.name == "sea"
        assert subject.paint(np.zeros((40, 60, 3), np.uint8)).shape == (40, 60, 3)
        assert (subject.origin.folder, subject.origin.artworks) == (photos.name, ("0.jpg",))
        assert subject.model.exists()
    assert not subject.model.exists()
    assert list(tmp_path.iterdir()) == [path]


def test_several_styles_in_one_network_are_refused(tmp_path: Path) -> None:
    """A mixture has no artwork of its own to be measured against."""
    model = make_model(tmp_path / "mix.onnx", kind="mix", styles='["a", "b"]')
    with pytest.raises(ModelError, match="holds 2 styles"), opened([model], "cpu"):
        pass
