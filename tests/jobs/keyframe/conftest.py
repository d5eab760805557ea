"""A photo, an artwork and a network of random weights, in a folder."""

from dataclasses import replace

import cv2
import pytest

from rtstyle.jobs.keyframe.studio import Materials, StyleImage
from tests.painting import TINY
from tests.vgg import photo_and_artwork


@pytest.fixture
def files(tmp_path, monkeypatch, vgg_file):
    """photo.png, art.png and a network, in a folder."""
    photo, artwork = photo_and_artwork()
    cv2.imwrite(str(tmp_path / "photo.png"), photo)
    cv2.imwrite(str(tmp_path / "art.png"), artwork)
    monkeypatch.setenv("RTSTYLE_VGG16", str(vgg_file))
    return tmp_path


@pytest.fixture
def materials(tmp_path, monkeypatch, vgg_file):
    """What frames are painted with."""
    cv2.imwrite(str(tmp_path / "art.png"), photo_and_artwork()[1])
    monkeypatch.setenv("RTSTYLE_VGG16", str(vgg_file))
    return Materials(styles=[StyleImage(path=tmp_path / "art.png")], recipe=replace(TINY, iterations=8, size="48"))


@pytest.fixture
def no_vgg19(monkeypatch):
    """A machine that VGG-19's weights cannot be fetched to; the list grows when somebody tries."""
    from torchvision.models import VGG19_Weights

    asked = []

    def refuse(*_, **__):
        asked.append("VGG-19")
        raise OSError("no route to host")

    monkeypatch.delenv("RTSTYLE_VGG19", raising=False)
    monkeypatch.setattr(VGG19_Weights, "get_state_dict", refuse)
    return asked
