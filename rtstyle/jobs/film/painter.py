"""The stages of a film: styles and when, how strong, in whose colours, how steady, how fine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from typing import Self

from rtstyle.errors import UsageError
from rtstyle.jobs.defaults import DEVICE
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.model_file import sha256_of
from rtstyle.protocols import Stage
from rtstyle.stages.schedule import Schedule
from rtstyle.stages.steady import Steady
from rtstyle.styles import StyleLike
from rtstyle.stylizer import Stylizer
from rtstyle.times import parse_time

Styles = StyleLike | Sequence[StyleLike]


class FilmPainter:
    """The stages that a film goes through, with the networks that they run on. The owner closes it.

    Raises UsageError, ModelError or DeviceError.
    """

    def __init__(self, styles: Styles, options: FilmOptions, *, device: str = DEVICE, batch: int = 1) -> None:
        self._options, self._batch = options, batch
        self._closing = ExitStack()
        schedule = read_schedule(styles)
        if options.crossfade and len(schedule) == 1:
            raise UsageError("crossfade: expected several styles, as in wave@0 and starry-night@00:12, got one")
        try:
            self._stylizers = [
                self._closing.enter_context(Stylizer(style, device=device, batch=batch, precision=options.precision))
                for _, style in schedule
            ]
            starts = [start for start, _ in schedule]
            self._paint: Stage = self._stylizers[0]
            if len(schedule) > 1:
                self._paint = Schedule(list(zip(starts, self._stylizers, strict=True)), fade_s=options.crossfade)
        except BaseException:
            self.close()
            raise
        self.steady = Steady() if options.steady else None
        self.identity = ", ".join(
            f"{stylizer.style.path.name}{stylizer.style.mix or ''}{stylizer.style.convention or ''}@{float(start):g} "
            f"({sha256_of(stylizer.style.path)[:16]})"
            for start, stylizer in zip(starts, self._stylizers, strict=True)
        )

    @property
    def provider(self) -> str:
        """What runs the networks, in words."""
        return self._stylizers[0].provider

    @property
    def frames_at_once(self) -> int:
        """How many frames to give it: as many as it was opened for, but one where no GPU could be used after all."""
        return self._batch if any("CPU" not in stylizer.provider for stylizer in self._stylizers) else 1

    def prepare(self, height: int, width: int, *, yuv: int | None = None) -> None:
        """Compile for frames of this size; to I420 by the matrix ``yuv`` (AVCOL_SPC_*), if nothing needs RGB."""
        last = self.stages()[-1] is self._stylizers[0]
        height, width = self._options.size(height, width)
        for stylizer in self._stylizers:
            stylizer.prepare(height, width, yuv=yuv if last else None)

    def stages(self, steady: Stage | None = None) -> list[Stage]:
        """In the order in which frames go through; ``steady`` in place of our own."""
        return self._options.stages(self._paint, steady or self.steady)

    def close(self) -> None:
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_schedule(styles: Styles) -> list[tuple[Fraction, StyleLike]]:
    """Take ``wave``, or several as ``wave@0``, ``starry-night@00:12``. Raises UsageError."""
    given = [styles] if isinstance(styles, StyleLike) else list(styles)
    entries = [_entry(style) for style in given]
    if not entries:
        raise UsageError("style: expected at least one, got none")
    if len(entries) == 1 and entries[0][0]:
        raise UsageError(
            f"{given[0]}: expected a time only with several styles; a single one lasts from beginning to end"
        )
    if len(entries) > 1 and any(time is None for time, _ in entries):
        raise UsageError("several styles: expected NAME@TIME each, as in wave@0 and starry-night@00:12")
    return [(time or Fraction(0), style) for time, style in entries]


def _entry(style: StyleLike) -> tuple[Fraction | None, StyleLike]:
    name, at, time = str(style).rpartition("@")
    if not isinstance(style, str) or not at or not time[:1].isdigit() or ".onnx" in time.lower():
        return None, style
    return parse_time(time), name
