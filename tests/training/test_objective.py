from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from rtstyle.errors import UsageError
from rtstyle.perceptual import VggWeights
from training.nets import Network, make_network
from training.objective import Objective
from training.photos import find_photos
from training.recipe import Recipe

PIXELS = ("variation", "lattice", "tone", "calm", "palette")


@pytest.fixture
def recipe(photos: Path) -> Recipe:
    art = str(find_photos(photos)[1])
    layers = {"relu1_2": 1.0}
    return Recipe(
        network="lite",
        style_images=(art,),
        data=str(photos),
        steps=1,
        size=128,
        style_size=64,
        content_layers=layers,
        style_layers=layers,
    )


class Tinted(Network):
    """Paints by a gain for each colour, which no precision but float32 touches."""

    stride, margin, styles = 1, 0, 1

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor([0.9, 0.8, 0.7]))

    def with_features(self, photos: Tensor, mix: Tensor | None = None) -> tuple[Tensor, Tensor]:
        paintings = photos * self.gain
        return paintings, paintings.permute(0, 3, 1, 2)


def coarse_photos() -> Tensor:
    """(2, 128, 128, 3) uint8, squares of 8 px."""
    photos = torch.rand(2, 16, 16, 3, generator=torch.Generator().manual_seed(0)).mul(255).byte()
    return photos.repeat_interleave(8, 1).repeat_interleave(8, 2)


@pytest.mark.parametrize("name", PIXELS)
def test_losses_of_pixels_are_exact_in_bf16(recipe: Recipe, random_vgg: VggWeights, name: str) -> None:
    """Only convolutions run in the precision that was asked for: every other loss and its gradient stay float32's."""
    weighed = replace(recipe, weights=dict.fromkeys(recipe.weights, 0.0) | {name: 1.0, "content": 1e-30})
    values, gradients = [], []
    for precision in (torch.float32, torch.bfloat16):
        objective = Objective(network := Tinted(), weighed, random_vgg, device="cpu", precision=precision)
        terms = objective(coarse_photos(), [0, 1], 0)
        objective.total(terms).backward()
        values.append(terms[name].item())
        gradients.append(network.gain.grad)
    assert values[0] == values[1] > 0
    assert gradients[0] is not None
    assert torch.allclose(gradients[1], gradients[0], rtol=1e-4)


@pytest.mark.parametrize("name", ["lite", "full"])
@pytest.mark.parametrize("styles", [1, 2])
def test_a_network_in_bf16_paints_what_it_paints_in_float32(name: str, styles: int) -> None:
    """Its normalisations, residuals and pixels are float32's, so that it is off by bf16's rounding and no more."""
    torch.manual_seed(0)
    network = make_network(name, styles=styles)
    photos = coarse_photos()
    wanted, _ = network.with_features(photos)
    with torch.autocast("cpu", torch.bfloat16):
        got, features = network.with_features(photos)
    assert got.dtype == features.dtype == torch.float32
    assert 0 < (got - wanted).abs().mean() < 0.02 * wanted.std()


def test_what_weighs_nothing_is_not_computed(recipe: Recipe) -> None:
    """A loss of pixels alone does without VGG; losses that a recipe does not name weigh nothing."""
    only = replace(recipe, weights={"lattice": 1.0})
    objective = Objective(only.make_network(), only, None, device="cpu", precision=torch.float32)
    assert set(objective(torch.zeros(1, 64, 64, 3, dtype=torch.uint8), [0], 0)) == {"lattice"}
    assert "--weight content=0,style=0," in only.command


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"style_layers": {"relu9_9": 1.0}}, "unknown VGG-16 layer 'relu9_9'"),
        ({"content_layers": {"eye": 1.0}}, "unknown VGG-16 layer 'eye'"),
        (
            {"style_layers": {"relu1_2": 0.0, "relu2_2": 0.0}},
            r"style layers: expected one that weighs more than 0, got relu1_2=0, relu2_2=0",
        ),
    ],
)
def test_layers_without_sense_are_refused_at_once(
    recipe: Recipe, changes: dict[str, dict[str, float]], said: str
) -> None:
    """Divided by what all of them weigh, nothing, the losses would not be finite; without VGG it does not matter."""
    with pytest.raises(UsageError, match=said):
        replace(recipe, **changes)  # type: ignore[arg-type]
    replace(recipe, weights={"lattice": 1.0}, **changes)  # type: ignore[arg-type]
