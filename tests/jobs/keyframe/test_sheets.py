"""Reconstructions and sweeps, as sheets."""

from dataclasses import replace

import cv2
import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

from rtstyle.errors import PaintError, UsageError
from rtstyle.gatys.recipe import Recipe
from rtstyle.jobs.keyframe.sheets import parse_axis, reconstruct, sweep
from rtstyle.jobs.keyframe.studio import Materials, StyleImage
from tests.painting import TINY


def test_sheets(files):
    """Reconstructions of two layers, and a sweep of two settings, each a grid of labelled pictures."""
    quick = Recipe(style_layers=TINY.style_layers, iterations=2, size="32")
    materials = Materials(styles=[StyleImage(path=files / "art.png")], recipe=quick)
    reconstruct(files / "photo.png", files / "content.png", materials, what="content")
    reconstruct(files / "art.png", files / "style.png", materials, what="style")
    axes = ["style-weight=1,100", "style-layers=1,1-2"]
    sweep(files / "photo.png", files / "sweep.png", materials, axes=axes)
    sizes = {name: cv2.imread(str(files / f"{name}.png")).shape[:2] for name in ("content", "style", "sweep")}
    height, width = 32 + 34, 43 + 6
    assert sizes == {"content": (height, 3 * width), "style": (height, 3 * width), "sweep": (2 * height, 2 * width)}
    with pytest.raises(UsageError, match=r"style-weight, .*got 'weight=1'"):
        parse_axis("weight=1")
    axis = parse_axis("multiscale=yes,No,true,0")
    assert [setting["multiscale"] for setting in axis.values()] == [True, False, True, False]
    with pytest.raises(UsageError, match="multiscale: expected yes or no, got 'maybe'"):
        parse_axis("multiscale=yes,maybe")
    with pytest.raises(UsageError, match="expected content or style"):
        reconstruct(files / "photo.png", files / "x.png", materials, what="both")


def test_a_cell_of_a_sweep_that_fails_is_a_finding(files, caplog):
    """It is named in a warning, and the sheet has all cells; a reconstruction that fails is an error."""
    materials = Materials(styles=[StyleImage(path=files / "art.png")], recipe=replace(TINY, iterations=2))
    sweep(files / "photo.png", files / "sweep.png", materials, axes=["style-weight=1,1e39"])
    assert cv2.imread(str(files / "sweep.png")).shape[1] == 2 * (43 + 6)
    (warning,) = (message for message in caplog.messages if "the loss stayed" in message)
    assert warning.startswith("style-weight 1e39: the loss stayed at inf")
    beyond = replace(materials, recipe=replace(TINY, tv_weight=1e39))
    with pytest.raises(PaintError, match="relu1_1: the loss stayed at inf"):
        reconstruct(files / "photo.png", files / "layers.png", beyond, what="content")
    assert not (files / "layers.png").exists()


def test_a_sheet_looks_for_weights_once(files, no_vgg19):
    """However many cells it has; and what one of them lacks is said before the first is painted."""
    materials = Materials(styles=[StyleImage(path=files / "art.png")], recipe=replace(TINY, network="vgg19"))
    quick = replace(materials, recipe=replace(materials.recipe, iterations=1))
    sweep(files / "photo.png", files / "sweep.png", quick, axes=["style-weight=1,2,3"])
    assert len(no_vgg19) == 1
    steps = []
    with pytest.raises(UsageError, match="layer conv_8: is conv3_4"):
        sweep(files / "photo.png", files / "x.png", quick, axes=["content-layers=r22,conv_8"], progress=steps.append)
    assert not steps
