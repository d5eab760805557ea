"""What the tests of training share: photos that are made here, and a VGG-16 that was never trained."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch: pip install -e .[train]")

import torch
from torchvision.models import vgg16

from rtstyle.perceptual import VggWeights
from rtstyle.perceptual.weights import CAFFE_MEAN
from rtstyle.sources.photo_folder import read_photo
from training.photos import find_photos


@pytest.fixture(scope="session")
def random_vgg() -> VggWeights:
    """Features of random weights still see content and style (a few dozen steps can lower their loss)."""
    torch.manual_seed(0)
    state = {k.removeprefix("features."): v for k, v in vgg16(weights=None).state_dict().items() if "features" in k}
    return VggWeights(state, CAFFE_MEAN, (1 / 255, 1 / 255, 1 / 255), "random")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of five pictures, smooth and busy, in two subfolders."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for index in range(5):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (120, 90), interpolation=cv2.INTER_CUBIC if index % 2 else cv2.INTER_NEAREST)
        path = folder / f"set{index % 2}" / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), picture)
    return folder


@pytest.fixture
def mixed(photos: Path, tmp_path: Path) -> list[Path]:
    """A damaged photo, a grey one, one that JPEG made nearly grey, and five good ones."""
    bad, grey, faint = (tmp_path / name for name in ("bad.jpg", "grey.png", "faint.jpg"))
    bad.write_bytes(b"no picture")
    levels = np.random.default_rng(0).integers(0, 256, (12, 16), dtype=np.uint8)
    picture = np.asarray(cv2.resize(levels, (120, 90), interpolation=cv2.INTER_CUBIC))
    cv2.imwrite(str(grey), picture)
    tinted = np.clip(picture[..., None].astype(int) + np.array((2, 0, -2)), 0, 255)
    cv2.imwrite(str(faint), tinted.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 60])
    assert np.ptp(read_photo(faint).astype(int), axis=2).max() > 0
    return [bad, grey, faint, *find_photos(photos)]
