import numpy as np
import pytest
import torch

from rtstyle.errors import UsageError
from rtstyle.gatys.pictures import resized, to_image, to_tensor
from rtstyle.gatys.sizes import pyramid, size_for


@pytest.mark.parametrize(("text", "size"), [("512", (512, 683)), ("640x480", (480, 640)), ("content", (300, 400))])
def test_sizes(text, size):
    """By short side, by width and height, or that of the content (height, width)."""
    assert size_for(text, (300, 400)) == size


@pytest.mark.parametrize("text", ["", "big", "-3", "16", "640x", "20x500"])
def test_sizes_that_make_no_sense(text):
    """Or that the network cannot see."""
    with pytest.raises(UsageError, match="expected"):
        size_for(text, (300, 400))


def test_scales_grow_by_the_root_of_two():
    """From about 128 px to the size itself, with its shape."""
    assert pyramid((512, 768), multiscale=True) == [(128, 192), (181, 272), (256, 384), (362, 543), (512, 768)]
    assert pyramid((512, 768), multiscale=False) == [(512, 768)]
    assert pyramid((96, 96), multiscale=True) == [(96, 96)]


def test_a_picture_survives_the_round_trip():
    """uint8 to tensor and back is exact; resizing to its own size does nothing."""
    image = np.random.default_rng(0).integers(0, 256, (33, 47, 3), dtype=np.uint8)
    tensor = to_tensor(image, torch.device("cpu"))
    assert tensor.shape == (1, 3, 33, 47)
    assert np.array_equal(to_image(resized(tensor, (33, 47))), image)
