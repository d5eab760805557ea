"""``rtstyle export``."""

from __future__ import annotations

import json as jsonlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtstyle.cli.options import Channels, InputRange, Json, Layout, Mix, Overwrite, required, with_convention
from rtstyle.cli.outcome import one_sentence
from rtstyle.errors import UsageError

if TYPE_CHECKING:
    from rtstyle.export.order import Size
    from rtstyle.export.sheet import Sheet


def export(
    *,
    styles: Annotated[
        list[str] | None,
        typer.Argument(metavar="STYLE", help="A style's name or the path of an .onnx file.", show_default=False),
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="TARGET", help="One of the targets above.", show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Output file; for some targets a folder.", show_default=False)
    ],
    size: Annotated[
        str | None,
        typer.Option(metavar="WxH[xN]", help="Fix the frame size, and with xN the batch size.", show_default=False),
    ] = None,
    photos: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Photos for measuring and calibration.", show_default=False)
    ] = None,
    mix: Mix = None,
    input_range: InputRange = None,
    layout: Layout = None,
    channels: Channels = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write it even if it differs too much from the original.")
    ] = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Convert a style's network for other runtimes and machines, and measure how closely it matches.

    Targets: [bold]fp16[/bold], [bold]int8[/bold] (with --photos), [bold]float[/bold] (float32 NCHW),
    [bold]static[/bold] (with --size), [bold]openvino[/bold], [bold]tensorrt[/bold] (with --size),
    [bold]triton[/bold] (a folder, several styles), [bold]web[/bold] (a page for the browser, several styles).

    [bold]rtstyle export wave --to fp16 -o wave-fp16.onnx[/bold]

    [bold]rtstyle export wave --to float --size 640x480 -o wave-float.onnx[/bold]
    """
    with one_sentence():
        from rtstyle.export.run import export_style

        chosen = required(with_convention(styles, input_range, layout, channels), mix, what="STYLE")
        sheet = export_style(
            chosen,
            output,
            to=to,
            size=None if size is None else read_size(size),
            photos=photos,
            force=force,
            overwrite=overwrite,
        )
        _tell(output, sheet, as_json=json)


def read_size(text: str) -> Size:
    """Parse ``WxH`` or ``WxHxN``. Raises UsageError."""
    from rtstyle.export.order import Size

    found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})(?:[x×](\d{1,3}))?", text)
    if not found:
        raise UsageError(f"--size {text}: expected WxH or WxHxN, as in 1280x720")
    return Size(int(found[1]), int(found[2]), int(found[3] or 1))


def _tell(output: Path, sheet: Sheet, *, as_json: bool) -> None:
    if as_json:
        typer.echo(jsonlib.dumps({**sheet.as_dict(), "output": str(output)}))
        return
    total = sum(sheet.files.values())
    typer.echo(f"{output}: {total / 1e6:.2f} MB, made from {sheet.original / 1e6:.2f} MB")
    for one in sheet.fidelity:
        typer.echo(
            f"  {one.style}: {one.psnr_db:.1f} dB from the original on {sheet.pictures}, "
            f"{one.worst_db:.1f} dB at worst, SSIM {one.ssim:.4f}, {one.worst_levels} of 255 levels at most"
        )
    for note in sheet.notes:
        typer.echo(f"  {note}")
