"""A video in, and out the same, painted: its keyframes are carried through the frames between."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from rtstyle.errors import SinkError, UsageError
from rtstyle.frames import Frame, Image, Packet, VideoFormat
from rtstyle.gatys.moments import Moments
from rtstyle.gatys.recipe import Recipe
from rtstyle.gatys.sizes import even, size_for
from rtstyle.jobs.keyframe.keyframes import Brush, Marked, VideoPaintReport, check_times, folder_for, marked
from rtstyle.jobs.keyframe.studio import Materials, Studio, find_device
from rtstyle.sinks.video_writer import VideoWriter
from rtstyle.sources.video_reader import VideoReader

if TYPE_CHECKING:
    from rtstyle.gatys.carry import Carrier
    from rtstyle.gatys.run import Step

_log = logging.getLogger("rtstyle")

_LONGEST = 48  # frames from one keyframe to the next: their flows are held in memory


def propagate_keyframes(
    input: str | Path,
    output: str | Path,
    materials: Materials,
    *,
    moments: Moments,
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> VideoPaintReport:
    """Paint keyframes, and carry them through the frames between, cut by cut; sound and times as ``transcode``.

    The output has the recipe's size, rounded to even numbers, and appears when it is complete. Until then its
    keyframes wait in ``OUTPUT.keyframes``; ``resume`` goes on with them. Raises as ``paint_keyframes`` does.
    """
    begun, target = perf_counter(), Path(output)
    sink = open_propagation(input, target, materials, moments=moments, resume=resume, overwrite=overwrite)
    folder, growing = _waiting(target), _growing(target)
    materials = replace(materials, recipe=replace(materials.recipe, init="content"))
    with closing(VideoReader(input, on_error="skip")) as source:
        format = _sized(source.format, materials.recipe)
        studio = Studio.open(materials)
        studio.check((format.height, format.width))
        from rtstyle.gatys.carry import Carrier

        kept = folder_for(folder, input, materials, moments, studio, resume=resume, overwrite=overwrite)
        if growing is not None:
            growing.unlink(missing_ok=True)
        brush = Brush(studio, kept, progress)
        propagation = Propagation(Carrier(studio.painter, studio.device, brush), (format.width, format.height))
        try:
            sink.open(format)
            for item in propagation.painted(marked(input, source, moments, packets=True)):
                sink.write(item)
        except BaseException:
            sink.close(complete=False)
            raise
        sink.close()
        kept.remove()
    return VideoPaintReport(
        frames=propagation.frames,
        keyframes=propagation.keyframes,
        seconds=perf_counter() - begun,
        hole_pixels=propagation.carrier.hole_pixels,
        files=[str(output)],
    )


def open_propagation(
    input: str | Path, output: str | Path, materials: Materials, *, moments: Moments, resume: bool, overwrite: bool
) -> VideoWriter:
    """What will write the video; nothing is written yet. Raises as ``propagate_keyframes`` does."""
    target, waiting = Path(output), _waiting(Path(output))
    if not moments:
        raise UsageError("propagate: expected --every, --at or --scenes, which say where the keyframes are")
    check_times(input, moments)
    if materials.recipe.init != "content":
        _log.warning(
            "%s: --propagate begins with the video's own frames; --init %s is ignored", input, materials.recipe.init
        )
    keep = [input, *materials.files()]
    writer = VideoWriter(target, overwrite=overwrite, keep=keep, temporary=_growing(target))
    find_device(materials.device)  # says how PyTorch is installed
    from rtstyle.jobs.keyframe.folder import MANIFEST, check_place

    if waiting.is_dir() and not (waiting / MANIFEST).exists() and any(p.stem != "painting" for p in waiting.iterdir()):
        raise SinkError(f"{waiting}: is the place of an unfinished run, but holds something else; move it elsewhere")
    check_place(waiting, resume=resume, overwrite=overwrite)
    return writer


@dataclass(slots=True)
class Propagation:
    """Paints frames segment by segment: from a keyframe up to the next one, or to the end of its shot."""

    carrier: Carrier
    size: tuple[int, int]  # width, height
    frames: int = 0
    keyframes: int = 0
    _held: list[Frame | Packet] = field(default_factory=list)  # the first frame among them is painted
    _painted: Image | None = None
    _first: int = 0  # its number

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
                self._first = self.frames - 1
                self._held, self._painted = [frame], self.carrier.first(frame.image, self._first)
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
        self._held, self._painted, self._first = [last], next(pictures), self.frames - 1

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
            yield from self.carrier.segment(frames, self._painted, self._first)

    def _pictures(self) -> list[Image]:
        return [item.image for item in self._held if isinstance(item, Frame)]

    def _scaled(self, image: Image) -> Image:
        import cv2
        import numpy as np

        smaller = self.size[0] < image.shape[1]
        how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC  # the one repeats pixels upwards, the other has aliases
        return np.asarray(cv2.resize(image, self.size, interpolation=how), dtype=np.uint8)


def _waiting(target: Path) -> Path:
    return target.with_name(f"{target.name}.keyframes")


def _growing(target: Path) -> Path | None:
    """What a kill leaves goes with the folder; but a link may lead to another disk, where no file can be moved to."""
    return None if target.is_symlink() else _waiting(target) / f"painting{target.suffix}"


def _sized(format: VideoFormat, recipe: Recipe) -> VideoFormat:
    height, width = even(size_for(recipe.size, (format.height, format.width)))
    as_shown = recipe.size == "content" or recipe.size.isdecimal()  # else the size is that of square pixels
    aspect = format.sample_aspect if as_shown else Fraction(1)
    return replace(format, width=width, height=height, sample_aspect=aspect)
