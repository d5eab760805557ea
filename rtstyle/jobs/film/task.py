"""One film's task, as it was asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rtstyle.engines import frames_at_once
from rtstyle.errors import SourceError
from rtstyle.frames import Cut, VideoFormat
from rtstyle.jobs.defaults import BATCH, DEVICE
from rtstyle.jobs.film.options import PLAIN, FilmOptions
from rtstyle.jobs.film.painter import FilmPainter, Styles
from rtstyle.meter import Progress
from rtstyle.sources.animation_reader import AnimationReader, is_animated_webp
from rtstyle.sources.picture_sequence import PictureSequence, is_pattern
from rtstyle.sources.streams import Keep, open_input, rate_refused
from rtstyle.sources.tally import span_of
from rtstyle.sources.video_reader import VideoReader
from rtstyle.style import MIN_SIZE

Reader = VideoReader | AnimationReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What ``transcode`` was given."""

    input: str
    output: Path
    style: Styles
    options: FilmOptions = PLAIN
    batch: int | None = BATCH
    device: str = DEVICE
    overwrite: bool = False
    progress: Callable[[Progress], None] | None = None

    @property
    def is_file(self) -> bool:
        """Whether the input can be read twice: a file or numbered pictures, no stream and no pipe."""
        path = Path(self.input)
        try:
            pipe = path.exists() and not path.is_file() and not path.is_dir()
        except OSError:  # a name that no file can have, which the reader says better
            pipe = False
        return "://" not in self.input and not pipe

    def fingerprint(self) -> tuple[int, int] | None:
        """The input's size in bytes and when it was changed, in ns; None where it is not there."""
        try:
            if is_pattern(self.input):
                return PictureSequence.find(self.input).fingerprint
            status = Path(self.input).stat()
        except (OSError, SourceError):
            return None
        return status.st_size, status.st_mtime_ns

    def cut(self) -> Cut | None:
        """The part that is painted, of a preview the middle; None: all. Raises SourceError."""
        options = self.options
        if options.preview is not None and self.is_file:
            with closing(open_input(self.input, options.rate)) as container:
                start, end = span_of(container)
            return Cut(max((start + end - options.preview) / 2, start), options.preview)
        return Cut(options.start, options.duration) if options.start or options.duration is not None else None

    def open_source(self, keep: Keep | None, cut: Cut | None = None) -> Reader:
        """Open the input; ``keep=None`` for its frames alone. Raises SourceError."""
        if self.is_file and is_animated_webp(self.input):  # a pipe cannot be looked into without a loss
            if self.options.rate is not None:
                raise rate_refused(self.input)
            return AnimationReader(self.input, cut=cut)
        options = self.options
        return VideoReader(
            self.input, keep=keep, cut=cut, on_error=options.on_error, rate=options.rate, decoder=options.decoder
        )

    def load_painter(self, format: VideoFormat) -> FilmPainter:
        """Load the networks. Raises SourceError for frames that are too small, and as ``FilmPainter`` does."""
        if min(format.width, format.height) < MIN_SIZE:
            size = f"{format.width}×{format.height}"
            raise SourceError(f"{self.input}: expected at least {MIN_SIZE}×{MIN_SIZE} pixels, got {size}")
        batch = self.batch or frames_at_once(self.device, format.height, format.width)
        return FilmPainter(self.style, self.options, device=self.device, batch=batch)

    def open_painter(self, format: VideoFormat) -> FilmPainter:
        """The same, compiled for the frames."""
        painter = self.load_painter(format)
        try:
            yuv = None if self.options.preview is not None else format.color.matrix_for(format.width, format.height)
            painter.prepare(format.height, format.width, yuv=yuv)
        except BaseException:
            painter.close()
            raise
        return painter
