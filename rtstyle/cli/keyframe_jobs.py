"""Which job ``rtstyle keyframe`` runs, and what it prints at the end."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from rtstyle.cli.painting import painting_shown
from rtstyle.errors import UsageError
from rtstyle.gatys.recipe import Recipe

if TYPE_CHECKING:
    from rtstyle.gatys.moments import Moments
    from rtstyle.jobs.keyframe.studio import Materials

_log = logging.getLogger("rtstyle")

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
        ("style_image", "mask", "content_layers", "content_weight", "style_weight", "colors"),
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
    _warn_of_animations(given)
    if given["dry_run"]:
        from rtstyle.jobs.keyframe.estimate import estimate

        recipes, carried = _recipes(given, recipe), kind_of(given) == "propagate"
        _check(given, materials)
        artworks = [style.path for style in materials.styles]
        told = max(
            (estimate(content, each, artworks, square=not carried) for each in recipes), key=attrgetter("memory")
        )
        if told.memory > told.free:
            _log.warning("%s: takes more memory than is free; a smaller --size takes less, or a --tile", content)
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
    from rtstyle.jobs.keyframe.keyframes import paint_keyframes
    from rtstyle.jobs.keyframe.propagation import propagate_keyframes
    from rtstyle.jobs.keyframe.sheets import reconstruct, sweep
    from rtstyle.jobs.keyframe.studio import KeyframeExtras

    kind = kind_of(given)
    for name, kinds in _ONLY_FOR.items():
        if _is_given(given[name]) and kind not in kinds:
            expected = "alone" if kinds == (name,) else f"with {_WORDS[kinds[0]]}"
            raise UsageError(f"--{name.replace('_', '-')}: expected {expected}, got {_WORDS[kind]}")
    if kind == "reconstruct":
        _check_reconstruction(given)
        return partial(reconstruct, what=given["reconstruct"], layer=given["layer"])
    if kind == "sweep":
        return partial(sweep, axes=given["sweep"])
    if kind == "photo":
        extras = KeyframeExtras(process=given["process"], save_every=given["save_every"], resume=given["resume"])
        return partial(paint_photo, extras=extras)
    moments = _moments(given)
    job = propagate_keyframes if kind == "propagate" else paint_keyframes
    return partial(job, moments=moments, resume=given["resume"])


def _is_given(value: object) -> bool:
    return bool(value) or isinstance(value, float)  # a weight may be 0


def _check_reconstruction(given: Given) -> None:
    """Raise UsageError for what would have no effect."""
    if given["style_size"] and given["reconstruct"] == "content":
        raise UsageError("--style-size: expected with --reconstruct style, got --reconstruct content")
    if "=" in (given["style_layers"] or ""):
        got = given["style_layers"]
        raise UsageError(f"--style-layers: expected names without weights with --reconstruct, got {got!r}")


def _check_recipes(given: Given, recipe: Recipe) -> None:
    """Raise UsageError for a style without an artwork, and for a seed without noise."""
    recipes, kind = _recipes(given, recipe), kind_of(given)
    if not given["style_image"] and kind != "reconstruct" and any(each.style_weight for each in recipes):
        raise UsageError("--style-image: expected at least one artwork, got none")
    seeded = given["seed"] is not None or any(axis.strip().startswith("seed=") for axis in given["sweep"] or ())
    noisy = any(each.init == "noise" for each in recipes) and kind != "propagate"
    if seeded and not noisy:
        got = "--propagate" if kind == "propagate" else f"--init {recipe.init}"
        raise UsageError(f"--seed: expected with --init noise, got {got}")


def _check(given: Given, materials: Materials) -> None:
    """Raise what the job would raise because of its input or output; nothing is written."""
    from rtstyle.jobs.keyframe.estimate import shape_of
    from rtstyle.jobs.keyframe.keyframe import open_photo
    from rtstyle.jobs.keyframe.keyframes import check_keyframes
    from rtstyle.jobs.keyframe.propagation import open_propagation
    from rtstyle.jobs.keyframe.sheets import open_sheet, parse_axis
    from rtstyle.jobs.keyframe.studio import check

    kind, content, output = kind_of(given), given["content"], given["output"]
    resume, overwrite = given["resume"], given["overwrite"]
    if kind in {"keyframes", "propagate"}:
        check_video = check_keyframes if kind == "keyframes" else open_propagation
        check_video(content, output, materials, moments=_moments(given), resume=resume, overwrite=overwrite)
        check(materials, [materials.recipe], shape_of(content, square=kind == "keyframes"))
    elif kind == "photo":
        photo, _ = open_photo(content, output, materials, overwrite=overwrite or resume)
        check(materials, [materials.recipe], (photo.shape[0], photo.shape[1]))
    else:
        recipes = _recipes(given, materials.recipe)
        columns = len(parse_axis(given["sweep"][0])) if kind == "sweep" else 1 + len(recipes)
        open_sheet(content, output, materials, recipes, columns=columns, overwrite=overwrite)


def _warn_of_animations(given: Given) -> None:
    """Say which photo or artwork is one: its first picture is taken."""
    from rtstyle.sources.photo_folder import warn_of_more

    if kind_of(given) not in {"keyframes", "propagate"}:
        warn_of_more(Path(given["content"]), "painted", way_out="--every 1 paints all")
    for text in given["style_image"] or ():
        warn_of_more(_split(text)[0], "looked at")


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
    _check_recipes(given, recipe)
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
        if not Path(name).exists():  # the sign is the file's own
            return Path(text), 1.0
        raise UsageError(f"--style-image {name}: expected a weight above 0, got {number!r}") from None
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
