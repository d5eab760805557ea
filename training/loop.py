"""The training loop: photos in, a network that paints them out."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from rtstyle.errors import ModelError, SourceError, UsageError
from rtstyle.output_file import OutputFile
from rtstyle.perceptual import VGG16, PerceptualLoss, Terms, VggWeights
from training.checkpoint import Checkpoint, Recipe
from training.data import batches, find_photos, read_artwork, split
from training.nets import Full, Lite, make_network
from training.preview import write_preview

CROPPED = 16  # px, for the loss on borders


@dataclass(frozen=True, slots=True)
class Progress:
    """Handed to the caller after every step."""

    step: int  # finished steps
    steps: int
    eta_s: float
    losses: dict[str, float]  # means over the last 50 steps: the terms unweighted, and the total


def train(
    recipe: Recipe,
    checkpoint: Path,
    *,
    vgg: VggWeights,
    device: str = "cpu",
    workers: int = 2,
    save_every: int = 200,
    start: Checkpoint | None = None,
    init: Checkpoint | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> None:
    """Trains as the recipe says and leaves the result in ``checkpoint``, previews beside it.

    ``start`` goes on with a run of the same recipe; ``init`` lends another run's weights. ``progress`` may raise
    KeyboardInterrupt: the run is saved as it stands between two steps. Raises SourceError, SinkError, ModelError,
    UsageError for a device that is not there.
    """
    OutputFile(checkpoint, overwrite=True)  # a name that cannot be written to shows now, not in an hour
    _check_device(device)
    torch.manual_seed(recipe.seed)
    network = make_network(recipe.network).to(device).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99))
    source = start or init
    if source is not None:
        _load(network, source, recipe)
    if start is not None:
        optimizer.load_state_dict(start.optimizer)
    criterion = _criterion(recipe, vgg, device)
    seen, held_out = photos_of(recipe)

    step = start.step if start else 0
    window: deque[dict[str, float]] = deque(maxlen=50)
    begun, first = time.monotonic(), step

    def save() -> None:
        Checkpoint(
            recipe=recipe,
            step=step,
            vgg=vgg.source,
            network=network.state_dict(),
            optimizer=optimizer.state_dict(),
            losses=_means(window) or (start.losses if start else {}),
        ).save(checkpoint)
        write_preview(network, held_out or seen, checkpoint.with_suffix(f".{step:06}.png"))

    loader = batches(
        seen, size=recipe.size, batch=recipe.batch, first=step, last=recipe.steps, seed=recipe.seed, workers=workers
    )
    try:
        for batch in loader:
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * schedule(step / recipe.steps)
            terms, border = _losses(network, criterion, batch.to(device))
            total = (
                recipe.content_weight * terms.content
                + recipe.style_weight * terms.style
                + recipe.variation_weight * terms.variation
                + recipe.lattice_weight * terms.lattice
                + recipe.tone_weight * terms.tone
                + recipe.calm_weight * terms.calm
                + recipe.border_weight * border
            )
            if not torch.isfinite(total):
                raise ModelError(f"the loss became {total.item()} at step {step}; lower --learning-rate")
            optimizer.zero_grad(set_to_none=True)
            total.backward()
            optimizer.step()

            step += 1
            window.append(
                {**{k: v.item() for k, v in terms._asdict().items()}, "border": border.item(), "total": total.item()}
            )
            eta_s = (time.monotonic() - begun) / (step - first) * (recipe.steps - step)
            progress(Progress(step, recipe.steps, eta_s, _means(window)))
            if step % save_every == 0 or step == recipe.steps:
                save()
    except KeyboardInterrupt:
        save()
        raise


def photos_of(recipe: Recipe) -> tuple[list[Path], list[Path]]:
    """(training, held out) photos of a run. Raises SourceError where there is nothing to learn from."""
    seen, held_out = split(find_photos(Path(recipe.data), recipe.include), recipe.hold_out)
    if not seen:
        raise SourceError(f"{recipe.data}: its only photo is held out; add more, or use --hold-out 0")
    return seen, held_out


def schedule(progress: float) -> float:
    """The learning rate at ``progress`` in [0, 1) of the run: 5 % linear warm-up, then a cosine to nothing."""
    warm_up = 0.05
    if progress < warm_up:
        return 0.05 + 0.95 * progress / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))


def _check_device(device: str) -> None:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"device {device!r}: expected cpu, or cuda where there is one ({reason})") from error


def _losses(network: Lite | Full, criterion: PerceptualLoss, photos: Tensor) -> tuple[Terms, Tensor]:
    """Of a batch (N, H, W, 3) uint8. The network runs in float32: in bf16 it diverged; VGG runs in bf16.

    The last one is our own: the painting of a crop should be the crop of the painting. Without it a network
    learns to put the colours that it owes the Gram matrices where they disturb least, along the border.
    """
    paintings = network(photos).permute(0, 3, 1, 2) / 255
    with torch.autocast(photos.device.type, dtype=torch.bfloat16):
        terms: Terms = criterion(paintings, photos.permute(0, 3, 1, 2).float() / 255)
    inside = slice(CROPPED, -CROPPED)
    cropped = network(photos[:, inside, inside]).permute(0, 3, 1, 2) / 255
    return terms, F.mse_loss(cropped, paintings[:, :, inside, inside].detach())


def _criterion(recipe: Recipe, vgg: VggWeights, device: str) -> PerceptualLoss:
    layers = (*recipe.content_layers, *recipe.style_layers)
    artwork = read_artwork(Path(recipe.style_image), recipe.style_size).to(device)
    features = VGG16(layers, vgg).to(device).to(memory_format=torch.channels_last)
    return PerceptualLoss(features, artwork, content_layers=recipe.content_layers, style_layers=recipe.style_layers)


def _load(network: Lite | Full, source: Checkpoint, recipe: Recipe) -> None:
    try:
        network.load_state_dict(source.network)
    except RuntimeError as error:
        raise ModelError(
            f"the checkpoint holds a {source.recipe.network} network, expected {recipe.network}"
        ) from error


def _means(window: deque[dict[str, float]]) -> dict[str, float]:
    return {name: sum(losses[name] for losses in window) / len(window) for name in window[-1]} if window else {}
