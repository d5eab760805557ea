from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.models import make_model
from tests.training.checkpoints import checkpoint_of
from training.evaluation.subject import opened


def test_a_checkpoint_is_evaluated_as_its_export(photos: Path, tmp_path: Path) -> None:
    """It paints, knows what it was trained on, and leaves nothing behind."""
    path = tmp_path / "sea.ckpt"
    replace(checkpoint_of("lite", photos), inputs={f"the list of photos in {photos}": "1234"}).save(path)
    with opened([path], "cpu") as (subject,):
        assert subject.name == "sea"
        assert subject.paint(np.zeros((40, 60, 3), np.uint8)).shape == (40, 60, 3)
        assert (subject.origin.folder, subject.origin.artworks) == (photos.name, ("0.jpg",))
        assert subject.origin.photo_list == "1234"
        assert subject.style.path.exists()
    assert not subject.style.path.exists()
    assert list(tmp_path.iterdir()) == [path]


def test_each_style_in_a_network_is_a_subject(tmp_path: Path) -> None:
    """It has the style's own artwork, and paints in that style alone."""
    command = "python -m training train --data photos --style-image sea.jpg --style-image sky.jpg -o NAME.ckpt"
    model = make_model(tmp_path / "mix.onnx", kind="mix", styles='["a", "b"]', command=command)
    grey = np.full((16, 16, 3), 100, np.uint8)
    with opened([model], "cpu") as (a, b):
        assert (a.name, b.name) == ("mix:a", "mix:b")
        assert (a.origin.artworks, b.origin.artworks) == (("sea.jpg",), ("sky.jpg",))
        assert not np.array_equal(a.paint(grey), b.paint(grey))


def test_what_a_mix_goes_by_is_in_no_name(photos: Path, tmp_path: Path) -> None:
    """An artwork's file may be called so; its style is not."""
    checkpoint = checkpoint_of("lite", photos, styles=2)
    recipe = replace(checkpoint.recipe, style_images=("a=1,b.jpg", "c.jpg"))
    replace(checkpoint, recipe=recipe).save(tmp_path / "two.ckpt")
    with opened([tmp_path / "two.ckpt"], "cpu") as subjects:
        assert [subject.name for subject in subjects] == ["two:a-1-b", "two:c"]


def test_artworks_of_one_name_are_told_apart(photos: Path, tmp_path: Path) -> None:
    """By number, and each subject paints in its own style alone."""
    checkpoint = checkpoint_of("lite", photos, styles=2)
    recipe = replace(checkpoint.recipe, style_images=("a/1.jpg", "b/1.jpg"))
    replace(checkpoint, recipe=recipe).save(tmp_path / "two.ckpt")
    with opened([tmp_path / "two.ckpt"], "cpu") as subjects:
        assert [subject.name for subject in subjects] == ["two:1-1", "two:2-1"]
        assert [subject.style.mix for subject in subjects] == [(1, 0), (0, 1)]
