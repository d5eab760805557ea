"""``python -m training train``."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from shlex import quote
from typing import Any

import typer

from rtstyle.amounts import read_amounts
from rtstyle.cli.outcome import one_sentence
from rtstyle.errors import SinkError, UsageError
from rtstyle.perceptual import find_vgg16
from training import loop
from training.checkpoint import Checkpoint
from training.cli import train_options as option
from training.cli.console import say
from training.cli.reporter import Reporter
from training.machine import Machine
from training.processes import PeerError, Processes
from training.recipe import NETWORKS, PRESETS, Recipe, option_of, usual_weights
from training.weights import read_weights

_log = logging.getLogger(__name__)

HERE = Machine(processes=Processes())
# presets for networks that paint already: what they do to them, and the options that may name one
_CONTINUE = {"calm": ("make calmer", {"init_from", "teacher"}), "refine": ("refine", {"init_from"})}
_NOT_OF_THE_RUN = {"out", "resume", "vgg", *(f.name for f in fields(Machine))}


def train(
    *,
    out: option.Out,
    data: option.Data = None,
    style_image: option.StyleImage = None,
    preset: option.Preset = None,
    network: option.Network = None,
    width: option.Width = None,
    blocks: option.Blocks = None,
    steps: option.Steps = None,
    batch: option.Batch = None,
    size: option.Size = None,
    zoom: option.Zoom = None,
    brushwork: option.Brushwork = None,
    style_size: option.StyleSize = None,
    content_weight: option.ContentWeight = None,
    style_weight: option.StyleWeight = None,
    temporal_weight: option.TemporalWeight = None,
    weight: option.Weight = None,
    content_layers: option.ContentLayers = None,
    style_layers: option.StyleLayers = None,
    distance: option.Distance = None,
    gram: option.Gram = None,
    learning_rate: option.LearningRate = None,
    ema: option.Ema = None,
    clip: option.Clip = None,
    include: option.Include = None,
    hold_out: option.HoldOut = None,
    seed: option.Seed = None,
    resume: option.Resume = False,
    init_from: option.InitFrom = None,
    teacher: option.Teacher = None,
    vgg: option.Vgg = None,
    device: option.Device = HERE.device,
    precision: option.Precision = HERE.precision,
    compiled: option.Compiled = HERE.compiled,
    save_every: option.SaveEvery = HERE.save_every,
    workers: option.Workers = HERE.workers,
) -> None:
    """Train a network on a folder of photos and an artwork.

    Example: python -m training train --data photos --style-image wave.jpg --network lite --steps 2000 -o wave.ckpt

    On several GPUs: torchrun --nproc-per-node 2 -m training train --device cuda …
    """
    given = {name: value for name, value in dict(locals()).items() if value is not None}
    with one_sentence("training", stopped=lambda: _stopped(out)):
        machine = Machine(**{f.name: given[f.name] for f in fields(Machine) if f.name in given})
        if out.suffix != ".ckpt":
            raise UsageError(f"{out}: expected a name that ends in .ckpt")
        if out.exists() and not resume:
            raise SinkError(f"{out}: exists already; continue it with --resume, or choose another name")
        try:
            _train(out, machine, _begun(out, given) if resume else None, given)
        except PeerError:
            if machine.processes.first:
                raise
            raise typer.Exit(1) from None


def _train(out: Path, machine: Machine, start: Checkpoint | None, given: Mapping[str, Any]) -> None:
    recipe = start.recipe if start else _recipe(given)
    done = ""
    if start is None or start.step < recipe.steps:
        init = read_weights(given["init_from"]) if start is None and "init_from" in given else None
        loop.check(recipe, out, machine, anew=start is None)  # a download is no way to learn of a typing mistake
        vgg = find_vgg16(given.get("vgg")) if recipe.needs_vgg else None
        quiet = not machine.processes.first
        if vgg and not quiet:
            say(f"VGG-16 from {vgg.source}")
        if vgg and start and start.vgg != vgg.source:
            _log.warning("%s: was begun with VGG-16 from %s; name that file with --vgg to use it", out, start.vgg)
        with Reporter(quiet=quiet) as reporter:
            loop.train(recipe, out, vgg=vgg, machine=machine, start=start, init=init, progress=reporter)
        done = reporter.skipped
    if machine.processes.first:
        say(
            f"{out}: {recipe.steps} steps, {done or 'already finished'}; "
            f"next: python -m training export {quote(str(out))} -o NAME-{recipe.network}.onnx"
        )


def _begun(out: Path, given: Mapping[str, Any]) -> Checkpoint:
    """The run to continue. Raises UsageError for options that would change it: repeat all of them, or none."""
    begun, changed = Checkpoint.load(out), [name for name in given if name not in _NOT_OF_THE_RUN]
    if {"data", "style_image"} <= set(changed):
        asked = _recipe(given)
        changed = [f.name for f in fields(Recipe) if getattr(asked, f.name) != getattr(begun.recipe, f.name)]
    if changed:
        raise UsageError(
            f"{option_of(changed[0])}: --resume keeps the original options; "
            "give all of them or none, or start anew by --init-from"
        )
    return begun


def _recipe(given: Mapping[str, Any]) -> Recipe:
    """The preset, with the options given replacing its own."""
    preset = given.get("preset", option.PRESET)
    if not {"data", "style_image"} <= given.keys():
        raise UsageError("a new run needs --data FOLDER and --style-image ART; --resume continues an earlier one")
    if preset not in PRESETS:
        raise UsageError(f"unknown preset {preset!r}: expected {', '.join(PRESETS)}")
    if preset in _CONTINUE:
        aim, either = _CONTINUE[preset]
        if not either & given.keys():
            raise UsageError(f"--preset {preset}: expected --init-from with the network to {aim}, got none")
    asked = {f.name: given[f.name] for f in fields(Recipe) if f.name in given}
    for layers in asked.keys() & {"content_layers", "style_layers"}:
        asked[layers] = read_amounts(f"--{layers.replace('_', '-')}", [asked[layers]])
    teachers = _teachers(preset, given)
    asked |= {
        "style_images": tuple(str(image.resolve()) for image in given["style_image"]),
        "data": str(given["data"].resolve()),
        "include": tuple(given.get("include", option.DEFAULT.include)),
        "init_from": str(given["init_from"].resolve()) if "init_from" in given else "",
        "teachers": tuple(str(path.resolve()) for path in teachers),
        "weights": _weights(preset, given, teachers),
    }
    chosen = PRESETS[preset]
    network = given.get("network", chosen.get("network", option.DEFAULT.network))
    own = NETWORKS.get(network, {})
    usual = {**own, **chosen} if "network" in chosen else {**chosen, **own}
    return Recipe(**{**usual, "network": network, **asked})


def _teachers(preset: str, given: Mapping[str, Any]) -> Sequence[Path]:
    """The networks to imitate; with the preset ``calm`` its own earlier self."""
    named: Sequence[Path] = given.get("teacher", ())
    return named if named or preset != "calm" else (given["init_from"],)


def _weights(preset: str, given: Mapping[str, Any], teachers: Sequence[Path]) -> dict[str, float]:
    weights = {**usual_weights(teachers), **PRESETS[preset].get("weights", {})}
    named = ("content", "style", "temporal")
    weights |= {name: given[f"{name}_weight"] for name in named if f"{name}_weight" in given}
    texts = given.get("weight", ())
    if bare := [text for text in ",".join(texts).split(",") if text and "=" not in text]:
        raise UsageError(f"--weight {bare[0]}: expected NAME=NUMBER, got no number; docs/training.md has some")
    return weights | read_amounts("--weight", texts)


def _stopped(out: Path) -> str:
    if not out.exists():
        return "nothing has been trained yet"
    return f"{out} has {Checkpoint.load(out).step} steps; continue with --resume"
