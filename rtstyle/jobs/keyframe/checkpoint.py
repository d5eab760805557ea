"""The state of a painting, in a file from which another run continues."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from rtstyle.errors import SinkError, SourceError
from rtstyle.fingerprint import fingerprints
from rtstyle.frames import Image
from rtstyle.gatys.run import Place, Step
from rtstyle.jobs.keyframe.studio import Materials, Studio
from rtstyle.output_file import OutputFile
from rtstyle.resumption import check_inputs, check_options

_log = logging.getLogger(__name__)

_EVERY_S = 30.0  # between two saves: what a kill costs at most
_INPUTS = "inputs"  # among the notes: fingerprints, by name
# From a run to its resumption; inputs are compared by check_inputs.
_MAY_DIFFER = {"iterations", "learning_rate", "tile", _INPUTS}
_AT = ("before", "rate", "lost")  # of a place, besides scale and iteration

Notes = Mapping[str, Any]  # everything that a painting depends on, as JSON has it


class Checkpoint:
    """One painting's file; ``notes`` must be the same from run to run, but for iterations, learning rate and tiles."""

    def __init__(self, path: Path, notes: Notes) -> None:
        self.path, self._notes = path, notes
        self.process: list[Image] = []  # the pictures along the way so far
        self.labels: list[str] = []  # theirs
        self.made: set[str] = set()  # what the run has made beside its painting, or will have
        self._due_s = perf_counter() + _EVERY_S

    def place(self) -> Place | None:
        """Where the run before was; None where there is no file. Raises SourceError and SinkError."""
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="pt") as file:
                notes = json.loads(file.metadata()["rtstyle"])
                at = {name: notes[name] for name in _AT if name in notes}  # an older run knew fewer
                place = Place(notes["scale"], notes["iteration"], file.get_tensor("picture"), **at)
                self.made = set(notes.get("made", ()))
                self.labels = list(notes.get("labels", ()))
                self.process = [file.get_tensor(f"process{number}").numpy() for number in range(len(self.labels))]
                begun = dict(notes["begun"])
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise SourceError(f"{self.path}: is damaged ({error}); remove it, and start again") from error
        compare(self.path, begun, self._notes)
        same_rate = begun.get("learning_rate") == self._notes.get("learning_rate")
        return place if same_rate else replace(place, rate=None)

    def follow(self, step: Step) -> None:
        """Save it every half minute; a disk that is full does not stop the painting."""
        if perf_counter() < self._due_s:
            return
        self._due_s = perf_counter() + _EVERY_S
        try:
            self.save(step.place())
        except SinkError as error:
            _log.warning("%s; painting continues", error)

    def save(self, place: Place) -> None:
        """Replace the file in one step. Raises SinkError."""
        at = {name: getattr(place, name) for name in ("scale", "iteration", *_AT)}
        notes = {**at, "labels": self.labels, "made": sorted(self.made), "begun": self._notes}
        tensors = {"picture": place.picture.cpu().contiguous()}
        tensors |= {f"process{number}": torch.from_numpy(picture) for number, picture in enumerate(self.process)}
        with OutputFile(self.path, overwrite=True).written() as temporary:
            try:
                save_file(tensors, temporary, {"rtstyle": json.dumps(notes)})
            except SafetensorError as error:
                raise SinkError(f"{self.path}: cannot be written: {error}") from error

    def remove(self) -> None:
        """Remove the file: the painting is finished."""
        self.path.unlink(missing_ok=True)


def notes_of(content: str | Path, materials: Materials, studio: Studio) -> Notes:
    """Everything that a painting depends on but what it shows; of what is read a fingerprint."""
    styles = [asdict(style) for style in materials.styles]
    inputs = {**fingerprints([content, *materials.files()]), "VGG": studio.fingerprint}
    notes = {**asdict(materials.recipe), "styles": styles, "vgg": materials.vgg, _INPUTS: inputs}
    return dict(json.loads(json.dumps(notes, default=str)))  # tuples become lists, as they are in a file


def compare(run: Path, begun: Notes, now: Notes) -> None:
    """Raise SinkError where a run is not the one that was begun, SourceError where what it reads has changed."""
    check_options(run, begun, now, but=_MAY_DIFFER)
    check_inputs(run, begun.get(_INPUTS, {}), now.get(_INPUTS, {}))
