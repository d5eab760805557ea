"""``rtstyle image``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtstyle.cli.dry_run import Forecast, look_through, tell
from rtstyle.cli.options import (
    Brushwork,
    Channels,
    Device,
    DryRun,
    InputRange,
    Json,
    KeepColors,
    Layout,
    Mix,
    Overwrite,
    PhotoScale,
    Precision,
    Strength,
    Style,
    required,
    with_convention,
)
from rtstyle.cli.outcome import one_sentence, show
from rtstyle.cli.progress import shown, shown_all
from rtstyle.cli.several import conclude, goes_into_folder, line_of
from rtstyle.errors import UsageError
from rtstyle.jobs.defaults import BRUSHWORK, DEVICE, PHOTO_PRECISION, STRENGTH

if TYPE_CHECKING:
    from rtstyle.jobs.many import Errand
    from rtstyle.jobs.paint_options import PaintOptions


def image(
    *,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT", help="Photos (.png, .jpg, .webp, .avif, .bmp, .jp2, .tif) or folders.", show_default=False
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="A .png, .jpg or .webp file; for several photos, a folder.", show_default=False
        ),
    ],
    style: Style = None,
    mix: Mix = None,
    input_range: InputRange = None,
    layout: Layout = None,
    channels: Channels = None,
    strength: Strength = STRENGTH,
    keep_colors: KeepColors = False,
    scale: PhotoScale = None,
    brushwork: Brushwork = BRUSHWORK,
    device: Device = DEVICE,
    precision: Precision = PHOTO_PRECISION,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Paint photos upright and at full size, keeping EXIF, colour profile and (except in JPEG) transparency.

    TIFF's EXIF and profiles that are not for RGB are left out, and a line says so.

    [bold]rtstyle image photo.jpg -o painting.png --style wave[/bold]

    [bold]rtstyle image *.jpg -o paintings/ --style starry-night[/bold]
    """
    with one_sentence():
        from rtstyle.jobs.paint_options import PaintOptions

        options = PaintOptions(strength=strength, keep_colors=keep_colors, scale=scale, brushwork=brushwork)
        chosen = required(with_convention(style, input_range, layout, channels), mix)
        if len(chosen) > 1:
            raise UsageError(f"--style: expected one style for photos, got {len(chosen)}; paint with one at a time")
        if addresses := [input for input in inputs if "://" in input]:
            raise UsageError(f"{addresses[0]}: expected a file, got an address; save the photo first")
        photos = _Photos(chosen[0], options, device, precision, overwrite)
        if goes_into_folder(inputs, output):
            photos.several(inputs, output, dry_run=dry_run, as_json=json)
        else:
            photos.one(inputs[0], output, dry_run=dry_run, as_json=json)


@dataclass(frozen=True, slots=True)
class _Photos:
    """What all photos of one command have in common."""

    style: str
    options: PaintOptions
    device: str
    precision: str
    overwrite: bool

    def one(self, input: str, output: str, *, dry_run: bool, as_json: bool) -> None:
        """Paint one photo, or say that it would be."""
        from rtstyle.jobs.photos import check_photo, stylize_photos

        if dry_run:
            self._check()
            check_photo(input, output, overwrite=self.overwrite)
            tell([Forecast(input, output)], as_json=as_json)
            return
        with shown(output) as progress:
            report = stylize_photos(
                input,
                output,
                style=self.style,
                options=self.options,
                device=self.device,
                precision=self.precision,
                overwrite=self.overwrite,
                progress=progress,
            )
        show(report, output=output, as_json=as_json)

    def several(self, inputs: list[str], output: str, *, dry_run: bool, as_json: bool) -> None:
        """Paint photos and folders of them into the folder ``output``, or say what would be painted."""
        from rtstyle.jobs.many import errands
        from rtstyle.jobs.photos import stylize_each
        from rtstyle.sinks.photo_writer import painted_name
        from rtstyle.sources.photo_folder import SUFFIXES

        todo = errands(inputs, Path(output), set(SUFFIXES), painted_name)
        if dry_run:
            self._check()
            tell(look_through(todo, _look_at, overwrite=self.overwrite), as_json=as_json)
            return
        with shown_all(len(todo)) as board:
            outcomes = stylize_each(
                todo,
                style=self.style,
                options=self.options,
                device=self.device,
                precision=self.precision,
                overwrite=self.overwrite,
                done=lambda outcome: board.done(line_of(outcome)),
            )
        conclude(outcomes, as_json=as_json)

    def _check(self) -> None:
        """Raise what painting would raise because of the style or the device."""
        from rtstyle.stylizer import Stylizer

        Stylizer(self.style, device=self.device, precision=self.precision).close()


def _look_at(errand: Errand) -> Sequence[str]:
    """A photo has no streams to list."""
    from rtstyle.jobs.photos import find_photos

    find_photos(errand.input)
    return ()
