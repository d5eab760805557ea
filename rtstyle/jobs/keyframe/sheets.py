"""Sheets that show what settings do: reconstructions (Figure 1 of Gatys et al. 2016) and sweeps (Figure 3)."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rtstyle.errors import PaintError, UsageError
from rtstyle.frames import Frame, Image
from rtstyle.gatys.recipe import Recipe, parse_blocks, parse_layers
from rtstyle.gatys.sizes import size_for
from rtstyle.jobs.keyframe.studio import Materials, Studio, StyleImage, check, find_weights, seen_by
from rtstyle.sinks.photo_writer import PhotoWriter, check_sides
from rtstyle.sources.photo_folder import read_photo

if TYPE_CHECKING:
    from rtstyle.gatys.run import Painting, Step

_log = logging.getLogger("rtstyle")

_Key = TypeVar("_Key")  # of a cell
_WHOLE = {"iterations", "style_size", "seed", "tile"}  # numbers
_WORDS = {"network", "pooling", "loss", "optimizer", "init", "size", "colors"}
_YES, _NO = {"yes", "true", "1"}, {"no", "false", "0"}
_NO_OPTIONS = {"history", "temporal_weight"}
_MOST_AXES = 2  # a sheet has


def reconstruct(
    content: str | Path,
    output: str | Path,
    materials: Materials,
    *,
    what: str,
    layer: str | None = None,
    overwrite: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> None:
    """Paint from noise what the network sees of one picture, layer by layer, as a labelled sheet.

    The layers are the recipe's ``style_layers``, or ``layer`` alone; its weights, colours and content layers play no
    part. ``what`` is "content": each layer's maps alone; or "style": Gram matrices of all layers up to each.
    Raises as ``paint_keyframe`` does.
    """
    recipes = recipes_by_layer(materials.recipe, what, layer)
    styles = [StyleImage(path=Path(content))] if what == "style" else []
    materials = replace(materials, styles=styles)
    columns = 1 + len(recipes)
    photo, writer = open_sheet(content, output, materials, [*recipes.values()], columns=columns, overwrite=overwrite)
    paintings = _painted(photo, materials, recipes, progress)
    painted = [painting.image(name) for name, painting in paintings]
    up_to = "" if what == "content" or layer else "up to "
    _write(writer, [[_like(photo, painted[0]), *painted]], [["original", *(up_to + name for name in recipes)]])


def sweep(
    content: str | Path,
    output: str | Path,
    materials: Materials,
    *,
    axes: Sequence[str],
    overwrite: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> None:
    """Paint one photo with every value of one setting, or every pair of two, as a labelled sheet.

    An axis is ``style-weight=1e2,1e3`` or ``style-layers=1,1-3,1-5``. Raises as ``paint_keyframe`` does,
    but a cell that gets no better than its start is a finding: it is warned of, and shown.
    """
    cells = recipes_by_cell(materials.recipe, axes)
    rows, columns = ([*dict.fromkeys(names)] for names in zip(*cells, strict=True))
    labels = {(row, column): ", ".join(filter(None, (column, row))) for row, column in cells}
    recipes = [*cells.values()]
    photo, writer = open_sheet(content, output, materials, recipes, columns=len(columns), overwrite=overwrite)
    pictures = {cell: _shown(painting, labels[cell]) for cell, painting in _painted(photo, materials, cells, progress)}
    _write(
        writer,
        [[pictures[row, column] for column in columns] for row in rows],
        [[labels[row, column] for column in columns] for row in rows],
    )


def recipes_by_layer(recipe: Recipe, what: str, layer: str | None = None) -> dict[str, Recipe]:
    """What ``reconstruct`` paints. Raises UsageError."""
    if what not in {"content", "style"}:
        raise UsageError(f"reconstruct: expected content or style, got {what!r}")
    layers = [layer] if layer else [name for name, _ in recipe.style_layers]
    recipe, recipes = replace(recipe, init="noise", colors="style"), {}
    for count, name in enumerate(layers, start=1):
        if what == "content":
            recipes[name] = replace(recipe, content_layers=((name, 1.0),), content_weight=1.0, style_weight=0.0)
        else:
            names = tuple((each, 1.0) for each in layers[:count])
            recipes[name] = replace(recipe, style_layers=names, content_weight=0.0, style_weight=1.0)
    return recipes


def recipes_by_cell(recipe: Recipe, axes: Sequence[str]) -> dict[tuple[str, str], Recipe]:
    """What ``sweep`` paints, by the labels of row ("" where there is one setting) and column. Raises UsageError."""
    if not 1 <= len(axes) <= _MOST_AXES:
        raise UsageError(f"sweep: expected one setting or two, got {len(axes)}")
    names = [axis.partition("=")[0].strip().replace("_", "-") for axis in axes]
    if len(set(names)) < len(names):
        raise UsageError(f"sweep: expected two settings, got {names[0]} twice")
    columns, rows = [*map(parse_axis, axes), {"": {}}][:_MOST_AXES]
    return {
        (row, column): replace(recipe, **rows[row], **columns[column])  # type: ignore[arg-type]  # parsed by name
        for row, column in product(rows, columns)
    }


def open_sheet(
    content: str | Path,
    output: str | Path,
    materials: Materials,
    recipes: Sequence[Recipe],
    *,
    columns: int,
    overwrite: bool,
) -> tuple[Image, PhotoWriter]:
    """The photo, and what will write its sheet; nothing is written yet.

    Raises SourceError and SinkError, and UsageError for recipes that cannot be painted, before the first of them is.
    """
    from rtstyle.gatys.sheet import sheet_size

    writer = PhotoWriter([output], overwrite=overwrite, keep=[content, *materials.files()])
    photo = read_photo(Path(content))
    shape = (photo.shape[0], photo.shape[1])
    check(materials, recipes, shape)
    rows = math.ceil(len(recipes) / columns)
    check_sides(Path(output), sheet_size(size_for(recipes[0].size, shape), rows, columns))
    return photo, writer


def parse_axis(text: str) -> Mapping[str, Mapping[str, object]]:
    """Label to setting of ``style-weight=1e2,1e3``. Raises UsageError."""
    name, _, values = text.partition("=")
    setting = name.strip().replace("-", "_")
    known = [f.name for f in fields(Recipe) if f.name not in _NO_OPTIONS]
    if setting not in known or not values:
        names = ", ".join(each.replace("_", "-") for each in known)
        raise UsageError(f"sweep: expected SETTING=A,B,… with one of {names}, got {text!r}")
    parts = [value.strip() for value in values.split(",")]
    for value in parts:
        if parts.count(value) > 1:
            raise UsageError(f"sweep: expected each value once, got {name} {value} twice")
    return {f"{name} {value}": {setting: _value(setting, value)} for value in parts}


def _value(setting: str, text: str) -> object:
    if setting == "style_layers":
        return parse_blocks(text)
    if setting == "content_layers":
        return parse_layers(text)
    if setting in _WORDS:
        return text
    if setting == "multiscale":
        if text.lower() not in _YES | _NO:
            raise UsageError(f"sweep: multiscale: expected yes or no, got {text!r}")
        return text.lower() in _YES
    try:
        return int(text) if setting in _WHOLE else float(text)
    except ValueError as error:
        raise UsageError(f"sweep: {setting.replace('_', '-')}: expected a number, got {text!r}") from error


def _painted(
    photo: Image, materials: Materials, recipes: Mapping[_Key, Recipe], progress: Callable[[Step], None] | None
) -> Iterator[tuple[_Key, Painting]]:
    """One painting after the other; each network's weights are looked for once, and before all else."""
    weights = {network: find_weights(network, materials.vgg) for network in {r.network for r in recipes.values()}}
    for recipe in recipes.values():
        seen_by(weights[recipe.network].network, recipe)
    for key, recipe in recipes.items():
        studio = Studio.open(replace(materials, recipe=recipe), weights[recipe.network])
        scene = studio.scene(photo)
        yield key, studio.painter.paint(scene.content, scene.start, progress=progress)


def _shown(painting: Painting, label: str) -> Image:
    from rtstyle.gatys.pictures import to_image

    try:
        return painting.image(label)
    except PaintError as error:
        _log.warning("%s", error)
        return to_image(painting.picture)


def _like(photo: Image, other: Image) -> Image:
    import cv2
    import numpy as np

    height, width = other.shape[:2]
    return np.asarray(cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _write(writer: PhotoWriter, pictures: list[list[Image]], labels: list[list[str]]) -> None:
    from rtstyle.gatys.sheet import sheet

    writer.write(Frame(sheet(pictures, labels), Fraction(0)))
