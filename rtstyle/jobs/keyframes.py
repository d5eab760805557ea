"""A video in, and out its keyframes, painted: as pictures in a folder, or carried through the whole video."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from rtstyle.errors import SinkError, SourceError, UsageError
from rtstyle.frames import Frame, Image, Packet, VideoFormat
from rtstyle.gatys.moments import Moments, clock
from rtstyle.gatys.recipe import Recipe
from rtstyle.jobs.keyframe import Studio, StyleImage, files_of
from rtstyle.sinks.photo_writer import PhotoWriter
from rtstyle.sinks.video_writer import VideoWriter
from rtstyle.sources.video_reader import VideoReader

if TYPE_CHECKING:
    from rtstyle.gatys.carry import Carrier
    from rtstyle.gatys.run import Step

_LONGEST = 48  # frames from one keyframe to the next: their flows are held in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPaintReport:
    """What painting a video took."""

    frames: int
    keyframes: int
    seconds: float
    hole_pixels: int = 0  # that no keyframe showed
    files: list[str] = field(default_factory=list)


def paint_keyframes(
    input: str | Path,
    folder: str | Path,
    *,
    style_images: Sequence[StyleImage],
    moments: Moments,
    recipe: Recipe | None = None,
    device: str = "auto",
    vgg: str | Path | None = None,
    overwrite: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> VideoPaintReport:
    """Paint the frames that ``moments`` ask for into a folder, named by number and time.

    The folder is made if only it is missing. A picture appears when it is complete. Raises as
    ``paint_keyframe`` does, and SourceError where the video has no such frame.
    """
    begun = perf_counter()
    studio = Studio.open(style_images, recipe or Recipe(), device=device, vgg=vgg)
    target = Path(folder)
    files, count = [], 0
    with closing(VideoReader(input)) as source:
        try:
            target.mkdir(exist_ok=True)
        except OSError as error:
            raise SinkError(f"{target}: the folder cannot be made: {error.strerror}; make it first") from error
        for count, (frame, _, wanted) in enumerate(_marked(source, moments), start=1):
            if not wanted or isinstance(frame, Packet):
                continue
            path = target / f"{Path(input).stem}-{count - 1:06}-{clock(frame.time)}.png"
            writer = PhotoWriter([path], overwrite=overwrite, keep=[input, *files_of(style_images)])
            scene = studio.scene(frame.image)
            painting = studio.painter.paint(scene.content, scene.start, progress=progress)
            writer.write(Frame(studio.image(painting), Fraction(0)))
            files.append(str(path))
            if painting.stopped:
                raise KeyboardInterrupt
    if not files:
        raise SourceError(f"{input}: has {count} frames, and none of them was asked for; see --at, --every, --scenes")
    return VideoPaintReport(frames=count, keyframes=len(files), seconds=perf_counter() - begun, files=files)


def propagate_keyframes(
    input: str | Path,
    output: str | Path,
    *,
    style_images: Sequence[StyleImage],
    moments: Moments,
    recipe: Recipe | None = None,
    device: str = "auto",
    vgg: str | Path | None = None,
    overwrite: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> VideoPaintReport:
    """Paint keyframes, and carry them through the frames between, cut by cut; sound and times as ``transcode``.

    The output has the recipe's size, rounded to even numbers. It appears when it is complete, and nothing is left
    where it is not. Raises as ``paint_keyframes`` does.
    """
    if not moments:
        raise UsageError("propagate: expected --every, --at or --scenes, which say where the keyframes are")
    begun = perf_counter()
    recipe = recipe or Recipe()
    sink = VideoWriter(output, overwrite=overwrite, keep=[input, *files_of(style_images)])
    with closing(VideoReader(input)) as source:
        format = _sized(source.format, recipe)
        studio = Studio.open(style_images, replace(recipe, init="content"), device=device, vgg=vgg)
        from rtstyle.gatys.carry import Carrier

        film = _Film(Carrier(studio.painter, studio.device, progress=progress), (format.width, format.height))
        sink.open(format)
        try:
            for item in film.painted(_marked(source, moments, packets=True)):
                sink.write(item)
        except BaseException:
            sink.close(complete=False)
            raise
        sink.close()
    return VideoPaintReport(
        frames=film.frames,
        keyframes=film.keyframes,
        seconds=perf_counter() - begun,
        hole_pixels=film.carrier.hole_pixels,
        files=[str(output)],
    )


Marked = tuple[Frame | Packet, bool, bool]  # with: begins a shot, is asked for


def _marked(source: VideoReader, moments: Moments, *, packets: bool = False) -> Iterator[Marked]:
    from rtstyle.gatys.cuts import Cuts

    cuts, index, before = Cuts(), 0, None
    for item in source:
        if isinstance(item, Packet):
            if packets:
                yield item, False, False
            continue
        cut = cuts(item.image)
        yield item, cut, moments.wants(index, item.time, before, cut=cut)
        index, before = index + 1, item.time


@dataclass(slots=True)
class _Film:
    """Paints frames segment by segment: from a keyframe up to the next one, or to the end of its shot."""

    carrier: Carrier
    size: tuple[int, int]  # width, height
    frames: int = 0
    keyframes: int = 0
    _held: list[Frame | Packet] = field(default_factory=list)  # the first frame among them is painted
    _painted: Image | None = None

    def painted(self, items: Iterator[Marked]) -> Iterator[Frame | Packet]:
        """Every frame once, in order, at its own time, and every packet in its place."""
        for item, cut, wanted in items:
            if isinstance(item, Packet):
                self._held.append(item)
                continue
            self.frames += 1
            frame = replace(item, image=self._scaled(item.image))
            if cut or self._painted is None:
                yield from self._flushed()
                self._held, self._painted = [frame], self.carrier.first(frame.image)
                self.keyframes += 1
                continue
            self._held.append(frame)
            if wanted or len(self._pictures()) > _LONGEST:
                yield from self._segment()
        yield from self._flushed()

    def _segment(self) -> Iterator[Frame | Packet]:
        """Everything but the last frame, with which the next segment begins."""
        last = self._held[-1]  # the frame that was just added
        pictures = self._paint()
        for item in self._held[:-1]:
            yield replace(item, image=next(pictures)) if isinstance(item, Frame) else item
        self._held, self._painted = [last], next(pictures)

    def _flushed(self) -> Iterator[Frame | Packet]:
        """Everything that is held: the end of a shot, whose last frame is a keyframe too."""
        pictures = self._paint()
        for item in self._held:
            yield replace(item, image=next(pictures)) if isinstance(item, Frame) else item
        self._held = []

    def _paint(self) -> Iterator[Image]:
        frames = self._pictures()
        if self._painted is None:
            return
        yield self._painted
        if len(frames) > 1:
            self.keyframes += 1
            yield from self.carrier.segment(frames, self._painted)

    def _pictures(self) -> list[Image]:
        return [item.image for item in self._held if isinstance(item, Frame)]

    def _scaled(self, image: Image) -> Image:
        import cv2
        import numpy as np

        return np.asarray(cv2.resize(image, self.size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _sized(format: VideoFormat, recipe: Recipe) -> VideoFormat:
    from rtstyle.gatys.pictures import parse_size

    height, width = (side - side % 2 for side in parse_size(recipe.size, (format.height, format.width)))
    return replace(format, width=width, height=height)
