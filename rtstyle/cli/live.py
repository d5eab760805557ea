"""``rtstyle live``."""

from __future__ import annotations

from typing import Annotated

import typer

from rtstyle.cli.options import (
    Brushwork,
    Channels,
    Device,
    InputRange,
    Json,
    Layout,
    Mix,
    Overwrite,
    Precision,
    Strength,
    with_convention,
    with_mix,
)
from rtstyle.cli.outcome import fail, one_sentence, show
from rtstyle.errors import UsageError
from rtstyle.jobs.defaults import BRUSHWORK, DEVICE, PRECISION, STRENGTH


def live(
    *,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="A camera's number or name, an address (rtsp://, http://, udp://), a file, [bold]screen[/bold] or "
            "[bold]test[/bold]; default: the first camera.",
            show_default=False,
        ),
    ] = None,
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            "-s",
            metavar="NAME|PATH",
            help="Styles to switch between; default: all single-style lite networks, yours included.",
        ),
    ] = None,
    mix: Mix = None,
    input_range: InputRange = None,
    layout: Layout = None,
    channels: Channels = None,
    size: Annotated[
        str, typer.Option(metavar="auto|LINES", help="Height to paint at, in lines; auto keeps up with the camera.")
    ] = "auto",
    strength: Strength = STRENGTH,
    brushwork: Brushwork = BRUSHWORK,
    keep_colors: Annotated[bool, typer.Option("--keep-colors", help="Keep the camera's colours.")] = False,
    mirror: Annotated[bool, typer.Option("--mirror", help="Flip horizontally.")] = False,
    steady: Annotated[
        bool,
        typer.Option("--steady", help="Reduce flicker where the picture stands still or its motion can be followed."),
    ] = False,
    side_by_side: Annotated[
        bool, typer.Option("--side-by-side", help="Show the camera on the left, the painting on the right.")
    ] = False,
    camera_size: Annotated[str | None, typer.Option(metavar="WxH", help="Capture size to request.")] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            metavar="RATE", help="Frame rate to request; for numbered pictures, the rate to play them at (default 25)."
        ),
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Repeat a file endlessly.")] = False,
    window: Annotated[
        bool, typer.Option("--window/--no-window", help="Open a window; press h there for the keys.")
    ] = True,
    record: Annotated[str | None, typer.Option(metavar="FILE", help="Record to an .mp4 file.")] = None,
    publish: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Stream to a server: rtmp://, rtsp://, udp:// (MPEG-TS) and others."),
    ] = None,
    virtual_camera: Annotated[
        bool, typer.Option("--virtual-camera", help="Offer the painting as a virtual camera (needs pyvirtualcam).")
    ] = False,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after this many seconds.")] = None,
    timecode: Annotated[bool, typer.Option("--timecode", help="Show the capture time in the window.")] = False,
    device: Device = DEVICE,
    precision: Precision = PRECISION,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Paint a camera, a stream, a file or the screen in real time.

    [bold]rtstyle live[/bold]

    [bold]rtstyle live clip.mp4 --loop --style wave --record painting.mp4[/bold]

    [bold]rtstyle live rtsp://camera.local/stream --no-window --publish rtmp://server/live/key[/bold]
    """
    with one_sentence(stopped="nothing was recorded"):
        from rtstyle.jobs.live.live import LiveOutputs
        from rtstyle.jobs.live.live import live as job
        from rtstyle.jobs.live.look import Look
        from rtstyle.jobs.live.session import RECORDING
        from rtstyle.sizes import parse_size
        from rtstyle.sources.choose import CaptureRequest
        from rtstyle.times import parse_rate

        report = job(
            source,
            styles=with_mix(with_convention(style, input_range, layout, channels), mix),
            size=_lines(size),
            look=Look(
                strength=strength,
                brushwork=brushwork,
                keep_colors=keep_colors,
                mirror=mirror,
                steady=steady,
                side_by_side=side_by_side,
                precision=precision,
            ),
            outputs=LiveOutputs(window, record, publish, virtual_camera, overwrite, timecode),
            request=CaptureRequest(
                size=parse_size(camera_size) if camera_size else None,
                rate=None if rate is None else parse_rate(rate),
                loop=loop,
            ),
            device=device,
            seconds=seconds,
        )
        lost = any(failure.startswith(RECORDING) for failure in report.failures)
        show(report, output=record if record and report.frames_out and not lost else "live", as_json=json)
        fail(report.failures)


def _lines(size: str) -> int | None:
    from rtstyle.style import MIN_SIZE

    if size == "auto":
        return None
    lines = size.removesuffix("p")
    if not lines.isdecimal() or int(lines) < MIN_SIZE:
        raise UsageError(f"--size {size}: expected auto or a number of lines, {MIN_SIZE} or more")
    return int(lines)
