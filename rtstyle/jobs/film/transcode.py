"""A clip in, a painting out, with sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rtstyle.errors import UsageError
from rtstyle.jobs.defaults import BATCH, DEVICE
from rtstyle.jobs.film.film import paint_film, paint_stream
from rtstyle.jobs.film.options import PLAIN, FilmOptions
from rtstyle.jobs.film.painter import Styles
from rtstyle.jobs.film.task import Task
from rtstyle.meter import Progress, Report


def transcode(
    input: str | Path,
    output: str | Path,
    *,
    style: Styles,
    strength: float | None = None,
    options: FilmOptions = PLAIN,
    batch: int | None = BATCH,
    device: str = DEVICE,
    overwrite: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Paint a video: every frame once and at its own time, and every other stream as it was.

    ``style`` is a bundled style's name or the path of an ``.onnx``, or several as ``NAME@TIME``;
    ``strength`` mixes it with the original, 0 to 1; None: ``options.strength`` does. ``output`` appears
    only when it is complete and was read again. Until then a file grows in segments beside it, in
    ``OUTPUT.rtstyle/``, which stay if the run is interrupted and from which ``options.resume``
    continues; a stream from the network leaves nothing. Raises SourceError, SinkError, ModelError,
    DeviceError or UsageError, each a sentence.
    """
    if batch is not None and batch < 1:
        raise UsageError(f"batch: expected 1 or more, got {batch}")
    task = Task(
        input=str(input),
        output=Path(output),
        style=style,
        options=options if strength is None else replace(options, strength=strength),
        batch=batch,
        device=device,
        overwrite=overwrite,
        progress=progress,
    )
    return paint(task)


def paint(task: Task) -> Report:
    """As ``transcode``."""
    return paint_film(task) if task.is_file else paint_stream(task)
