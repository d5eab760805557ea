"""The stage that paints: frames in, paintings out."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Self

import numpy as np

from rtstyle.engines import open_engine
from rtstyle.engines.tiles import MAX_PIXELS, paint_in_tiles
from rtstyle.errors import UsageError
from rtstyle.style import MIN_SIZE, model_of
from rtstyle.styles import StyleLike, find_style
from rtstyle.twin import wanted_twin

if TYPE_CHECKING:
    from rtstyle.frames import Batch, Image, Images


class Stylizer:
    """Paints every frame of a batch in one style; those of more than 24 megapixels in tiles, without a seam.

    Raises UsageError if no style has that name, ModelError if it cannot be read, DeviceError if the device is not
    available. Threads may share it, and take turns. The owner closes it when none paints any more.
    """

    def __init__(self, style: StyleLike, *, device: str = "auto", batch: int = 1, precision: str = "auto") -> None:
        """``batch``: frames given to a GPU at once; a shorter last batch is padded.

        ``precision``: ``auto`` uses the style's 8-bit twin on CPUs where that is faster, ``full`` never.
        """
        if batch < 1:
            raise UsageError(f"batch {batch}: expected at least 1")
        self.style = find_style(style)
        self._model, self._device = model_of(self.style), device
        twin = wanted_twin(self.style, precision)
        self._engine = open_engine(self._model, device, batch=batch, twin=twin)
        self._turn = Lock()  # an engine has one request
        self._closed = False

    @property
    def provider(self) -> str:
        """What runs the network, in words: ``OpenVINO CPU bf16``, ``CUDAExecutionProvider``."""
        return self._engine.name

    def prepare(self, height: int, width: int, *, yuv: int | None = None) -> None:
        """Compile for frames of this size, so that the first one need not wait.

        ``yuv``: return I420 instead of RGB from now on, by this matrix (AVCOL_SPC_*), if engine and network can.
        """
        _check_size(height, width)
        if height * width <= MAX_PIXELS:
            with self._turn:
                self._check_open()
                self._engine.prepare(height, width, yuv=yuv)

    def __call__(self, batch: Batch, /) -> Batch:
        self._check_open()
        if not len(batch):
            return batch
        _check_pictures(batch.images)
        if batch.images.shape[1] * batch.images.shape[2] > MAX_PIXELS:
            return replace(batch, images=np.stack([self._paint_in_tiles(image) for image in batch.images]))
        with self._turn:
            self._check_open()  # another thread may have closed it meanwhile
            return replace(batch, images=self._engine(batch.images))

    def _paint_in_tiles(self, image: Image) -> Image:
        return paint_in_tiles(image, self._model, lambda model: open_engine(model, self._device, keep=False))

    def reset(self) -> None:
        """A frame's style depends on that frame alone: there is nothing to forget."""

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError("this stylizer was closed; make a new one")

    def close(self) -> None:
        self._closed = True
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check_pictures(images: Images) -> None:
    if images.dtype != np.uint8 or images.ndim != len("NHWC") or images.shape[-1] != len("RGB"):
        raise UsageError(f"expected pictures of uint8 (N, H, W, 3) RGB, got {images.dtype} {images.shape}")
    _check_size(*images.shape[1:3])


def _check_size(height: int, width: int) -> None:
    if min(height, width) < MIN_SIZE:
        raise UsageError(f"{width}×{height}: too small to paint; expected at least {MIN_SIZE}×{MIN_SIZE} pixels")
