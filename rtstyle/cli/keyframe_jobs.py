"""Which job ``rtstyle keyframe`` means, and what it prints in the end."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import typer

from rtstyle.cli.painting import painting_shown
from rtstyle.errors import UsageError
from rtstyle.gatys.recipe import Recipe

Given = Mapping[str, Any]  # the command's options by name


def start(given: Given, recipe: Recipe, *, as_json: bool) -> None:
    """Do it, show how it comes along, print what came of it."""
    content, output = given["content"], given["output"]
    if given["dry_run"]:
        from rtstyle.jobs.estimate import estimate

        _print(asdict(estimate(content, recipe)), as_json=as_json)
        return
    shared = {name: given[name] for name in ("device", "vgg", "overwrite")}
    job = _job(given, recipe)
    with painting_shown(output) as progress:
        report = job(content, output, recipe=recipe, **shared, progress=progress)
    _print({"output": output, **(asdict(report) if report else {})}, as_json=as_json)


def _job(given: Given, recipe: Recipe) -> Callable[..., Any]:
    """The job, with all that is its own."""
    from rtstyle.jobs.keyframe import Extras, paint_keyframe
    from rtstyle.jobs.keyframes import paint_keyframes, propagate_keyframes
    from rtstyle.jobs.sheets import reconstruct, sweep

    if given["reconstruct"]:
        return partial(reconstruct, what=given["reconstruct"], layer=given["layer"])
    styles = _styles(given["style_image"] or [], given["mask"] or [])
    if not styles and recipe.style_weight:
        raise UsageError("style image: expected at least one artwork, got none; give --style-image FILE")
    if given["sweep"]:
        return partial(sweep, style_images=styles, axes=given["sweep"])
    from rtstyle.gatys.moments import Moments

    moments = Moments.parse(given["at"] or (), given["every"], scenes=given["scenes"])
    if given["propagate"]:
        return partial(propagate_keyframes, style_images=styles, moments=moments)
    if moments:
        return partial(paint_keyframes, style_images=styles, moments=moments)
    extras = Extras(process=given["process"], save_every=given["save_every"], resume=given["resume"])
    return partial(paint_keyframe, style_images=styles, extras=extras)


def _styles(images: list[str], masks: list[str]) -> list[Any]:
    """``FILE`` or ``FILE=0.7`` each, and masks in the same order."""
    from rtstyle.jobs.keyframe import StyleImage

    if len(masks) > len(images):
        raise UsageError(f"mask: expected at most one for each of {len(images)} artworks, got {len(masks)}")
    styles = []
    for index, text in enumerate(images):
        path, weight = _split(text)
        mask = Path(masks[index]) if index < len(masks) else None
        styles.append(StyleImage(path=path, weight=weight, mask=mask))
    return styles


def _split(text: str) -> tuple[Path, float]:
    name, sign, number = text.rpartition("=")
    if not sign or Path(text).exists():
        return Path(text), 1.0
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise UsageError(f"style image {name}: expected a weight above 0, got {number!r}")
    return Path(name), weight


def _print(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report))
        return
    for name, value in report.items():
        typer.echo(f"{name.replace('_', ' '):12} {_in_words(name, value)}")


def _in_words(name: str, value: Any) -> str:  # noqa: ANN401 - a report holds anything
    if name in {"memory", "free"}:
        return f"{value / 2**20:.0f} MiB"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {part:.3g}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)
