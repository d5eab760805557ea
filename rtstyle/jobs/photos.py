"""Photos in, paintings out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from rtstyle.errors import UsageError
from rtstyle.jobs.defaults import DEVICE, PHOTO_PRECISION
from rtstyle.jobs.many import Errand, Outcome, check_names, run_errands
from rtstyle.jobs.paint_options import PLAIN, PaintOptions
from rtstyle.meter import Progress, Report
from rtstyle.output_file import unwritable
from rtstyle.pipeline import run
from rtstyle.sinks.photo_writer import SUFFIXES, PhotoWriter, painted_name
from rtstyle.sources.photo_folder import PhotoFolder
from rtstyle.style import MIN_SIZE
from rtstyle.stylizer import Stylizer


def stylize_photos(
    inputs: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    style: str | Path,
    options: PaintOptions = PLAIN,
    device: str = DEVICE,
    precision: str = PHOTO_PRECISION,
    overwrite: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Paint photos in one style, upright as EXIF says, at full size; EXIF, ICC profile and alpha are kept.

    ``inputs`` are photos or folders of them. ``output`` names a PNG, JPEG or WebP file, or a folder, as
    it must for several photos; the folder is made if its parent exists. A photo appears when it is
    complete; a failure stops the rest. Raises as ``transcode`` does.
    """
    start = perf_counter()
    source = PhotoFolder(*([inputs] if isinstance(inputs, str | Path) else inputs), min_size=MIN_SIZE)
    with Stylizer(style, device=device, precision=precision) as stylizer:
        paths = _outputs(source.photos, Path(output), is_folder=str(output).endswith(("/", "\\")))
        sink = PhotoWriter(paths, overwrite=overwrite, keep=source.photos, originals=source.photos)
        opened_s = perf_counter() - start
        report = run(source, options.stages(stylizer), sink, progress=progress)
        return report.as_job(provider=stylizer.provider, opened_s=opened_s)


def check_photo(input: str | Path, output: str | Path, *, overwrite: bool) -> None:
    """Raise what ``stylize_photos`` would raise because of the photo or the output's place; do nothing else."""
    PhotoWriter([output], overwrite=overwrite, keep=find_photos(input))


def find_photos(input: str | Path) -> Sequence[Path]:
    """The photos meant. Raises what ``stylize_photos`` would raise for the first of them."""
    return PhotoFolder(input, min_size=MIN_SIZE).photos


def stylize_each(
    todo: Sequence[Errand],
    *,
    style: str | Path,
    options: PaintOptions = PLAIN,
    device: str = DEVICE,
    precision: str = PHOTO_PRECISION,
    overwrite: bool = False,
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    """Paint every photo separately, so that a failing one does not stop the others; ``done`` gets each outcome."""
    with Stylizer(style, device=device, precision=precision) as stylizer:
        stages = options.stages(stylizer)

        def one(errand: Errand) -> Report:
            source = PhotoFolder(errand.input, min_size=MIN_SIZE)
            sink = PhotoWriter([errand.output], overwrite=overwrite, keep=[errand.input], originals=source.photos)
            return run(source, stages, sink).as_job(provider=stylizer.provider, opened_s=0)

        return run_errands(todo, one, overwrite=overwrite, done=done)


def _outputs(photos: Sequence[Path], output: Path, *, is_folder: bool) -> list[Path]:
    """Where each photo goes; makes the folder."""
    is_there = os.path.isdir(output)  # noqa: PTH112 - Path.is_dir raises for a name that is too long
    if not (is_folder or is_there or len(photos) > 1 or not output.suffix):
        return [output]
    if output.suffix.lower() in SUFFIXES and not is_there:
        raise UsageError(f"{output}: expected a folder for {len(photos)} photos, got the name of one")
    outputs = [output / painted_name(photo) for photo in photos]
    check_names(outputs, "photos")
    try:
        output.mkdir(exist_ok=True)
    except OSError as error:
        raise unwritable(output, error) from error
    return outputs
