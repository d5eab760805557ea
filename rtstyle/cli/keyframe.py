"""``rtstyle keyframe``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from difflib import get_close_matches

from rtstyle.cli.keyframe_jobs import kind_of, start
from rtstyle.cli.keyframe_options import (
    At,
    Average,
    Colors,
    Content,
    ContentLayers,
    ContentWeight,
    Device,
    DryRun,
    Every,
    Init,
    Iterations,
    Layer,
    LearningRate,
    Loss,
    Mask,
    Multiscale,
    Network,
    Optimizer,
    Output,
    Pooling,
    Preset,
    Process,
    Propagate,
    Reconstruct,
    Resume,
    SaveEvery,
    Scenes,
    Seed,
    Size,
    StyleImage,
    StyleLayers,
    StyleSize,
    StyleWeight,
    Sweep,
    Tile,
    TvWeight,
    Vgg,
)
from rtstyle.cli.options import Json, Overwrite
from rtstyle.cli.outcome import one_sentence
from rtstyle.errors import UsageError
from rtstyle.gatys.presets import PRESETS
from rtstyle.gatys.recipe import Recipe, parse_blocks, parse_layers

_STOPPED = {
    "photo": "{} has the best so far, go on with --resume",
    "keyframes": "what was painted is in {}, go on with --resume",
    "propagate": "what was painted is in {}.keyframes, go on with --resume",
}


def keyframe(
    *,
    content: Content,
    output: Output,
    style_image: StyleImage = None,
    mask: Mask = None,
    preset: Preset = None,
    size: Size = None,
    style_size: StyleSize = None,
    colors: Colors = None,
    init: Init = None,
    content_layers: ContentLayers = None,
    style_layers: StyleLayers = None,
    content_weight: ContentWeight = None,
    style_weight: StyleWeight = None,
    tv_weight: TvWeight = None,
    loss: Loss = None,
    network: Network = None,
    pooling: Pooling = None,
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    iterations: Iterations = None,
    multiscale: Multiscale = None,
    average: Average = None,
    tile: Tile = None,
    seed: Seed = None,
    process: Process = 0,
    save_every: SaveEvery = 0,
    resume: Resume = False,
    reconstruct: Reconstruct = None,
    layer: Layer = None,
    sweep: Sweep = None,
    at: At = None,
    every: Every = None,
    scenes: Scenes = False,
    propagate: Propagate = False,
    dry_run: DryRun = False,
    device: Device = "auto",
    vgg: Vgg = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Paint by optimisation, pixel by pixel (Gatys et al. 2016): slow, and as good as it gets.

    [bold]rtstyle keyframe photo.jpg --style-image artwork.jpg -o painting.png[/bold]

    [bold]rtstyle keyframe clip.mp4 --style-image artwork.jpg --every 24 --propagate -o painting.mp4[/bold]
    """
    given = dict(locals())
    with one_sentence(stopped=_STOPPED.get(kind_of(given), "nothing was written").format(output)):
        start(given, _recipe(given), as_json=json)


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
