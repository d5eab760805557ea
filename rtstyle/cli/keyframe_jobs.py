"""Which job ``rtstyle keyframe`` runs, and what it prints at the end."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from rtstyle.cli.painting import painting_shown
from rtstyle.errors import SourceError, UsageError
from rtstyle.gatys.recipe import Recipe

if TYPE_CHECKING:
    from rtstyle.gatys.moments import Moments
    from rtstyle.jobs.keyframe.studio import Materials

Given = Mapping[str, Any]  # the command's options by name

_MOMENTS = ("at", "every", "scenes")
_ONLY_FOR = {  # options, and the jobs that accept them
    "sweep": ("sweep",),
    "propagate": ("propagate",),
    **dict.fromkeys(_MOMENTS, ("keyframes", "propagate")),
    "process": ("photo",),
    "save_every": ("photo",),
    "resume": ("photo", "keyframes", "propagate"),
    "layer": ("reconstruct",),
    **dict.fromkeys(
        ("style_image", "mask", "content_layers", "content_weight", "style_weight"),
        ("photo", "keyframes", "propagate", "sweep"),
    ),
    "init": ("photo", "keyframes", "sweep"),
}
_WORDS = {
    "photo": "one photo",
    "keyframes": "keyframes of a video",
    "propagate": "--propagate",
    "reconstruct": "--reconstruct",
    "sweep": "--sweep",
}


def start(given: Given, recipe: Recipe, *, as_json: bool) -> None:
    """Run the job, show its progress, print its report."""
    content, output = given["content"], given["output"]
    job, materials = _job(given), _materials(given, recipe)
    _check_times(content, _moments(given))
    if given["dry_run"]:
        from rtstyle.jobs.keyframe.estimate import estimate
        from rtstyle.jobs.keyframe.studio import check

        check(materials)
        _check(given, materials)
        artworks = [style.path for style in materials.styles]
        told = max((estimate(content, each, artworks) for each in _recipes(given, recipe)), key=attrgetter("memory"))
        _print(asdict(told), as_json=as_json)
        return
    with painting_shown(output) as progress:
        report = job(content, output, materials, overwrite=given["overwrite"], progress=progress)
    _print({"output": output, **(asdict(report) if report else {})}, as_json=as_json)


def kind_of(given: Given) -> str:
    """Which job is meant, by the option that asks for it; by default a photo."""
    for name in ("reconstruct", "sweep", "propagate"):
        if given[name]:
            return name
    return "keyframes" if any(given[name] for name in _MOMENTS) else "photo"


def _job(given: Given) -> Callable[..., Any]:
    """The job, with its own options."""
    from rtstyle.jobs.keyframe.keyframe import paint_photo
    from rtstyle.jobs.keyframe.keyframes import paint_keyframes, propagate_keyframes
    from rtstyle.jobs.keyframe.sheets import reconstruct, sweep
    from rtstyle.jobs.keyframe.studio import Extras

    kind = kind_of(given)
    for name, kinds in _ONLY_FOR.items():
        if _is_given(given[name]) and kind not in kinds:
            expected = "alone" if kinds == (name,) else f"with {_WORDS[kinds[0]]}"
            raise UsageError(f"--{name.replace('_', '-')}: expected {expected}, got {_WORDS[kind]}")
    if kind == "reconstruct":
        return partial(reconstruct, what=given["reconstruct"], layer=given["layer"])
    if kind == "sweep":
        return partial(sweep, axes=given["sweep"])
    if kind == "photo":
        extras = Extras(process=given["process"], save_every=given["save_every"], resume=given["resume"])
        return partial(paint_photo, extras=extras)
    moments = _moments(given)
    job = propagate_keyframes if kind == "propagate" else paint_keyframes
    return partial(job, moments=moments, resume=given["resume"])


def _is_given(value: object) -> bool:
    return bool(value) or isinstance(value, float)  # a weight may be 0


def _check(given: Given, materials: Materials) -> None:
    """Raise what the job would raise because of its input or output; nothing is written."""
    from rtstyle.jobs.keyframe.keyframe import open_photo
    from rtstyle.jobs.keyframe.keyframes import check_keyframes, check_propagation
    from rtstyle.jobs.keyframe.sheets import open_sheet

    kind, content, output = kind_of(given), given["content"], given["output"]
    resume, overwrite = given["resume"], given["overwrite"]
    if kind == "keyframes":
        check_keyframes(output, resume=resume, overwrite=overwrite)
    elif kind == "propagate":
        moments = _moments(given)
        check_propagation(content, output, materials, moments=moments, resume=resume, overwrite=overwrite)
    elif kind == "photo":
        open_photo(content, output, materials, overwrite=overwrite or resume)
    else:
        open_sheet(content, output, materials, _recipes(given, materials.recipe), overwrite=overwrite)


def _check_times(content: str, moments: Moments) -> None:
    """Raise SourceError where a video is known to end before its first keyframe."""
    if moments.last is None:
        return
    from rtstyle.sources.streams import open_input
    from rtstyle.sources.tally import duration_of

    with closing(open_input(content)) as container:
        length, first = duration_of(container), min(moments.at)
    if 0 < length <= first:
        raise SourceError(f"{content}: expected --at before its end at {float(length):g} s, got {float(first):g} s")


def _recipes(given: Given, recipe: Recipe) -> list[Recipe]:
    """All recipes the job paints with: a sheet has many."""
    from rtstyle.jobs.keyframe.sheets import recipes_by_cell, recipes_by_layer

    kind = kind_of(given)
    if kind == "sweep":
        return [*recipes_by_cell(recipe, given["sweep"]).values()]
    if kind == "reconstruct":
        return [*recipes_by_layer(recipe, given["reconstruct"], given["layer"]).values()]
    return [recipe]


def _moments(given: Given) -> Moments:
    from rtstyle.gatys.moments import Moments

    return Moments.parse(given["at"] or (), given["every"], scenes=given["scenes"])


def _materials(given: Given, recipe: Recipe) -> Materials:
    from rtstyle.jobs.keyframe.studio import Materials

    styles = _styles(given["style_image"] or [], given["mask"] or [])
    if not styles and recipe.style_weight and not given["reconstruct"]:
        raise UsageError("--style-image: expected at least one artwork, got none")
    return Materials(styles=styles, recipe=recipe, device=given["device"], vgg=given["vgg"])


def _styles(images: list[str], masks: list[str]) -> list[Any]:
    """Parse ``FILE`` or ``FILE=0.7``, with masks in the same order."""
    from rtstyle.jobs.keyframe.studio import StyleImage

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
        raise UsageError(f"--style-image {name}: expected a weight above 0, got {number!r}")
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
