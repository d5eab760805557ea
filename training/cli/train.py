"""``python -m training train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rtstyle.cli.outcome import one_sentence
from rtstyle.errors import UsageError
from rtstyle.perceptual import find_vgg16
from training import loop
from training.checkpoint import Checkpoint, Recipe
from training.cli.console import console
from training.cli.reporter import Reporter

DEFAULT = Recipe(network="lite", style_image="", data="", steps=2000)


def train(
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the checkpoint goes; previews are put beside it.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder of photos, searched recursively; COCO or any other.")
    ] = None,
    style: Annotated[Path | None, typer.Option(help="The artwork, a picture file.")] = None,
    network: Annotated[
        str, typer.Option(help="lite (real time on CPUs) or full (Johnson et al. 2016).")
    ] = DEFAULT.network,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = DEFAULT.steps,
    batch: Annotated[int, typer.Option(min=1, help="Photos per step.")] = DEFAULT.batch,
    size: Annotated[int, typer.Option(min=64, help="Side of a training crop, px.")] = DEFAULT.size,
    style_size: Annotated[
        int, typer.Option(min=64, help="Short side of the artwork, px: larger, larger strokes.")
    ] = DEFAULT.style_size,
    style_weight: Annotated[float, typer.Option(min=0, help="Weight of the style loss.")] = DEFAULT.style_weight,
    content_weight: Annotated[float, typer.Option(min=0, help="Weight of the content loss.")] = DEFAULT.content_weight,
    lattice_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the loss on patterns of 4, 8, 12, 16 px.")
    ] = DEFAULT.lattice_weight,
    tone_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the loss on light and dark out of place.")
    ] = DEFAULT.tone_weight,
    border_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the loss on what is painted otherwise near a border.")
    ] = DEFAULT.border_weight,
    calm_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the loss on what is drawn where the photo is even.")
    ] = DEFAULT.calm_weight,
    learning_rate: Annotated[float, typer.Option(min=0, help="Adam's highest learning rate.")] = DEFAULT.learning_rate,
    include: Annotated[
        list[str] | None, typer.Option(help="Only photos whose names match this glob; repeatable.")
    ] = None,
    hold_out: Annotated[
        int, typer.Option(min=0, help="Keep every Nth photo by name out of training; 0: none.")
    ] = DEFAULT.hold_out,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in the checkpoint, as it was begun.")
    ] = False,
    init_from: Annotated[Path | None, typer.Option(help="Begin with this checkpoint's weights.")] = None,
    vgg: Annotated[
        Path | None, typer.Option(help="VGG-16 weights; default: $RTSTYLE_VGG16, or found and cached.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, or cuda where there is one.")] = "cpu",
    seed: Annotated[int, typer.Option(help="Same seed, same data, same order.")] = DEFAULT.seed,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints and previews.")] = 200,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read photos.")] = 2,
) -> None:
    """Train a network on a folder of photos and one artwork.

    Example: python -m training train --data photos --style wave.jpg --network lite --steps 2000 -o wave.ckpt
    """
    with one_sentence("training", stopped=f"{out} has what was trained so far, go on with --resume"):
        weights = find_vgg16(vgg)
        console.print(f"VGG-16 from {weights.source}")
        start = Checkpoint.load(out) if resume else None
        if start is not None:
            recipe = start.recipe
        elif out.exists():
            raise UsageError(f"{out} exists: go on with it (--resume) or choose another name")
        elif data is None or style is None:
            raise UsageError("a new run needs --data FOLDER and --style IMAGE; an old one is continued with --resume")
        else:
            recipe = Recipe(
                network=network,
                style_image=str(style.resolve()),
                data=str(data.resolve()),
                include=tuple(include or ("*",)),
                hold_out=hold_out,
                steps=steps,
                batch=batch,
                size=size,
                style_size=style_size,
                content_weight=content_weight,
                style_weight=style_weight,
                lattice_weight=lattice_weight,
                tone_weight=tone_weight,
                border_weight=border_weight,
                calm_weight=calm_weight,
                learning_rate=learning_rate,
                seed=seed,
                init_from=str(init_from or ""),
            )
        with Reporter(recipe.steps) as reporter:
            loop.train(
                recipe,
                out,
                vgg=weights,
                device=device,
                workers=workers,
                save_every=save_every,
                start=start,
                init=Checkpoint.load(init_from) if init_from else None,
                progress=reporter,
            )
        console.print(
            f"{out}: {recipe.steps} steps; next: python -m training export {out} -o NAME-{recipe.network}.onnx"
        )
