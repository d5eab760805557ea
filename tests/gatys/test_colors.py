import pytest
import torch

from rtstyle.gatys.colors import finished, match_covariance, match_histograms, prepared
from rtstyle.perceptual import luma


def test_covariance_becomes_the_photos(photo, artwork):
    """Mean and covariance of RGB, but for what clipping takes."""
    narrow = 0.4 + 0.2 * photo
    matched = match_covariance(artwork, narrow)[0].flatten(1)
    assert torch.allclose(matched.mean(1), narrow[0].flatten(1).mean(1), atol=0.01)
    assert torch.allclose(matched.cov(), narrow[0].flatten(1).cov(), atol=1e-3)


def test_histograms_become_the_photos(photo, artwork):
    """Channel by channel, every value as often."""
    matched = match_histograms(artwork, photo)
    for channel in range(3):
        assert torch.equal(matched[0, channel].flatten().sort().values, photo[0, channel].flatten().sort().values)


def test_luminance_keeps_the_photos_colour(photo, artwork):
    """Cb and Cr are the photo's where nothing is clipped, and Y is the painting's."""
    photo, painting = 0.35 + 0.3 * photo, 0.4 + 0.2 * artwork
    result = finished(painting, photo, "luminance")
    assert torch.allclose(luma(result), luma(painting), atol=1e-5)
    assert torch.allclose(result - luma(result), photo - luma(photo), atol=1e-5)
    seen, style = prepared(photo, artwork, "luminance")
    assert seen.std(dim=1).max() < 1e-6
    assert style.mean() == pytest.approx(float(seen.mean()), abs=0.02)


def test_style_colours_change_nothing(photo, artwork):
    """By default both go in, and the painting comes out, as they are."""
    assert prepared(photo, artwork, "style") == (photo, artwork)
    assert finished(artwork, photo, "style") is artwork
