"""``rtstyle keyframe``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path

from rtstyle.cli import keyframe_options as option
from rtstyle.cli.keyframe_jobs import kind_of, start
from rtstyle.cli.options import Json, Overwrite
from rtstyle.cli.outcome import one_sentence
from rtstyle.errors import UsageError
from rtstyle.gatys.presets import PRESETS
from rtstyle.gatys.recipe import Recipe, parse_blocks, parse_layers
from rtstyle.jobs.defaults import DEVICE

_STOPPED = {  # by kind of job: what exists once it has begun, and what to say then
    "photo": ("{}.keyframe", "the progress of a run is kept in {}.keyframe; continue with --resume"),
    "keyframes": ("{}/unfinished.json", "what was painted is in {}; continue with --resume"),
    "propagate": ("{}.keyframes/unfinished.json", "what was painted is in {}.keyframes; continue with --resume"),
}


def keyframe(
    *,
    content: option.Content,
    output: option.Output,
    style_image: option.StyleImage = None,
    mask: option.Mask = None,
    preset: option.Preset = None,
    size: option.Size = None,
    style_size: option.StyleSize = None,
    colors: option.Colors = None,
    init: option.Init = None,
    content_layers: option.ContentLayers = None,
    style_layers: option.StyleLayers = None,
    content_weight: option.ContentWeight = None,
    style_weight: option.StyleWeight = None,
    tv_weight: option.TvWeight = None,
    loss: option.Loss = None,
    network: option.Network = None,
    pooling: option.Pooling = None,
    optimizer: option.Optimizer = None,
    learning_rate: option.LearningRate = None,
    iterations: option.Iterations = None,
    multiscale: option.Multiscale = None,
    average: option.Average = None,
    tile: option.Tile = None,
    seed: option.Seed = None,
    process: option.Process = 0,
    save_every: option.SaveEvery = 0,
    resume: option.Resume = False,
    reconstruct: option.Reconstruct = None,
    layer: option.Layer = None,
    sweep: option.Sweep = None,
    at: option.At = None,
    every: option.Every = None,
    scenes: option.Scenes = False,
    propagate: option.Propagate = False,
    dry_run: option.DryRun = False,
    device: option.Device = DEVICE,
    vgg: option.Vgg = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Paint by optimising the pixels themselves (Gatys et al. 2016): slow, but the best quality.

    [bold]rtstyle keyframe photo.jpg --style-image artwork.jpg -o painting.png[/bold]

    [bold]rtstyle keyframe clip.mp4 --style-image artwork.jpg --every 24 --propagate -o painting.mp4[/bold]
    """
    given = dict(locals())
    with one_sentence(stopped=lambda: _left(kind_of(given), output)):
        start(given, _recipe(given), as_json=json)


def _left(kind: str, output: str) -> str:
    """What a stopped run has left behind, if anything."""
    place, sentence = _STOPPED.get(kind, ("", ""))
    return sentence.format(output) if place and Path(place.format(output)).exists() else "nothing was written"


def _recipe(given: Mapping[str, object]) -> Recipe:
    """The preset, with the options given replacing its own."""
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
