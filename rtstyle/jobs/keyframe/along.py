"""What is kept of a painting in progress: a strip, a film, saves, and the place to resume from."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from fractions import Fraction
from glob import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.errors import SinkError, SourceError
from rtstyle.frames import Frame, VideoFormat
from rtstyle.gatys.pictures import resized, to_image
from rtstyle.gatys.run import Painting, Step
from rtstyle.gatys.sheet import sheet
from rtstyle.jobs.keyframe.checkpoint import Checkpoint
from rtstyle.sinks.photo_writer import PhotoWriter
from rtstyle.sinks.video_writer import VideoWriter

if TYPE_CHECKING:
    from torch import Tensor

    from rtstyle.jobs.keyframe.studio import KeyframeExtras

_log = logging.getLogger("rtstyle")

_KINDS = ("process", "save_every")  # of what is made along the way, as the extras call them
_RATE = 4  # pictures a second, in the film of the process


class Along:
    """Called after every iteration; files lie beside ``target`` and carry its name."""

    def __init__(
        self,
        target: Path,
        extras: KeyframeExtras,
        checkpoint: Checkpoint,
        size: tuple[int, int],
        progress: Callable[[Step], None] | None,
        *,
        overwrite: bool,
        keep: Sequence[str | Path],
    ) -> None:
        """Raise SinkError now for a file that could not be written later; those in ``keep`` are never replaced.

        A run that goes on replaces what it made before. Raises SourceError too, where there is nothing to go on with.
        """
        self.place = checkpoint.place() if extras.resume else None  # where the run before was stopped
        if extras.resume and self.place is None:
            raise SourceError(f"{checkpoint.path}: there is nothing to resume; start without --resume")
        ours = set(_KINDS) if overwrite else checkpoint.made
        checkpoint.made = checkpoint.made | {kind for kind in _KINDS if getattr(extras, kind)}
        self._target, self._extras, self._size, self._progress = target, extras, size, progress
        self._checkpoint, self._keep = checkpoint, keep
        self._at = 0  # the iteration
        if extras.process:
            strip, film = (target.with_name(f"{target.stem}-process{suffix}") for suffix in (".png", ".mp4"))
            self._strip = PhotoWriter([strip], overwrite="process" in ours, keep=keep)
            self._film = VideoWriter(film, overwrite="process" in ours, keep=keep)
        if extras.save_every:
            saves = sorted(target.parent.glob(f"{escape(target.stem)}.{'[0-9]' * 6}{target.suffix}"))
            PhotoWriter(saves, overwrite="save_every" in ours, keep=keep)

    def __call__(self, step: Step) -> None:
        self._at = step.iteration
        every = self._extras.save_every
        if every and step.iteration % every == 0:
            name = f"{self._target.stem}.{step.iteration:06}{self._target.suffix}"
            writer = PhotoWriter([self._target.with_name(name)], overwrite=True, keep=self._keep)
            try:
                writer.write(Frame(to_image(step.picture()), Fraction(0)))
            except SinkError as error:
                _log.warning("%s; painting continues", error)
        if self._extras.process and self._is_due(step):
            self._show(step.picture())
        self._checkpoint.follow(step)
        if self._progress is not None:
            self._progress(step)

    def end(self, painting: Painting) -> None:
        """Write what was collected. After Ctrl-C keep the place, and pass the interruption on."""
        try:
            if painting.stopped:
                self._checkpoint.save(painting.place)
            if self._extras.process:
                self._write_process(painting)
        except SinkError as error:
            if not (painting.stopped or painting.failed):
                raise
            _log.warning("%s", error)  # how the run ended is what matters
        if not painting.stopped:
            self._checkpoint.remove()
        else:
            on = "; continue with --resume" if self._checkpoint.path.exists() else ""
            raise KeyboardInterrupt(f"the best picture so far is in {self._target}{on}")

    def rescued(self, painting: Painting, error: SinkError) -> SinkError:
        """What to raise where the painting cannot be written: its place is kept, if that can be."""
        try:
            self._checkpoint.save(painting.place)
        except SinkError:
            return error
        return SinkError(f"{error}; then continue with --resume: the painting is kept in {self._checkpoint.path}")

    def _is_due(self, step: Step) -> bool:
        """Whether it is time for one more picture. Where the end is open, there are at times twice as many as asked."""
        if step.eta_s is not None:
            shown, now = (at * self._extras.process // step.iterations for at in (self._last_shown(), step.iteration))
            return now > shown
        if len(self._checkpoint.labels) == 2 * self._extras.process:
            self._thin(self._extras.process)
        shown_at = [0, *map(int, self._checkpoint.labels)]
        return step.iteration % min((b - a for a, b in pairwise(shown_at)), default=1) == 0

    def _thin(self, count: int) -> None:
        """Leave so many of the pictures, the last one and those at even distances before it."""
        kept = [(n + 1) * len(self._checkpoint.labels) // count - 1 for n in range(count)]
        self._checkpoint.process = [self._checkpoint.process[n] for n in kept]
        self._checkpoint.labels = [self._checkpoint.labels[n] for n in kept]

    def _last_shown(self) -> int:
        """The iteration whose picture is the last one so far; 0 where there is none."""
        return int(self._checkpoint.labels[-1]) if self._checkpoint.labels else 0

    def _show(self, picture: Tensor) -> None:
        """One more picture of the process."""
        self._checkpoint.process.append(to_image(resized(picture, self._size)))
        self._checkpoint.labels.append(f"{self._at}")

    def _write_process(self, painting: Painting) -> None:
        if self._last_shown() < self._at or not self._checkpoint.process:  # it ended earlier than planned
            self._show(painting.picture)
        self._thin(min(self._extras.process, len(self._checkpoint.process)))
        self._strip.write(Frame(sheet([self._checkpoint.process], [self._checkpoint.labels]), Fraction(0)))
        self._write_film()

    def _write_film(self) -> None:
        height, width = self._size
        step = Fraction(1, _RATE)
        writer = self._film
        try:
            writer.open(VideoFormat(width=width, height=height, rate=1 / step, time_base=step))
            for index, picture in enumerate(self._checkpoint.process):
                writer.write(Frame(picture, index * step, step))
        except BaseException:
            writer.close(complete=False)
            raise
        writer.close()
