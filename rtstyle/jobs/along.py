"""What is kept of a painting along the way: a strip, a film, saves, and the place from which to go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from rtstyle.errors import SourceError, UsageError
from rtstyle.frames import Frame, Image, VideoFormat
from rtstyle.gatys.pictures import resized, to_image
from rtstyle.gatys.recipe import Recipe
from rtstyle.gatys.run import Painting, Place, Step
from rtstyle.gatys.sheet import sheet
from rtstyle.output_file import OutputFile
from rtstyle.sinks.photo_writer import PhotoWriter
from rtstyle.sinks.video_writer import VideoWriter

if TYPE_CHECKING:
    from rtstyle.jobs.keyframe import Extras

_RATE = 4  # pictures a second, in the film of the process
_MAY_DIFFER = {"iterations", "tile"}  # between a run and its resumption


class Along:
    """Called after every iteration; files lie beside ``target`` and carry its name."""

    def __init__(
        self,
        target: Path,
        extras: Extras,
        recipe: Recipe,
        size: tuple[int, int],
        progress: Callable[[Step], None] | None,
    ) -> None:
        self._target, self._extras, self._recipe, self._size, self._progress = target, extras, recipe, size, progress
        self.checkpoint = target.with_name(f"{target.name}.keyframe")
        self._pictures: list[Image] = []
        self._labels: list[str] = []

    def __call__(self, step: Step) -> None:
        every = self._extras.save_every
        if every and step.iteration % every == 0:
            name = f"{self._target.stem}.{step.iteration:06}{self._target.suffix}"
            self._save(self._target.with_name(name), to_image(step.picture()))
        count = self._extras.process
        if count and step.iteration * count // step.iterations > (step.iteration - 1) * count // step.iterations:
            self._pictures.append(to_image(resized(step.picture(), self._size)))
            self._labels.append(f"{step.iteration}")
        if self._progress is not None:
            self._progress(step)

    def place(self) -> Place | None:
        """Where the run before was stopped, if it is to go on. Raises SourceError and UsageError."""
        if not self._extras.resume:
            return None
        try:
            with safe_open(self.checkpoint, framework="pt") as file:
                notes = json.loads(file.metadata()["rtstyle"])
                picture = file.get_tensor("picture")
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise SourceError(f"{self.checkpoint}: there is nothing to go on with ({error}); begin anew") from error
        mine = _notes(self._recipe, self._size)
        for name, value in notes["begun"].items():
            if name not in _MAY_DIFFER and mine.get(name) != value:
                raise UsageError(
                    f"{name.replace('_', ' ')}: the run was begun with {value}, got {mine.get(name)}; "
                    "give the same, or begin anew"
                )
        return Place(notes["scale"], notes["iteration"], picture)

    def end(self, painting: Painting) -> None:
        """Write what was collected. After Ctrl-C keep the place, and pass the interruption on."""
        if self._pictures:
            row = sheet([self._pictures], [self._labels])
            self._save(self._target.with_name(f"{self._target.stem}-process.png"), row)
            self._film(self._target.with_name(f"{self._target.stem}-process.mp4"))
        if not painting.stopped:
            self.checkpoint.unlink(missing_ok=True)
            return
        place = painting.place
        notes = {
            "scale": place.scale,
            "iteration": place.iteration,
            "begun": _notes(self._recipe, self._size),
        }
        file = OutputFile(self.checkpoint, overwrite=True)
        file.create()
        save_file({"picture": place.picture.cpu().contiguous()}, file.temporary, {"rtstyle": json.dumps(notes)})
        file.commit()
        raise KeyboardInterrupt

    def _save(self, path: Path, image: Image) -> None:
        PhotoWriter([path], overwrite=True).write(Frame(image, Fraction(0)))

    def _film(self, path: Path) -> None:
        height, width = self._size
        step = Fraction(1, _RATE)
        writer = VideoWriter(path, overwrite=True)
        writer.open(VideoFormat(width=width, height=height, rate=1 / step, time_base=step))
        try:
            for index, picture in enumerate(self._pictures):
                writer.write(Frame(picture, index * step, step))
        except BaseException:
            writer.close(complete=False)
            raise
        writer.close()


def _notes(recipe: Recipe, size: tuple[int, int]) -> dict[str, object]:
    notes = {**asdict(recipe), "size": f"{size[1]}x{size[0]}"}
    plain: dict[str, object] = json.loads(json.dumps(notes))  # tuples become lists, as they are in a file
    return plain
