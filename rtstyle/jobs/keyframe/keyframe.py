"""Paints a photo by optimising its pixels. Torch is loaded when a job begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from rtstyle.errors import SinkError, SourceError, UsageError
from rtstyle.frames import Frame, Image
from rtstyle.gatys.recipe import Recipe
from rtstyle.gatys.sizes import size_for
from rtstyle.jobs.defaults import DEVICE
from rtstyle.jobs.keyframe.studio import NOTHING, KeyframeExtras, Materials, Studio, StyleImage
from rtstyle.resumption import unfinished
from rtstyle.sinks.photo_writer import PhotoWriter, check_sides
from rtstyle.sources.photo_folder import read_photo
from rtstyle.sources.streams import is_photo, open_input, video_stream

if TYPE_CHECKING:
    from rtstyle.gatys.run import Painting, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintReport:
    """What a painting took, and how far it came; losses at full size, unweighted but for the totals."""

    width: int
    height: int
    network: str
    weights: str  # where they came from
    evaluations: int
    seconds: float
    start_loss: float
    loss: float
    content: dict[str, float]  # by layer
    style: dict[str, float]


def paint_keyframe(
    content: str | Path,
    output: str | Path,
    *,
    style_images: Sequence[str | Path | StyleImage],
    recipe: Recipe | None = None,
    extras: KeyframeExtras = NOTHING,
    device: str = DEVICE,
    vgg: str | Path | None = None,
    overwrite: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> PaintReport:
    """Paint one photo by optimisation (Gatys et al. 2016).

    ``output`` appears when it is complete. Ctrl-C writes the best so far, and ``OUTPUT.keyframe``, from which
    ``KeyframeExtras(resume=True)`` continues; that is also written every half minute. A run that cannot be saved from
    diverging writes its best picture and raises PaintError. Raises SourceError, SinkError, ModelError, DeviceError
    or UsageError too, each a sentence.
    """
    styles = [item if isinstance(item, StyleImage) else StyleImage(path=Path(item)) for item in style_images]
    materials = Materials(styles=styles, recipe=recipe or Recipe(), device=device, vgg=vgg)
    return paint_photo(content, output, materials, extras=extras, overwrite=overwrite, progress=progress)


def paint_photo(
    content: str | Path,
    output: str | Path,
    materials: Materials,
    *,
    extras: KeyframeExtras = NOTHING,
    overwrite: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> PaintReport:
    """As ``paint_keyframe``."""
    target, begun = Path(output), perf_counter()
    photo, writer = open_photo(content, target, materials, overwrite=overwrite or extras.resume)
    studio = Studio.open(materials)
    scene = studio.scene(photo)
    from rtstyle.gatys.pictures import to_image
    from rtstyle.gatys.run import HINT
    from rtstyle.jobs.keyframe.along import Along
    from rtstyle.jobs.keyframe.checkpoint import Checkpoint, notes_of

    notes = {
        **notes_of(content, materials, studio),
        "content": str(content),
        "size": f"{scene.size[1]}x{scene.size[0]}",
    }
    checkpoint, keep = Checkpoint(place_of(target), notes), [content, *materials.files()]
    along = Along(target, extras, checkpoint, scene.size, progress, overwrite=overwrite, keep=keep)
    painting = studio.painter.paint(scene.content, scene.start, place=along.place, progress=along)
    try:
        writer.write(Frame(to_image(painting.picture), Fraction(0)))
    except SinkError as error:
        raise along.rescued(painting, error) from error
    along.end(painting)
    painting.check(target, hint=f"the best picture was saved; {HINT}")
    return report_of(painting, studio, perf_counter() - begun)


def open_photo(
    content: str | Path, output: str | Path, materials: Materials, *, overwrite: bool
) -> tuple[Image, PhotoWriter]:
    """The photo, and what will write its painting; nothing is written yet. Raises as ``paint_keyframe``."""
    photo = _read(content)
    check_sides(Path(output), size_for(materials.recipe.size, (photo.shape[0], photo.shape[1])))
    keep = [content, *materials.files()]
    writer = PhotoWriter([output], overwrite=overwrite, keep=keep, originals=[Path(content)])
    if (place := place_of(Path(output))).exists() and not overwrite:
        raise unfinished(place)
    return photo, writer


def place_of(output: Path) -> Path:
    """The file that keeps the place of a run until it is done."""
    return output.with_name(f"{output.name}.keyframe")


def _read(content: str | Path) -> Image:
    """The photo. Raises SourceError, and UsageError for a video."""
    try:
        return read_photo(Path(content))
    except SourceError:
        if _is_video(str(content)):
            raise UsageError(f"{content}: is a video; say which of its frames with --at, --every or --scenes") from None
        raise


def _is_video(path: str) -> bool:
    """Whether FFmpeg finds moving pictures; a damaged photo, which it opens too, has none."""
    with suppress(SourceError), closing(open_input(path)) as container:
        return not is_photo(video_stream(container, path), path)
    return False


def report_of(painting: Painting, studio: Studio, seconds: float) -> PaintReport:
    """The figures of a painting."""
    losses = asdict(painting.losses)
    return PaintReport(
        width=painting.picture.shape[3],
        height=painting.picture.shape[2],
        network=studio.painter.vgg.network,
        weights=studio.weights,
        evaluations=painting.evaluations,
        seconds=seconds,
        start_loss=painting.start.total if painting.start else float("nan"),
        loss=losses["total"],
        content=losses["content"],
        style=losses["style"],
    )
