"""A clip in, a painting out, with its sound."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from time import perf_counter

from rtstyle.errors import SourceError
from rtstyle.jobs.defaults import BATCH, DEVICE, STRENGTH
from rtstyle.meter import Progress, Report
from rtstyle.pipeline import run
from rtstyle.protocols import Stage
from rtstyle.sinks.video_writer import VideoWriter
from rtstyle.sources.video_reader import VideoReader
from rtstyle.stages.blend import Blend
from rtstyle.stylizer import MIN_SIZE, Stylizer


def transcode(
    input: str | Path,
    output: str | Path,
    *,
    style: str | Path,
    strength: float = STRENGTH,
    batch: int = BATCH,
    device: str = DEVICE,
    overwrite: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Paint a video in one style: every frame once and at its own time, sound and subtitles as they were.

    ``style`` is a bundled style's name or the path of an ``.onnx``; ``strength`` mixes it with the
    original, 0 to 1. ``output`` appears only when it is complete, and nothing is left where it is
    not. Raises SourceError, SinkError, ModelError, DeviceError or UsageError, each a sentence.
    """
    start = perf_counter()
    blend = Blend(strength)
    sink = VideoWriter(output, overwrite=overwrite, keep=[input])
    with ExitStack() as until_run:
        source = until_run.enter_context(closing(VideoReader(input)))
        width, height = source.format.width, source.format.height
        if min(width, height) < MIN_SIZE:
            raise SourceError(f"{input}: expected at least {MIN_SIZE}×{MIN_SIZE} pixels, got {width}×{height}")
        stylizer = until_run.enter_context(Stylizer(style, device=device, batch=batch))
        stylizer.prepare(height, width)
        until_run.pop_all()  # `run` closes the source, when its thread has left it
    opened_s = perf_counter() - start
    stages: list[Stage] = [stylizer, blend] if strength < 1 else [stylizer]
    with stylizer:
        report = run(source, stages, sink, batch=batch, progress=progress)
    return report.as_job(provider=stylizer.provider, opened_s=opened_s)
