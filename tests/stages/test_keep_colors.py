"""The painting in the content's colours."""

import cv2
import numpy as np

from rtstyle.frames import Batch
from rtstyle.stages.keep_colors import KeepColors
from rtstyle.stages.mirror import Mirror


def test_luma_is_the_paintings_and_chroma_the_contents():
    """To two levels, for colours whose mixture can be shown at all."""
    random = np.random.default_rng(0)
    content, image = (random.integers(90, 160, (1, 32, 48, 3), dtype=np.uint8) for _ in range(2))
    before = content.copy()
    kept = KeepColors()(Batch(content, image, [0])).images
    luma, red, blue = (cv2.cvtColor(kept[0], cv2.COLOR_RGB2YCrCb).astype(int)[..., n] for n in range(3))
    wanted, original = (cv2.cvtColor(pictures[0], cv2.COLOR_RGB2YCrCb).astype(int) for pictures in (image, content))
    assert np.abs(luma - wanted[..., 0]).max() <= 2
    assert np.abs(red - original[..., 1]).max() <= 2
    assert np.abs(blue - original[..., 2]).max() <= 2
    assert np.array_equal(content, before)


def test_pictures_may_lie_in_memory_as_they_like():
    """Turned, and as one picture for several frames."""
    content = np.random.default_rng(0).integers(90, 160, (2, 32, 48, 3), dtype=np.uint8)
    turned, shared = content.transpose(0, 2, 1, 3), np.broadcast_to(content[:1], content.shape)
    for pictures in (turned, shared):
        batch = Batch(pictures, pictures, [0, 1])
        expected = KeepColors()(Batch(pictures.copy(), pictures.copy(), [0, 1])).images
        assert np.array_equal(KeepColors()(batch).images, expected)
        assert np.array_equal(Mirror()(batch).images, pictures[:, :, ::-1])
