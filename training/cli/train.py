"""``python -m training train``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from rtstyle.amounts import read_amounts
from rtstyle.cli.outcome import one_sentence
from rtstyle.errors import UsageError
from rtstyle.perceptual import find_vgg16
from training import loop
from training.checkpoint import Checkpoint
from training.cli.console import console
from training.cli.reporter import Reporter
from training.machine import Machine
from training.processes import Processes
from training.recipe import PRESETS, WEIGHTS, Recipe, usual_weights
from training.weights import read_weights

DEFAULT = Recipe(network="lite", style_images=("",), data="", steps=1)
HERE = Machine(processes=Processes())


def _usual(loss: str) -> str:
    return f"{WEIGHTS[loss]:g}"


def train(
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Where the checkpoint goes; previews and log are put beside it.")
    ],
    data: Annotated[
        Path | None, typer.Option(help="Folder of photos, searched recursively; COCO or any other.")
    ] = None,
    style_image: Annotated[
        list[Path] | None,
        typer.Option("--style-image", "--style", help="The artwork, a picture file; several make one network of all."),
    ] = None,
    preset: Annotated[
        str,
        typer.Option(
            help="smoke (does it run?), quick (an evening's CPU), best (a GPU) or bold (broader strokes for a network "
            "that paints already, with --init-from); options go before it."
        ),
    ] = "quick",
    network: Annotated[
        str, typer.Option(help="lite (real time on CPUs) or full (Johnson et al. 2016).")
    ] = DEFAULT.network,
    width: Annotated[int, typer.Option(min=4, help="Channels of the first layer; the others follow.")] = DEFAULT.width,
    blocks: Annotated[
        int | None, typer.Option(min=1, help="Residual blocks; default: 4 in lite, 5 in full.")
    ] = DEFAULT.blocks,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Photos per step.")] = None,
    size: Annotated[int | None, typer.Option(min=64, help="Side of a training crop, px.")] = None,
    zoom: Annotated[
        float, typer.Option(min=1, help="Show photos that many times larger: strokes for large, soft pictures.")
    ] = DEFAULT.zoom,
    style_size: Annotated[
        int | None, typer.Option(min=64, help="Short side of the artwork, px: larger, larger strokes.")
    ] = None,
    content_weight: Annotated[
        float | None, typer.Option(min=0, help="Weight of the content loss.", show_default=_usual("content"))
    ] = None,
    style_weight: Annotated[
        float | None, typer.Option(min=0, help="Weight of the style loss.", show_default=_usual("style"))
    ] = None,
    temporal_weight: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Weight of the losses on what would flicker in a film; 0: not looked at.",
            show_default=_usual("temporal"),
        ),
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help=f"Weight of any loss: {', '.join(WEIGHTS)}; repeatable."),
    ] = None,
    content_layers: Annotated[
        str | None, typer.Option(help="VGG-16 layers with weights: relu2_2, or conv4_2=1,conv_4=0.5.")
    ] = None,
    style_layers: Annotated[str | None, typer.Option(help="The same for the style loss.")] = None,
    distance: Annotated[str, typer.Option(help="Of features and Gram matrices: mse or l1.")] = DEFAULT.distance,
    learning_rate: Annotated[float, typer.Option(min=0, help="Adam's highest learning rate.")] = DEFAULT.learning_rate,
    ema: Annotated[
        float, typer.Option(min=0, max=1, help="Decay of the average of the weights, which is what is exported.")
    ] = DEFAULT.ema,
    clip: Annotated[float, typer.Option(min=0, help="Largest gradient, in units of the usual; 0: any.")] = DEFAULT.clip,
    include: Annotated[
        list[str] | None, typer.Option(help="Only photos whose names match this glob; repeatable.")
    ] = None,
    hold_out: Annotated[
        int, typer.Option(min=0, help="Keep every Nth photo by name out of training; 0: none.")
    ] = DEFAULT.hold_out,
    seed: Annotated[int, typer.Option(help="Same seed, same data, same order.")] = DEFAULT.seed,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in the checkpoint, as it was begun.")
    ] = False,
    init_from: Annotated[
        Path | None, typer.Option(help="Begin with the weights of this checkpoint or exported .onnx.")
    ] = None,
    teacher: Annotated[
        list[Path] | None,
        typer.Option(
            help="Imitate the paintings of this checkpoint or exported .onnx; one for each --style-image. "
            "Losses that are not named then weigh nothing, and steps are quick."
        ),
    ] = None,
    vgg: Annotated[
        Path | None, typer.Option(help="VGG-16 weights; default: $RTSTYLE_VGG16, or found and cached.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, or cuda where there is one.")] = HERE.device,
    precision: Annotated[
        str, typer.Option(help="Of VGG: f32, bf16, fp16, or auto: what is fast on the device.")
    ] = HERE.precision,
    compiled: Annotated[bool, typer.Option("--compile", help="VGG through torch.compile.")] = HERE.compiled,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints and previews.")] = HERE.save_every,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read photos.")] = HERE.workers,
) -> None:
    """Train a network on a folder of photos and an artwork.

    Example: python -m training train --data photos --style-image wave.jpg --network lite --steps 2000 -o wave.ckpt

    On several GPUs: torchrun --nproc-per-node 2 -m training train --device cuda …
    """
    with one_sentence("training", stopped=f"{out} has what was trained so far, go on with --resume"):
        machine = Machine(device=device, precision=precision, workers=workers, compiled=compiled, save_every=save_every)
        start = Checkpoint.load(out) if resume else None
        if start is not None:
            recipe = start.recipe
        elif out.exists():
            raise UsageError(f"{out} exists: go on with it (--resume) or choose another name")
        elif data is None or not style_image:
            raise UsageError("a new run needs --data FOLDER and --style-image ART; --resume continues an old one")
        elif preset not in PRESETS:
            raise UsageError(f"unknown preset {preset!r}: expected {', '.join(PRESETS)}")
        else:
            given = {"steps": steps, "batch": batch, "size": size, "style_size": style_size}
            layers = {
                "content_layers": content_layers and read_amounts("--content-layers", [content_layers]),
                "style_layers": style_layers and read_amounts("--style-layers", [style_layers]),
            }
            weights = {
                **usual_weights(teacher or ()),
                **PRESETS[preset].get("weights", {}),
                **_given({"content": content_weight, "style": style_weight}),
                **_temporal(temporal_weight),
                **(read_amounts("--weight", weight) if weight else {}),
            }
            recipe = Recipe(
                network=network,
                width=width,
                blocks=blocks,
                style_images=tuple(str(image.resolve()) for image in style_image),
                data=str(data.resolve()),
                include=tuple(include or ("*",)),
                hold_out=hold_out,
                zoom=zoom,
                distance=distance,
                learning_rate=learning_rate,
                ema=ema,
                clip=clip,
                seed=seed,
                init_from=str(init_from or ""),
                teachers=tuple(str(path.resolve()) for path in teacher or ()),
                **{**PRESETS[preset], **_given(given), **_given(layers), "weights": weights},
            )
        init = read_weights(init_from) if init_from and not resume else None
        vgg_weights = find_vgg16(vgg)  # which may mean a download: not before all else is right
        quiet = not machine.processes.first
        if not quiet:
            console.print(f"VGG-16 from {vgg_weights.source}")
        with Reporter(recipe.steps, quiet=quiet) as reporter:
            loop.train(recipe, out, vgg=vgg_weights, machine=machine, start=start, init=init, progress=reporter)
        if not quiet:
            console.print(
                f"{out}: {recipe.steps} steps, {reporter.skipped}; "
                f"next: python -m training export {out} -o NAME-{recipe.network}.onnx"
            )


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _temporal(weight: float | None) -> dict[str, float]:
    """That on features follows the temporal one unless it is named."""
    if weight is None:
        return {}
    return {"temporal": weight, "features": WEIGHTS["features"] * weight / WEIGHTS["temporal"]}
