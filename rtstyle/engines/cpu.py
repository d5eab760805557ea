"""The CPU, on the fastest engine that accepts the model."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rtstyle.engines.onnxruntime import CPU, OnnxRuntimeEngine
from rtstyle.engines.openvino import INSTEAD, OpenVinoEngine
from rtstyle.errors import DeviceError

if TYPE_CHECKING:
    from pathlib import Path

    from rtstyle.engines.engine import Engine
    from rtstyle.frames import Images

_log = logging.getLogger("rtstyle")


class CpuEngine:
    """OpenVINO, the fastest where we measured (docs/LOG.md), else onnxruntime.

    OpenVINO may be missing, which is not warned about, or may refuse the model when it is compiled for a size; then a
    warning says why.
    """

    def __init__(self, model: Path | bytes, *, twin: Path | None = None) -> None:
        """``twin``: the same network in 8 bits. Raises DeviceError with both reasons if neither engine is available."""
        self._model = model
        self._yuv: int | None = None
        try:
            self._engine: Engine = OpenVinoEngine(model, twin=twin)
        except DeviceError as error:
            self._take_onnxruntime(error)

    @property
    def name(self) -> str:
        return self._engine.name

    def prepare(self, height: int, width: int, *, yuv: int | None = None) -> None:
        self._yuv = yuv
        try:
            self._engine.prepare(height, width, yuv=yuv)
        except DeviceError as error:
            if not isinstance(self._engine, OpenVinoEngine):
                raise
            self._take_onnxruntime(error)
            _log.warning("%s; onnxruntime does it", str(error).removesuffix(INSTEAD))

    def __call__(self, frames: Images, /) -> Images:
        self.prepare(*frames.shape[1:3], yuv=self._yuv)
        return self._engine(frames)

    def close(self) -> None:
        self._engine.close()

    def _take_onnxruntime(self, reason: DeviceError) -> None:
        try:
            self._engine = OnnxRuntimeEngine(self._model, [(CPU, {})])
        except DeviceError as error:
            raise DeviceError(f"no engine for the CPU: {reason}; {error}") from error
