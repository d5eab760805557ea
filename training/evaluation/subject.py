"""A model that is evaluated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from rtstyle.engines import Engine, open_engine
from rtstyle.errors import ModelError
from rtstyle.frames import Image
from rtstyle.styles import Style, read_style
from training.checkpoint import Checkpoint
from training.evaluation.origin import Origin
from training.export import Artwork, export


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """An exported model on the engine that users run it on."""

    name: str
    model: Path
    style: Style
    engine: Engine

    @property
    def origin(self) -> Origin:
        return Origin.of(self.style)

    def paint(self, image: Image) -> Image:
        """(H, W, 3) uint8 RGB to the same. Raises DeviceError."""
        painting: Image = self.engine(np.ascontiguousarray(image)[None])[0]
        return painting


@contextmanager
def opened(paths: Sequence[Path], device: str) -> Iterator[list[Subject]]:
    """Opens .onnx files, and .ckpt files as what they would be exported to. Raises ModelError, DeviceError."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        subjects = []
        for index, path in enumerate(paths):
            model = _exported(path, folder / f"{index}.onnx") if path.suffix == ".ckpt" else path
            style = read_style(model)
            if len(style.styles) != 1:
                raise ModelError(f"{path}: holds {len(style.styles)} styles; an evaluation is of one style")
            engine = open_engine(model, device)
            stack.callback(engine.close)
            subjects.append(Subject(path.stem, model, style, engine))
        yield subjects


def _exported(checkpoint: Path, model: Path) -> Path:
    artwork = Artwork(names=(checkpoint.stem,), title=checkpoint.stem, artist="", year="")
    export(Checkpoint.load(checkpoint), artwork, model, photos=())
    return model
