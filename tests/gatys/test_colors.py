import pytest
import torch

from rtstyle.gatys.colors import finished, match_covariance, match_histograms, recolored, seen
from rtstyle.perceptual import luma


def test_covariance_becomes_the_photos(photo, artwork):
    """Mean and covariance of RGB, but for what clipping takes."""
    narrow = 0.4 + 0.2 * photo
    matched = match_covariance(artwork, narrow)[0].flatten(1)
    assert torch.allclose(matched.mean(1), narrow[0].flatten(1).mean(1), atol=0.01)
    assert torch.allclose(matched.cov(), narrow[0].flatten(1).cov(), atol=1e-3)


def test_histograms_become_the_photos(photo):
    """Channel by channel, every value as often, where no two of the artwork's are the same."""
    artwork = torch.randperm(photo.numel(), generator=torch.Generator().manual_seed(0)).view_as(photo) / photo.numel()
    matched = match_histograms(artwork, photo)
    for channel in range(3):
        assert torch.equal(matched[0, channel].flatten().sort().values, photo[0, channel].flatten().sort().values)


def test_luminance_keeps_the_photos_colour(photo, artwork):
    """Cb and Cr are the photo's where nothing is clipped, and Y is the painting's."""
    photo, painting = 0.35 + 0.3 * photo, 0.4 + 0.2 * artwork
    result = finished(painting, photo, "luminance")
    assert torch.allclose(luma(result), luma(painting), atol=1e-5)
    assert torch.allclose(result - luma(result), photo - luma(photo), atol=1e-5)
    light, style = seen(photo, "luminance"), recolored(artwork, photo, "luminance")
    assert light.std(dim=1).max() < 1e-6
    assert style.mean() == pytest.approx(float(light.mean()), abs=0.02)


def test_style_colours_change_nothing(photo, artwork):
    """By default both go in, and the painting comes out, as they are."""
    assert seen(photo, "style") is photo
    assert recolored(artwork, photo, "style") is artwork
    assert finished(artwork, photo, "style") is artwork


def test_paper_stays_one_colour(photo):
    """Where the artwork has one value so does what is matched, in the photo's range, dark below bright."""
    drawing = torch.ones(1, 3, 40, 60)
    drawing[..., 10:20, 5:40] = 0.3
    matched = match_histograms(drawing, photo)
    for channel in range(3):
        ink, paper = matched[0, channel][drawing[0, channel] < 1], matched[0, channel][drawing[0, channel] == 1]
        assert ink.unique().numel() == paper.unique().numel() == 1
        assert photo[0, channel].min() <= ink[0] < paper[0] <= photo[0, channel].max()


def test_ranks_are_counted_beyond_what_float32_can():
    """A photo of more than 16 777 216 pixels has a last one, too."""
    photo = (torch.arange((1 << 24) + 4) > 1 << 23).float().expand(1, 3, 1, -1)
    matched = match_histograms(torch.tensor([0.2, 0.3, 0.8, 0.9]).expand(1, 3, 1, 4), photo)
    assert matched[0, 0, 0].tolist() == [0.0, 0.0, 1.0, 1.0]
