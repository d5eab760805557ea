from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import torch

from rtstyle.errors import ModelError, RtstyleError, SinkError, SourceError
from rtstyle.perceptual import VggWeights
from training.checkpoint import Checkpoint, Recipe
from training.data import find_photos
from training.loop import Progress, schedule, train


@pytest.fixture
def recipe(photos: Path) -> Recipe:
    return Recipe(
        network="lite",
        style_image=str(find_photos(photos)[1]),
        data=str(photos),
        hold_out=4,
        steps=6,
        batch=2,
        size=64,
        style_size=64,
        content_layers=("relu1_2",),
        style_layers={"relu1_2": 1.0, "relu2_2": 1.0},
    )


def with_steps(recipe: Recipe, steps: int) -> Recipe:
    return replace(recipe, steps=steps)


def test_training_lowers_the_loss(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """A few dozen real steps bring the style loss well down, and leave a checkpoint and a preview."""
    seen: list[Progress] = []
    out = tmp_path / "net.ckpt"
    train(with_steps(recipe, 40), out, vgg=random_vgg, workers=0, progress=seen.append)
    assert [p.step for p in seen] == list(range(1, 41))
    assert Checkpoint.load(out).losses["style"] < 0.7 * seen[0].losses["style"]
    preview = cv2.imread(str(tmp_path / "net.000040.png"))
    assert preview is not None
    assert preview.shape[0] == 512


def test_a_resumed_run_ends_where_an_unbroken_one_does(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """Interrupted after three steps and resumed, six steps give the same weights bit for bit."""

    def stop_at_three(progress: Progress) -> None:
        if progress.step == 3:
            raise KeyboardInterrupt

    whole, broken = tmp_path / "whole.ckpt", tmp_path / "broken.ckpt"
    train(recipe, whole, vgg=random_vgg, workers=0)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, broken, vgg=random_vgg, workers=0, progress=stop_at_three)
    half_way = Checkpoint.load(broken)
    assert half_way.step == 3
    train(recipe, broken, vgg=random_vgg, workers=0, start=half_way)
    expected, got = Checkpoint.load(whole), Checkpoint.load(broken)
    assert got.step == expected.step == 6
    assert all(torch.equal(got.network[name], expected.network[name]) for name in expected.network)


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(
    recipe: Recipe, random_vgg: VggWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at checkpoint time is a SinkError; the checkpoint of before is still whole."""
    out = tmp_path / "net.ckpt"
    train(with_steps(recipe, 1), out, vgg=random_vgg, workers=0)

    def full_disk(_: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(SinkError, match="No space left"):
        Checkpoint.load(out).save(out)
    assert Checkpoint.load(out).step == 1
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    """A text file and a missing file are each one sentence."""
    text = tmp_path / "text.ckpt"
    text.write_text("hello")
    for path in (text, tmp_path / "missing.ckpt"):
        with pytest.raises(ModelError, match=r"expected a checkpoint"):
            Checkpoint.load(path)


def test_another_networks_checkpoint_is_refused(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """Weights of `lite` do not go into `full`, and the message says so."""
    out = tmp_path / "net.ckpt"
    train(with_steps(recipe, 1), out, vgg=random_vgg, workers=0)
    with pytest.raises(ModelError, match="holds a lite network, expected full"):
        train(replace(recipe, network="full"), out, vgg=random_vgg, workers=0, init=Checkpoint.load(out))


def test_nothing_to_learn_from_is_one_sentence(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """A folder without photos stops the run before it starts."""
    with pytest.raises(SourceError, match="found none"):
        train(replace(recipe, data=str(tmp_path)), tmp_path / "net.ckpt", vgg=random_vgg, workers=0)
    assert issubclass(SourceError, RtstyleError)


def test_the_learning_rate_warms_up_and_ends_at_nothing() -> None:
    """It climbs over the first twentieth, then falls without a step back."""
    rates = [schedule(i / 200) for i in range(200)]
    assert rates[0] == pytest.approx(0.05)
    assert max(rates) == rates[10] == pytest.approx(1)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 1e-3
