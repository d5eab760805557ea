"""``int8``: convolutions in 8 bits, QDQ, calibrated on photos; those that this harms most stay in float32.

Which they are is measured, each convolution quantised alone. Static quantisation as in onnxruntime's own tools, weights
per channel.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from rtstyle.errors import ModelError, UsageError
from rtstyle.export.fidelity import psnr_db
from rtstyle.export.graph import baked, folded, runner, save_checked, varied
from rtstyle.export.order import Made, Order
from rtstyle.export.pictures import fitted

if TYPE_CHECKING:
    from onnx import ModelProto

    from rtstyle.export.order import Size
    from rtstyle.frames import Image, Images

SUFFIX = ".onnx"
SEVERAL = False

_ENOUGH_DB = 36.0  # on the worst photo of those that calibrate; one more than is asked of those that measure
_HEIGHT, _WIDTH = 240, 320  # pixels of a photo that calibrates
_JUDGES = 4  # photos that each convolution is judged by


def make(order: Order, folder: Path) -> Made:
    """Raise UsageError without photos, ModelError for a network without convolutions."""
    if not order.photos:
        raise UsageError("--to int8: expected a folder of photos to calibrate with, as in --photos holiday/")
    bench = _Bench(folded(baked(order.model)), [_prepared(photo, order.size) for photo in order.photos])
    kept = bench.kept_in_float()
    path = folder / order.name
    save_checked(varied(bench.quantised(kept), "int8"), path)
    count = len(bench.convolutions)
    names = f": {', '.join(kept)}" if kept else ""
    return Made(
        (runner(path),), (f"{count - len(kept)} of {count} convolutions in 8 bits, {len(kept)} in float32{names}.",)
    )


class _Bench:
    """One network and the photos that tell how it takes to 8 bits."""

    def __init__(self, model: ModelProto, photos: Sequence[Images]) -> None:
        self._model, self._photos = model, photos
        self.convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
        if not self.convolutions:
            raise ModelError("--to int8: expected a network with convolutions, got none")
        self._judges = photos[:_JUDGES]
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
        import onnx
        from onnxruntime.quantization import quantize_static
        from onnxruntime.quantization.quant_utils import add_pre_process_metadata

        add_pre_process_metadata(self._model)  # it is folded, which is what is meant; else warnings ask for it
        with tempfile.TemporaryDirectory() as folder:
            source, result = Path(folder) / "source.onnx", Path(folder) / "result.onnx"
            onnx.save(self._model, source)
            quantize_static(
                source,
                result,
                _reader(self._photos),
                per_channel=True,
                op_types_to_quantize=["Conv"],
                nodes_to_exclude=list(kept),
            )
            return onnx.load(result)

    def _worst_db(self, kept: Sequence[str]) -> float:
        run = runner(self.quantised(kept))
        pairs = zip(self._judges, self._originals, strict=True)
        return min(psnr_db(run(photo)[0], original[0]) for photo, original in pairs)


def _prepared(photo: Image, size: Size | None) -> Images:
    """All photos at one size: the network's own, or a small one."""
    image = fitted(photo, size) if size else cv2.resize(photo, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
    return np.repeat(np.asarray(image, np.uint8)[None], size.batch if size else 1, axis=0)


def _reader(photos: Sequence[Images]) -> object:
    """What onnxruntime's calibration asks for its data."""
    from onnxruntime.quantization import CalibrationDataReader

    class Photos(CalibrationDataReader):  # type: ignore[misc]  # comes without types
        def __init__(self) -> None:
            self._left: Iterator[Images] = iter(photos)

        def get_next(self) -> dict[str, Images] | None:
            photo = next(self._left, None)
            return None if photo is None else {"frames": photo}

    return Photos()
