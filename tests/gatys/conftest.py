"""A photo, an artwork and a network of random weights."""

import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

import torch

from rtstyle.gatys.pictures import to_tensor
from tests.vgg import photo_and_artwork, random_vgg

CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def weights():
    return random_vgg()


@pytest.fixture(scope="session")
def photo():
    """(1, 3, 48, 64)."""
    return to_tensor(photo_and_artwork()[0], CPU)


@pytest.fixture(scope="session")
def artwork():
    """(1, 3, 48, 64)."""
    return to_tensor(photo_and_artwork()[1], CPU)
