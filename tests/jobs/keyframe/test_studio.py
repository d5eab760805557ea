"""Artworks, masks and networks, as a painter gets them."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

import torch

from rtstyle.errors import UsageError
from rtstyle.jobs.keyframe.studio import KeyframeExtras, Materials, Studio, StyleImage, check, find_weights
from tests.painting import TINY, paint, stop_at
from tests.vgg import random_vgg


def test_two_styles_and_a_mask(files):
    """One where the mask is white, the other elsewhere: the halves differ in what they came to be."""
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 2] = 255
    red[::4] = (0, 0, 120)
    mask = np.zeros((48, 64), np.uint8)
    mask[:, :32] = 255
    cv2.imwrite(str(files / "red.png"), red)
    cv2.imwrite(str(files / "mask.png"), mask)
    styles = [StyleImage(path=files / "red.png", mask=files / "mask.png"), StyleImage(path=files / "art.png")]
    paint(files, style_images=styles, recipe=replace(TINY, style_weight=1e4, iterations=30))
    picture = cv2.imread(str(files / "out.png")).astype(int)
    photo = cv2.resize(cv2.imread(str(files / "photo.png")), (43, 32)).astype(int)
    redder = (picture - photo)[..., 2] - (picture - photo)[..., 0]
    assert redder[:, :18].mean() > redder[:, 25:].mean() + 20
    three = [*styles, StyleImage(path=files / "photo.png")]
    with pytest.raises(UsageError, match=r"at most one, got none for art\.png, photo\.png"):
        paint(files, "no.png", style_images=three)


def test_a_mask_of_which_nothing_is_left_is_refused(files):
    """A dot that vanishes in the size to paint would give the photo back."""
    mask = np.zeros((480, 640), np.uint8)
    mask[100:102, 100:102] = 255
    cv2.imwrite(str(files / "dot.png"), mask)
    styles = [StyleImage(path=files / "art.png", mask=files / "dot.png")]
    expected = r"dot\.png: expected white where the style applies, got black everywhere at 43×32"
    with pytest.raises(UsageError, match=expected):
        paint(files, style_images=styles)
    with pytest.raises(UsageError, match=expected):
        check(Materials(styles=styles, recipe=TINY), [TINY], (48, 64))


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_an_artwork_that_weighs_nothing_is_refused(weight):
    """When it is named, and not by what is computed with it."""
    with pytest.raises(UsageError, match=r"art\.png: expected a weight above 0, got"):
        StyleImage(path=Path("art.png"), weight=weight)


def test_a_masks_colours_are_no_paintings(files, caplog):
    """A profile that no painting could have is nothing to warn of."""
    profile = np.frombuffer(b"\0" * 16 + b"GRAY" + b"\0" * 108, np.uint8)
    white = np.full((48, 64), 255, np.uint8)
    _, mask = cv2.imencodeWithMetadata(".jpg", white, [cv2.IMAGE_METADATA_ICCP], [profile])
    (files / "mask.jpg").write_bytes(mask.tobytes())
    Studio.open(Materials(styles=[StyleImage(path=files / "art.png", mask=files / "mask.jpg")], recipe=TINY))
    assert not caplog.messages


def test_a_mask_is_white_only_where_it_is_opaque(files):
    """What editors hide under transparency is often white."""
    mask = np.full((48, 64, 4), 255, np.uint8)
    mask[:, :32, 3] = 0
    cv2.imwrite(str(files / "mask.png"), mask)
    style = StyleImage(path=files / "art.png", mask=files / "mask.png")
    (artwork,) = Studio.open(Materials(styles=[style], recipe=TINY)).painter.artworks
    assert (artwork.mask[..., :32].max(), artwork.mask[..., 32:].min()) == (0, 1)


def test_a_start_that_is_no_file_is_not_read(files, monkeypatch):
    """A file that happens to be called ``noise`` may change between a run and its resumption."""
    monkeypatch.chdir(files)
    noisy, resume = replace(TINY, init="noise"), KeyframeExtras(resume=True)
    (files / "noise").write_text("one")
    with pytest.raises(KeyboardInterrupt):
        paint(files, recipe=noisy, progress=stop_at(2))
    (files / "noise").write_text("two")
    assert paint(files, recipe=noisy, extras=resume).evaluations == TINY.iterations - 2
    assert Materials(recipe=replace(TINY, init="art.png")).files() == [Path("art.png")]


def test_layers_that_are_counted_through_stay_the_same_in_vgg16(files, no_vgg19):
    """The seventh convolution after the first three blocks has another number there; one that it lacks is named."""
    counted = replace(TINY, network="vgg19", style_layers=(("relu_9", 2.0), ("r21", 1.0)))
    assert Studio.open(Materials(recipe=counted)).painter.recipe.style_layers == (("relu4_1", 2.0), ("relu2_1", 1.0))
    eighth = replace(TINY, network="vgg19", content_layers=(("conv_8", 1.0),))
    lacking = "layer conv_8: is conv3_4 of VGG-19, which VGG-16, found in its place, does not have; name another"
    with pytest.raises(UsageError, match=lacking):
        paint(files, recipe=eighth)
    with pytest.raises(UsageError, match=lacking):
        check(Materials(recipe=eighth), [eighth], (48, 64))


def test_vgg16_stands_in_for_vgg19(files, no_vgg19, caplog):
    """Where VGG-19's weights cannot be had it is said; a file of the user's is taken at its word."""
    assert find_weights("vgg19", None).network == "vgg16"
    assert "VGG-16 paints in place of VGG-19" in caplog.text
    torch.save(random_vgg("vgg19").state, files / "vgg19.pth")
    assert find_weights("vgg19", files / "vgg19.pth").network == "vgg19"
