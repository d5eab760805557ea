import pytest
import torch

from rtstyle.gatys.objective import Memory, Objective
from rtstyle.gatys.recipe import Recipe
from rtstyle.gatys.targets import Region, style_grams
from rtstyle.perceptual import VGG, total_variation

RECIPE = Recipe(style_layers=(("relu1_1", 1.0), ("relu3_1", 2.0)), content_layers=(("relu2_2", 1.0),))
NAMES = ("relu1_1", "relu3_1")


@pytest.fixture(scope="module")
def vgg(weights):
    return VGG((*NAMES, "relu2_2"), weights)


@pytest.fixture(scope="module")
def region(vgg, artwork):
    return Region(style_grams(vgg, artwork, NAMES))


def test_losses_vanish_where_they_should(vgg, region, photo, artwork):
    """The photo has no content loss and the artwork no style loss; each has the other."""
    assert max(Objective(vgg, photo, [region], RECIPE).losses(photo).content.values()) < 1e-9
    assert Objective(vgg, photo, [region], RECIPE).losses(photo).style["relu1_1"] > 1e-3
    assert max(Objective(vgg, photo, [region], RECIPE).losses(artwork).style.values()) < 1e-9
    assert Objective(vgg, photo, [region], RECIPE).losses(artwork).content["relu2_2"] > 1e-3


def test_the_total_is_the_weighted_sum(vgg, region, photo, artwork):
    """Layers count by their weights, all by content, style and variation weight."""
    losses = Objective(vgg, artwork, [region], RECIPE).losses(photo)
    style = (losses.style["relu1_1"] + 2 * losses.style["relu3_1"]) / 3
    total = losses.content["relu2_2"] + RECIPE.style_weight * style + RECIPE.tv_weight * float(total_variation(photo))
    assert losses.total == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("loss", ["mse", "l1"])
def test_the_gradient_is_that_of_the_loss(vgg, region, photo, artwork, loss):
    """A small step against it lowers the total by as much as it says."""
    recipe = Recipe(style_layers=RECIPE.style_layers, content_layers=RECIPE.content_layers, loss=loss)
    objective = Objective(vgg, photo, [region], recipe)
    at = 0.5 * photo + 0.5 * artwork
    losses, gradient = objective.gradient(at)
    step = 1e-3 / gradient.abs().max()
    after = objective.losses(at - step * gradient).total
    assert losses.total - after == pytest.approx(float(step * gradient.square().sum()), rel=0.1)


@pytest.mark.parametrize("size", [(160, 208), (150, 333)])
def test_tiles_are_exact(vgg, weights, artwork, size):
    """Tile by tile, losses and gradient are those of the whole picture, masks and all, at any size."""
    generator = torch.Generator().manual_seed(0)
    photo, image = torch.rand(2, 1, 3, *size, generator=generator)
    mask = torch.zeros(1, 1, *size)
    mask[..., size[1] // 3 :] = 1
    grams = style_grams(vgg, artwork, NAMES)
    regions = [Region(grams, mask, 0.7), Region(grams, 1 - mask, 0.3)]
    whole = Objective(vgg, photo, regions, RECIPE)
    tiled = Objective(vgg, photo, regions, RECIPE, tile=64)
    (expected, slope), (got, tiled_slope) = whole.gradient(image), tiled.gradient(image)
    assert got.total == pytest.approx(expected.total, rel=1e-5)
    assert tiled.losses(image).total == pytest.approx(expected.total, rel=1e-5)
    assert (tiled_slope - slope).abs().max() < 1e-4 * slope.abs().max()


def test_a_mask_confines_its_style(vgg, artwork, photo):
    """Where the mask is black, its style has no gradient (but for what the network sees beyond the edge)."""
    mask = torch.zeros(1, 1, 48, 64)
    mask[..., :16] = 1
    recipe = Recipe(style_layers=RECIPE.style_layers, content_weight=0.0, tv_weight=0.0)
    region = Region(style_grams(vgg, artwork, NAMES), mask)
    _, gradient = Objective(vgg, photo, [region], recipe).gradient(photo)
    assert gradient[..., :16].abs().mean() > 0
    assert gradient[..., 40:].abs().max() == 0


def test_memory_pulls_only_where_it_is_trusted(vgg, region, photo):
    """The temporal term is 0 at the warped keyframe, and has no gradient where the flow is not trusted."""
    trust = torch.zeros(1, 1, 48, 64)
    trust[..., :20, :] = 1
    memory = Memory((photo + 0.1).clamp(0, 1), trust)
    only = Recipe(content_weight=1e-9, style_weight=0.0, tv_weight=0.0, content_layers=(("relu2_2", 1.0),))
    objective = Objective(vgg, photo, [region], only, memory=memory)
    losses, gradient = objective.gradient(photo)
    assert losses.total > 1e6 * objective.losses(memory.picture).total
    assert gradient[..., :20, :].abs().mean() > 1e3 * gradient[..., 20:, :].abs().mean()


def test_half_precision_agrees(vgg, region, photo, artwork):
    """In bf16 the loss is that of float32 to a hundredth or two."""
    full = Objective(vgg, artwork, [region], RECIPE).losses(photo).total
    assert Objective(vgg, artwork, [region], RECIPE, half=True).losses(photo).total == pytest.approx(full, rel=0.03)


def test_without_content_and_style_nothing_is_looked_at(vgg, photo):
    """As outside all masks where content does not count: what is left is the total variation, or nothing at all."""
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(photo.shape, generator=generator)
    alone = Recipe(content_weight=0.0)
    for tile in (None, 32):
        losses, slope = Objective(vgg, photo, [], alone, tile=tile).gradient(image)
        assert losses.total == pytest.approx(float(total_variation(image)))
        assert slope.abs().max() > 0
        losses, slope = Objective(vgg, photo, [], Recipe(content_weight=0.0, tv_weight=0.0), tile=tile).gradient(image)
        assert losses.total == slope.abs().max() == 0
