from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rtstyle.errors import UsageError
from rtstyle.perceptual import VggWeights
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


def losses_of(recipe: Recipe, vgg: VggWeights, precision: torch.dtype) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """The losses, and the gradient of their sum for all weights of the network."""
    torch.manual_seed(0)
    objective = Objective(recipe.make_network(), recipe, vgg, device="cpu", precision=precision)
    photos = torch.rand(2, 16, 16, 3, generator=torch.Generator().manual_seed(0)).mul(255).byte()
    terms = objective(photos.repeat_interleave(8, 1).repeat_interleave(8, 2), [0, 1], 0)
    objective.total(terms).backward()
    gradients = [p.grad.flatten() for p in objective.network.parameters() if p.grad is not None]
    return terms, torch.cat(gradients)


@pytest.mark.parametrize("name", PIXELS)
def test_losses_of_pixels_are_exact_beside_a_vgg_in_bf16(recipe: Recipe, random_vgg: VggWeights, name: str) -> None:
    """Only VGG runs in the precision that was asked for: each other loss and its gradient stay float32's."""
    weights = dict.fromkeys(recipe.weights, 0.0) | {name: 1.0, "content": 1e-30}
    weighed = replace(recipe, weights=weights)
    (exact, wanted), (terms, got) = (losses_of(weighed, random_vgg, dtype) for dtype in (torch.float32, torch.bfloat16))
    assert terms[name] == exact[name] > 0
    assert torch.allclose(got, wanted, rtol=1e-4, atol=1e-6 * wanted.abs().max().item())


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
