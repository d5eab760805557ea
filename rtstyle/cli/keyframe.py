"""``rtstyle keyframe``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from rtstyle.cli.options import Json, Overwrite
from rtstyle.cli.outcome import one_sentence
from rtstyle.errors import UsageError
from rtstyle.gatys.presets import PRESETS
from rtstyle.gatys.recipe import LEARNING_RATES, Recipe, parse_blocks, parse_layers

_D = Recipe()


def _default(value: object) -> str:
    return f" Default: {value}."


def keyframe(
    *,
    content: Annotated[str, typer.Argument(help="A photo, or a video.", show_default=False)],
    output: Annotated[
        str, typer.Option("--output", "-o", help="A picture; of a video a folder, or with --propagate a video.")
    ],
    style_image: Annotated[
        list[str] | None, typer.Option(metavar="FILE[=WEIGHT]", help="An artwork; repeatable, with weights.")
    ] = None,
    mask: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="For each artwork in turn: its style where this is white; the last may lack."
        ),
    ] = None,
    preset: Annotated[str | None, typer.Option(metavar="NAME", help=f"A known recipe: {', '.join(PRESETS)}.")] = None,
    size: Annotated[str | None, typer.Option(help="Short side in px, WxH, or content." + _default(_D.size))] = None,
    style_size: Annotated[
        int | None, typer.Option(help="Short side of the artworks in px: larger, larger strokes. Default: the size.")
    ] = None,
    colors: Annotated[
        str | None,
        typer.Option(help="style, or the photo's: luminance, covariance, histogram." + _default(_D.colors)),
    ] = None,
    init: Annotated[
        str | None, typer.Option(help="Begin with content, style, noise or a picture." + _default(_D.init))
    ] = None,
    content_layers: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[=WEIGHT],…", help="relu4_2, conv_4 and so on; several with commas. Default: relu4_2."
        ),
    ] = None,
    style_layers: Annotated[
        str | None,
        typer.Option(metavar="NAME[=WEIGHT],…|1-5", help="Likewise, or blocks. Default: relu1_1 … relu5_1."),
    ] = None,
    content_weight: Annotated[float | None, typer.Option(help="Of the loss." + _default(_D.content_weight))] = None,
    style_weight: Annotated[float | None, typer.Option(help="Of the loss." + _default(_D.style_weight))] = None,
    tv_weight: Annotated[float | None, typer.Option(help="Of the total variation." + _default(_D.tv_weight))] = None,
    loss: Annotated[str | None, typer.Option(help="mse or l1." + _default(_D.loss))] = None,
    network: Annotated[str | None, typer.Option(help="vgg16 or vgg19." + _default(_D.network))] = None,
    pooling: Annotated[str | None, typer.Option(help="max or average." + _default(_D.pooling))] = None,
    optimizer: Annotated[str | None, typer.Option(help="lbfgs, adam or sgd." + _default(_D.optimizer))] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help=", ".join(f"{k} {v:g}" for k, v in LEARNING_RATES.items()).join(("Default: ", "."))),
    ] = None,
    iterations: Annotated[
        str | None,
        typer.Option(
            metavar="N|auto", help="At the coarsest scale; auto: until it no longer improves." + _default(_D.iterations)
        ),
    ] = None,
    multiscale: Annotated[
        bool | None,
        typer.Option("--multiscale/--one-scale", help="From coarse to fine in steps of √2.", show_default=False),
    ] = None,
    average: Annotated[
        float | None, typer.Option(help="Decay of the mean of the iterates; 0: none." + _default(_D.average))
    ] = None,
    tile: Annotated[int | None, typer.Option(help="Side of tiles in px, 0: whole. Default: as memory asks.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the noise." + _default(_D.seed))] = None,
    process: Annotated[int, typer.Option(min=0, help="Pictures along the way: a strip and an mp4.")] = 0,
    save_every: Annotated[int, typer.Option(min=0, help="Save the best every so many iterations.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where Ctrl-C stopped it.")] = False,
    reconstruct: Annotated[
        str | None, typer.Option(metavar="content|style", help="What the layers alone see, as a sheet.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Reconstruct this layer only.")] = None,
    sweep: Annotated[
        list[str] | None, typer.Option(metavar="SETTING=A,B,…", help="A sheet of values of one setting, or of two.")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option(metavar="TIME", help="Of a video: this frame; 12.5 or 00:01:02.")
    ] = None,
    every: Annotated[str | None, typer.Option(metavar="N|TIMEs", help="Every so many frames, or seconds (2s).")] = None,
    scenes: Annotated[bool, typer.Option("--scenes", help="The first frame of every shot.")] = False,
    propagate: Annotated[bool, typer.Option("--propagate", help="Carry the keyframes through the video.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and end.")] = False,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu or cuda.")] = "auto",
    vgg: Annotated[Path | None, typer.Option(help="The network's weights. Default: found and cached.")] = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Paint by optimisation, pixel by pixel (Gatys et al. 2016): slow, and as good as it gets.

    [bold]rtstyle keyframe photo.jpg --style-image artwork.jpg -o painting.png[/bold]

    [bold]rtstyle keyframe clip.mp4 --style-image artwork.jpg --every 24 --propagate -o painting.mp4[/bold]
    """
    given = dict(locals())
    stopped = f"{output} has the best so far, go on with --resume" if _is_single(given) else "what was done is kept"
    with one_sentence(stopped=stopped):
        from rtstyle.cli.keyframe_jobs import start

        start(given, _recipe(given), as_json=json)


def _is_single(given: Mapping[str, object]) -> bool:
    return not any(given[name] for name in ("at", "every", "scenes", "propagate", "sweep", "reconstruct"))


def _recipe(given: Mapping[str, object]) -> Recipe:
    """The preset, and what was asked for in its place."""
    name = given["preset"]
    if name is not None and name not in PRESETS:
        near = get_close_matches(str(name), PRESETS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"preset: expected {', '.join(PRESETS)}, got {name!r}{hint}")
    changes = {f.name: given[f.name] for f in fields(Recipe) if given.get(f.name) is not None}
    if "content_layers" in changes:
        changes["content_layers"] = parse_layers(str(changes["content_layers"]))
    if "style_layers" in changes:
        changes["style_layers"] = parse_blocks(str(changes["style_layers"]))
    if "iterations" in changes:
        changes["iterations"] = _iterations(str(changes["iterations"]))
    return replace(PRESETS[str(name)] if name else Recipe(), **changes)  # type: ignore[arg-type]  # typer checked


def _iterations(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdecimal():
        raise UsageError(f"iterations: expected a number or auto, got {text!r}")
    return int(text)
