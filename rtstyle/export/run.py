"""A whole export: open the networks, make the target, measure it, and only then give it its name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.errors import ModelError, UsageError
from rtstyle.export.graph import baked, of_size
from rtstyle.export.order import Order, Size, Subject
from rtstyle.export.pictures import made_up, read_photos
from rtstyle.export.sheet import LEAST_DB, SHEET, Sheet, measure
from rtstyle.export.shelf import Shelf
from rtstyle.export.targets import BESIDE, MIXES, find_target
from rtstyle.output_file import unwritable
from rtstyle.style import Style, load_model
from rtstyle.styles import StyleLike, find_style

if TYPE_CHECKING:
    from rtstyle.export.order import Made, Target
    from rtstyle.frames import Image


def export_style(
    style: StyleLike | Sequence[StyleLike],
    output: str | Path,
    *,
    to: str,
    size: Size | None = None,
    photos: str | Path | None = None,
    force: bool = False,
    overwrite: bool = False,
) -> Sheet:
    """Write a style's network for another runtime, and a sheet about it. Needs no PyTorch.

    ``to``: a target of ``targets.py``. ``size``: make it for frames of one size. ``photos``: a folder to measure, and
    where the target asks for it to calibrate, with. A result below 35 dB is refused, unless ``force``. Nothing has the
    output's name until all of it is complete. Raises ModelError, SinkError, SourceError, DeviceError or UsageError,
    each a sentence.
    """
    target, output = find_target(to), Path(output)
    styles = [style] if isinstance(style, str) or not isinstance(style, Sequence) else list(style)
    _check(target, to, output, styles)
    found = [find_style(one) for one in styles]
    keep = [one.path for one in found]
    page = f"{output.stem}.sheet.md" if target.SUFFIX else SHEET
    beside = [page, *(output.with_suffix(suffix).name for suffix in BESIDE.get(to, ()))]
    with Shelf(output, files=bool(target.SUFFIX), overwrite=overwrite, beside=beside, keep=keep) as shelf:
        measured, calibrated = read_photos(None if photos is None else Path(photos))
        order = Order(tuple(_subject(one, to, size) for one in found), output.name, size, calibrated)
        try:
            made = target.make(order, shelf.folder)
            sheet = _sheet(to, order, made, shelf.folder, measured)
            if sheet.worst_db is not None and sheet.worst_db < LEAST_DB and not force:
                raise ModelError(
                    f"{output}: expected at least {LEAST_DB:g} dB from the original on every picture, got "
                    f"{sheet.worst_db:.1f} dB; --force writes it anyway"
                )
            (shelf.folder / page).write_text(sheet.as_markdown(), encoding="utf-8", errors="replace")
        except OSError as error:
            raise unwritable(output, error) from error
        shelf.place()
    return sheet


def _check(target: Target, to: str, output: Path, styles: Sequence[StyleLike]) -> None:
    if not styles or (len(styles) > 1 and not target.SEVERAL):
        raise UsageError(f"--to {to}: expected one style, got {len(styles)}; export them one at a time")
    if target.SUFFIX and output.suffix.lower() != target.SUFFIX:
        raise UsageError(f"{output}: expected a name that ends in {target.SUFFIX} for --to {to}")


def _subject(style: Style, to: str, size: Size | None) -> Subject:
    model, styles = load_model(style), style.styles
    if to not in MIXES:
        styles = (style.name if style.mix else styles[0],)
        model = baked(model, styles[0])
    return Subject(style, of_size(model, size) if size else model, styles)


def _sheet(to: str, order: Order, made: Made, folder: Path, photos: Sequence[Image]) -> Sheet:
    files = {
        path.relative_to(folder).as_posix(): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()
    }
    pictures = photos or made_up()
    alone = (
        f"{one.style.name}: paints {one.styles[0]} alone, the first of {len(one.style.styles)} styles; "
        f"--mix takes another: --mix {one.style.styles[1]}=1"
        for one in order.subjects
        if len(one.styles) < len(one.style.styles) and not one.style.mix
    )
    kind = "photos" if photos else "synthetic pictures (--photos takes your own)"
    return Sheet(
        target=to,
        output=order.name,
        files=files,
        original=sum(subject.style.size for subject in order.subjects),
        size=str(order.size or "any"),
        pictures=f"{len(pictures)} {kind}",
        fidelity=measure(order, made, pictures),
        notes=(*made.notes, *alone),
    )
