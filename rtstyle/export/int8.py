"""``int8``: convolutions in 8 bits, QDQ, calibrated on photos; those that this harms most stay in float32.

Which they are is measured, each convolution quantised alone. Beside the original, as NAME.int8.onnx, it is what the CPU
engine takes in its place where it is faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from rtstyle.errors import ModelError, UsageError
from rtstyle.export.eight_bits import convolutions, measure, quantised
from rtstyle.export.fidelity import psnr_db
from rtstyle.export.graph import baked, folded, runner, save_checked, varied
from rtstyle.export.order import Made, Order
from rtstyle.export.pictures import fitted
from rtstyle.manifest import sha256_of
from rtstyle.twin import ORIGINAL

if TYPE_CHECKING:
    from onnx import ModelProto

    from rtstyle.export.order import Size
    from rtstyle.frames import Image, Images
    from rtstyle.style import Style

SUFFIX = ".onnx"
SEVERAL = False

_ENOUGH_DB = 38.0  # on the worst judge; more than is asked of the photos that measure
_SIZES = (320, 240), (960, 720)  # pixels of photos that calibrate; every other one is enlarged, as soft as video is
_JUDGES = 4  # photos that each convolution is judged by, beside clouds of colour, smoother than any of them


def make(order: Order, folder: Path) -> Made:
    """Raise UsageError without photos, ModelError for a network without convolutions."""
    if not order.photos:
        raise UsageError("--to int8: expected a folder of photos to calibrate with, as in --photos holiday/")
    bench = _Bench(folded(baked(order.model)), [_prepared(*one, order.size) for one in enumerate(order.photos)])
    kept = bench.kept_in_float()
    path = folder / order.name
    made = varied(bench.quantised(kept), "int8")
    _name_original(made, order.subjects[0].style)
    save_checked(made, path)
    count = len(bench.convolutions)
    names = f": {', '.join(kept)}" if kept else ""
    return Made(
        (runner(path),), (f"{count - len(kept)} of {count} convolutions in 8 bits, {len(kept)} in float32{names}.",)
    )


class _Bench:
    """One network and the photos that tell how it takes to 8 bits."""

    def __init__(self, model: ModelProto, photos: Sequence[Images]) -> None:
        self._model = model
        self.convolutions = convolutions(model)
        if not self.convolutions:
            raise ModelError("--to int8: expected a network with convolutions, got none")
        self._ranges = measure(model, photos)
        self._judges = [*photos[:_JUDGES], _clouds(photos[0].shape)]
        self._originals = [runner(model)(photo) for photo in self._judges]

    def kept_in_float(self) -> list[str]:
        """As few as possible, those first that harm most when they alone are quantised."""
        if self._worst_db(()) >= _ENOUGH_DB:
            return []
        alone = {
            one: self._worst_db([other for other in self.convolutions if other != one]) for one in self.convolutions
        }
        by_harm = sorted(self.convolutions, key=alone.__getitem__)
        fewest, most = 1, len(by_harm)  # bisected: more in float is nearer
        while fewest < most:
            middle = (fewest + most) // 2
            if self._worst_db(by_harm[:middle]) >= _ENOUGH_DB:
                most = middle
            else:
                fewest = middle + 1
        return by_harm[:fewest]

    def quantised(self, kept: Sequence[str]) -> ModelProto:
        """The network with all convolutions but ``kept`` in 8 bits."""
        return quantised(self._model, self._ranges, kept)

    def _worst_db(self, kept: Sequence[str]) -> float:
        run = runner(self.quantised(kept))
        pairs = zip(self._judges, self._originals, strict=True)
        return min(psnr_db(run(photo)[0], original[0]) for photo, original in pairs)


def _prepared(number: int, photo: Image, size: Size | None) -> Images:
    """A photo at the network's own size, or at one of two."""
    image = fitted(photo, size) if size else cv2.resize(photo, _SIZES[number % 2], interpolation=cv2.INTER_AREA)
    return np.repeat(np.asarray(image, np.uint8)[None], size.batch if size else 1, axis=0)


def _clouds(shape: tuple[int, ...]) -> Images:
    """A picture (N, H, W, 3) of soft blots in all colours."""
    blots = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    image = cv2.resize(blots, (shape[2], shape[1]), interpolation=cv2.INTER_CUBIC)
    return np.repeat(np.asarray(image, np.uint8)[None], shape[0], axis=0)


def _name_original(model: ModelProto, style: Style) -> None:
    """Say which file it stands for; a mix of one, or a network of others, has no file that it could stand for."""
    if style.mix or style.convention:
        return
    entry = model.metadata_props.add()
    entry.key, entry.value = f"rtstyle.{ORIGINAL}", sha256_of(style.path)
