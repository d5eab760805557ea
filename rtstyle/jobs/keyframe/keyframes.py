"""A video in, and out its keyframes, painted, as pictures in a folder."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from rtstyle.errors import SourceError, UsageError
from rtstyle.frames import Frame, Image, Packet
from rtstyle.gatys.moments import Moments, clock
from rtstyle.jobs.keyframe.studio import Materials, Studio, find_device
from rtstyle.sinks.encoding import MUXERS
from rtstyle.sinks.photo_writer import SUFFIXES
from rtstyle.sources.square import square_width, squared
from rtstyle.sources.streams import open_input
from rtstyle.sources.tally import duration_of
from rtstyle.sources.video_reader import VideoReader

if TYPE_CHECKING:
    from torch import Tensor

    from rtstyle.gatys.carry import Start
    from rtstyle.gatys.objective import Memory
    from rtstyle.gatys.run import Step
    from rtstyle.jobs.keyframe.folder import KeyframeFolder

_log = logging.getLogger("rtstyle")

_HINT = "try the optimiser's own learning rate with --resume, or begin anew with other weights and --overwrite"
_FLAT = 0.01  # standard deviation of a frame of one colour, as in a fade from black, with what a codec adds

Marked = tuple[Frame | Packet, bool, bool]  # with: whether it begins a shot, whether it is to be a keyframe


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
    materials: Materials,
    *,
    moments: Moments,
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> VideoPaintReport:
    """Paint the frames that ``moments`` ask for into a folder, named by number and time.

    The folder is made if only it is missing. A picture appears when it is complete; ``resume`` goes on with what an
    interrupted run left. Raises as ``paint_keyframe`` does, and SourceError where the video has no such frame.
    """
    begun, folder = perf_counter(), Path(folder)
    check_keyframes(input, folder, materials, moments=moments, resume=resume, overwrite=overwrite)
    with closing(VideoReader(input, on_error="skip")) as source:
        studio, format = Studio.open(materials), source.format
        studio.check((format.height, square_width(format.width, format.sample_aspect)))
        kept = folder_for(folder, input, materials, moments, studio, resume=resume, overwrite=overwrite)
        brush = Brush(studio, kept, progress)
        files, count = [], 0
        for count, (frame, _, wanted) in enumerate(marked(input, source, moments), start=1):
            if wanted and isinstance(frame, Frame):
                name = f"{Path(input).stem}-{count - 1:06}-{clock(frame.time)}.png"
                brush.photo(name, squared(frame.image, format.sample_aspect))
                files.append(str(kept.folder / name))
                if moments.last is not None and frame.time >= moments.last:
                    break
        kept.finish()
    if not files:
        raise SourceError(f"{input}: has {count} frames, none of which was selected; see --at, --every, --scenes")
    return VideoPaintReport(frames=count, keyframes=len(files), seconds=perf_counter() - begun, files=files)


def check_keyframes(
    input: str | Path, folder: str | Path, materials: Materials, *, moments: Moments, resume: bool, overwrite: bool
) -> None:
    """Raise what ``paint_keyframes`` would of moments, device and folder; nothing is made."""
    folder = Path(folder)
    check_times(input, moments)
    if folder.suffix.lower() in {*SUFFIXES, *MUXERS} and not folder.exists():
        raise UsageError(f"{folder}: expected a folder for pictures, got a file's name; propagate makes a video")
    find_device(materials.device)  # says how PyTorch is installed
    from rtstyle.jobs.keyframe.folder import check_place

    check_place(folder, resume=resume, overwrite=overwrite)


def check_times(input: str | Path, moments: Moments) -> None:
    """Raise SourceError where a video ends before all of its keyframes; where its end is not known, none."""
    if moments.last is None:
        return
    with closing(open_input(str(input))) as container:
        length, first = duration_of(container), min(moments.at)
    if 0 < length <= first:
        raise SourceError(f"{input}: expected --at before its end at {float(length):g} s, got {float(first):g} s")


@dataclass(frozen=True, slots=True)
class Brush:
    """Paints pictures that are not kept yet."""

    studio: Studio
    kept: KeyframeFolder
    progress: Callable[[Step], None] | None

    def photo(self, name: str, photo: Image) -> None:
        """A frame on its own, as the recipe begins it."""
        if self.kept.find(name) is None:
            scene = self.studio.scene(photo)
            self._paint(name, scene.content, lambda: scene.start, None)

    def __call__(self, number: int, content: Tensor, start: Start, memory: Memory | None, /) -> Image:
        """A keyframe of those that are carried."""
        return self._paint(f"{number:06}.png", content, start, memory)

    def _paint(self, name: str, content: Tensor, start: Start, memory: Memory | None) -> Image:
        from rtstyle.gatys.pictures import to_image

        found = self.kept.find(name)
        if found is not None:
            return found
        place, follow = self.kept.begin(name)

        def hear(step: Step) -> None:
            follow(step)
            if self.progress is not None:
                self.progress(step)

        painting = self.studio.painter.paint(content, start(), memory=memory, place=place, progress=hear)
        if painting.stopped:
            self.kept.stop(name, painting.place)
        if painting.failed and float(content.std(dim=(2, 3)).max()) < _FLAT and math.isfinite(painting.losses.total):
            _log.warning("%s: %s; the frame is nearly blank, and stays unpainted", name, painting.failed)
        else:
            painting.check(name, hint=_HINT)
        image = to_image(painting.picture)
        self.kept.put(name, image)
        return image


def folder_for(
    folder: Path,
    input: str | Path,
    materials: Materials,
    moments: Moments,
    studio: Studio,
    *,
    resume: bool,
    overwrite: bool,
) -> KeyframeFolder:
    """The folder in which a run keeps its keyframes. Raises SinkError and SourceError where it cannot go on there."""
    from rtstyle.jobs.keyframe.checkpoint import notes_of
    from rtstyle.jobs.keyframe.folder import KeyframeFolder

    notes = {**notes_of(input, materials, studio), "input": str(input), "moments": str(moments)}
    return KeyframeFolder(folder, notes, resume=resume, overwrite=overwrite, keep=[input, *materials.files()])


def marked(input: str | Path, source: VideoReader, moments: Moments, *, packets: bool = False) -> Iterator[Marked]:
    """Every frame, and with ``packets`` those too; warns of times that the video does not reach."""
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
    for moment in moments.at:
        if before is None or moment > before:
            _log.warning("%s: ends before %g s, and has no frame there", input, moment)
