"""``int8``: convolutions in 8 bits, QDQ, calibrated on photos; those that this harms most stay in float32.

Which those are is measured by quantising each convolution alone, and weighed against its amount of work. Beside the
original, as NAME.int8.onnx, the CPU engine uses it where it is faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from rtstyle.errors import ModelError, UsageError
from rtstyle.export.eight_bits import quantised
from rtstyle.export.even import evened
from rtstyle.export.graph import batch_of, folded, in_float32, runner, save_checked, varied
from rtstyle.export.order import Made, Order
from rtstyle.export.pictures import fitted
from rtstyle.export.rearranged import rearranged
from rtstyle.export.spans import attribute_of, convolutions, makers, measure, name_of, source_of
from rtstyle.model_file import metadata_of, set_metadata, sha256_of
from rtstyle.twin import ORIGINAL

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

    from rtstyle.export.order import Size
    from rtstyle.frames import Image, Images
    from rtstyle.style import Style

SUFFIX = ".onnx"
SEVERAL = False

_ENOUGH = 255**2 / 10**3.9  # mean squared error, 39 dB, of the worst judge; others may come out worse
_SIZES = (320, 240), (960, 720)  # pixels of photos that calibrate; every other one is enlarged, as soft as video is
_JUDGES = 4  # photos that each convolution is judged by, beside clouds of colour, smoother than any of them


def make(order: Order, folder: Path) -> Made:
    """Raise UsageError without photos, ModelError for a network without convolutions."""
    if not order.photos:
        raise UsageError("--to int8: expected a folder of photos to calibrate with, as in --photos holiday/")
    model = rearranged(folded(in_float32(order)))
    count = batch_of(order.model) or 1
    bench = _Bench(model, [_prepared(*one, order.size, count) for one in enumerate(order.photos)])
    kept = bench.kept_in_float()
    path = folder / order.name
    made = varied(bench.quantised(kept), "int8")
    _name_original(made, order.subjects[0].style)
    save_checked(made, path)
    whole = [name for name in bench.convolutions if name in kept]
    words = f"{len(bench.convolutions) - len(whole)} of {len(bench.convolutions)} convolutions in 8 bits"
    names = f": {', '.join(whole)}" if whole else ""
    sums = "; so do sums" if set(kept) - set(whole) else ""
    return Made((runner(path),), (f"{words}, {len(whole)} in float32{names}{sums}.",))


class _Bench:
    """One network, and the photos that show how well it tolerates 8 bits."""

    def __init__(self, model: ModelProto, photos: Sequence[Images]) -> None:
        if not convolutions(model):
            raise ModelError("--to int8: expected a network with convolutions, got none")
        self._judges = [*photos[:_JUDGES], _clouds(photos[0].shape)]
        self._originals = [runner(model)(photo) for photo in self._judges]
        self._model, self._spans = evened(model, measure(model, photos))
        self.convolutions = {name_of(node): self._work(node) for node in convolutions(self._model)}

    def kept_in_float(self) -> Sequence[str]:
        """Names of what stays: nothing, or the sums, or these and as few convolutions as possible.

        Convolutions that harm most for their amount of work when quantised alone come first.
        """
        added = (node for node in self._model.graph.node if node.op_type == "Add")
        sums = [name_of(node) for node in added if set(node.input) & set(self._spans)]
        errors = self._errors([])
        if max(errors) <= _ENOUGH:
            return []
        worst = errors.index(max(errors))
        harm = {
            one: self._errors([*sums, *(other for other in self.convolutions if other != one)])[worst] / work
            for one, work in self.convolutions.items()
        }
        by_harm = sorted(harm, key=harm.__getitem__, reverse=True)
        fewest, most = 0, len(by_harm)  # bisected: more in float is nearer
        while fewest < most:
            middle = (fewest + most) // 2
            if max(self._errors([*sums, *by_harm[:middle]])) <= _ENOUGH:
                most = middle
            else:
                fewest = middle + 1
        return [*sums, *by_harm[:fewest]]

    def quantised(self, kept: Sequence[str]) -> ModelProto:
        """The network in 8 bits, but for the convolutions and sums that are ``kept``."""
        return quantised(self._model, self._spans, kept)

    def _errors(self, kept: Sequence[str]) -> list[float]:
        """Mean squared errors of the judges' pictures."""
        run = runner(self.quantised(kept))
        pairs = zip(self._judges, self._originals, strict=True)
        return [float(np.mean((run(photo)[0].astype(np.float32) - original[0]) ** 2)) for photo, original in pairs]

    def _work(self, convolution: NodeProto) -> float:
        """Number of products: engines compute 16 channels at a time, whether they exist or not."""
        (weights,) = (one for one in self._model.graph.initializer if one.name == convolution.input[1])
        out, *kernel = weights.dims
        pixels = self._spans[source_of(convolution, makers(self._model))].pixels
        return float(ceil(out / 16) * 16 * prod(kernel) * pixels / prod(attribute_of(convolution, "strides", [1])))


def _prepared(number: int, photo: Image, size: Size | None, count: int) -> Images:
    """A photo ``count`` times, at the network's own size, or at one of two."""
    image = fitted(photo, size) if size else cv2.resize(photo, _SIZES[number % 2], interpolation=cv2.INTER_AREA)
    return np.repeat(np.asarray(image, np.uint8)[None], count, axis=0)


def _clouds(shape: tuple[int, ...]) -> Images:
    """A picture (N, H, W, 3) of soft blots in all colours."""
    blots = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    image = cv2.resize(blots, (shape[2], shape[1]), interpolation=cv2.INTER_CUBIC)
    return np.repeat(np.asarray(image, np.uint8)[None], shape[0], axis=0)


def _name_original(model: ModelProto, style: Style) -> None:
    """Record which file it is the twin of; a mix, or a foreign network, has no such file."""
    if not (style.mix or style.convention):
        set_metadata(model, metadata_of(model) | {ORIGINAL: sha256_of(style.path)})
