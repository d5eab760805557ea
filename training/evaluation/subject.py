"""A model that is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from rtstyle.engines import Engine, open_engine
from rtstyle.errors import ModelError
from rtstyle.frames import Image
from rtstyle.style import Style, model_of, read_style
from rtstyle.styles import Mix, find_style
from training.checkpoint import Checkpoint
from training.evaluation.origin import Origin
from training.export import Artwork, export


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One style of an exported model, on the engine that users run it on."""

    name: str  # of its file, and behind a colon of the style where the file holds several
    style: Style
    engine: Engine
    origin: Origin

    def paint(self, image: Image) -> Image:
        """(H, W, 3) uint8 RGB to the same. Raises DeviceError."""
        painting: Image = self.engine(np.ascontiguousarray(image)[None])[0]
        return painting


@contextmanager
def opened(paths: Sequence[Path], device: str) -> Iterator[list[Subject]]:
    """Open .onnx files, and .ckpt files as what they would be exported to; a subject for each style inside.

    Raises ModelError, DeviceError.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        subjects = []
        for index, path in enumerate(paths):
            model = _exported(path, folder / f"{index}.onnx") if path.suffix == ".ckpt" else path
            network = read_style(model)
            if network.convention:
                raise ModelError(f"{path}: expected a model under rtstyle's contract, got a foreign one")
            for name, style, origin in _styles_in(path, network):
                engine = open_engine(model_of(style), device)
                stack.callback(engine.close)
                subjects.append(Subject(name, style, engine, origin))
        yield subjects


def _styles_in(path: Path, network: Style) -> Iterator[tuple[str, Style, Origin]]:
    origin = replace(Origin.of(network), beside=path.parent)
    if len(network.styles) == 1:
        yield path.stem, network, origin
        return
    artworks = origin.artworks if len(origin.artworks) == len(network.styles) else ("",) * len(network.styles)
    for name, artwork in zip(network.styles, artworks, strict=True):
        alone = find_style(Mix({name: 1}, network.path))
        yield f"{path.stem}:{name}", alone, replace(origin, artworks=(artwork,) if artwork else ())


def _exported(checkpoint: Path, model: Path) -> Path:
    state = Checkpoint.load(checkpoint)
    names = [re.sub("[,=]", "-", Path(image).stem) for image in state.recipe.style_images]
    if len(set(names)) < len(names):
        names = [f"{number}-{name}" for number, name in enumerate(names, start=1)]
    if len(names) == 1:
        names = [checkpoint.stem]
    export(state, Artwork(names=tuple(names), title=checkpoint.stem, artist="", year="", licence=""), model, photos=())
    return model
