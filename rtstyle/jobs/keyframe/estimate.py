"""What a painting would take, without painting it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rtstyle.errors import SourceError
from rtstyle.gatys.recipe import Recipe
from rtstyle.gatys.sizes import even, pyramid, size_for
from rtstyle.sources.photo_folder import read_photo
from rtstyle.sources.square import square_width
from rtstyle.sources.video_reader import VideoReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Sizes are WxH; memory is that of the whole process at its peak, in bytes."""

    sizes: list[str]  # coarse to fine
    iterations: int | None  # in all; None: until it no longer improves
    tile: int | None  # px
    memory: int
    free: int


def estimate(
    content: str | Path, recipe: Recipe | None = None, artworks: Sequence[Path] = (), *, square: bool = True
) -> Estimate:
    """What it takes to paint a photo, or one frame of a video. Raises SourceError and UsageError.

    ``square``: as in ``shape_of``; if not, the frame is one that is carried through its video, which has even sides.
    """
    from rtstyle.gatys.memory import free_bytes, peak_bytes, tile_for  # torch
    from rtstyle.gatys.run import iterations_at

    recipe = recipe or Recipe()
    size = size_for(recipe.size, shape_of(content, square=square))
    size = size if square else even(size)
    sizes = pyramid(size, multiscale=recipe.multiscale)
    tile = tile_for(size, recipe)
    return Estimate(
        sizes=[f"{width}x{height}" for height, width in sizes],
        iterations=None if recipe.iterations is None else sum(iterations_at(recipe, s) for s in range(len(sizes))),
        tile=tile,
        memory=peak_bytes(size, recipe, tile, [read_photo(artwork).shape[:2] for artwork in artworks]),
        free=free_bytes(),
    )


def shape_of(content: str | Path, *, square: bool = True) -> tuple[int, int]:
    """Height and width of a photo, or of a video's frames, ``square`` in square pixels. Raises SourceError."""
    try:
        height, width = read_photo(Path(content)).shape[:2]
    except SourceError:
        with closing(VideoReader(content)) as source:
            shown = source.format
            return shown.height, square_width(shown.width, shown.sample_aspect) if square else shown.width
    return height, width
