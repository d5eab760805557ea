"""onnxruntime: NVIDIA, Apple and Windows GPUs, and any CPU."""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from rtstyle.errors import DeviceError, ModelError, first_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray
    from onnx import ModelProto

    from rtstyle.frames import Images

CPU = "CPUExecutionProvider"
ProviderOptions = dict[str, str]

_PLACE = re.compile(r"^/\S+:\d+ .*?\) (?=[A-Z])")  # /src/file.cc:729 void f(int) What we want
_OUT_OF_MEMORY = re.compile(r"out of memory|failed to allocate|alloc_failed|bad_alloc|bfcarena", re.IGNORECASE)
_SILENT = 4  # onnxruntime's "fatal": it writes warnings to stderr on its own, we raise or log them

_log = logging.getLogger("rtstyle")


class OutOfMemoryError(DeviceError):
    """Fewer frames at a time may still fit."""


class OnnxRuntimeEngine:
    """Runs ``chunk`` frames at a time; a short last chunk is padded, because a new shape costs a GPU a new search.

    If they do not fit into the GPU's memory, half as many are used from then on.
    """

    def __init__(self, model: Path | bytes, providers: list[tuple[str, ProviderOptions]], *, chunk: int = 1) -> None:
        """Ask for ``providers``, best first; ``provider`` tells which was granted. Raises DeviceError."""
        runtime = import_onnxruntime()
        options = runtime.SessionOptions()
        options.log_severity_level = _SILENT
        if providers[0][0] == "DmlExecutionProvider":
            options.enable_mem_pattern = False  # DirectML refuses a session with it
        try:
            self._session: Any = runtime.InferenceSession(
                model if isinstance(model, bytes) else str(model),
                options,
                providers=[name for name, _ in providers],
                provider_options=[settings for _, settings in providers],
                enable_fallback=0,  # its own fallback prints on stdout
            )
        except Exception as error:  # it raises a dozen unrelated classes
            raise DeviceError(_failed(error)) from error
        batch = self._session.get_inputs()[0].shape[0]
        fixed = isinstance(batch, int)  # a model with a fixed batch takes no other
        self._chunk: int = batch if fixed else chunk
        self._least: int = batch if fixed else 1

    @property
    def provider(self) -> str:
        """The execution provider that was granted."""
        return str(self._session.get_providers()[0])

    @property
    def name(self) -> str:
        return "onnxruntime CPU f32" if self.provider == CPU else self.provider

    def prepare(self, height: int, width: int, *, yuv: int | None = None) -> None:  # noqa: ARG002 - gives RGB
        if self.provider != CPU:  # the first run of a size chooses the algorithms
            self(np.zeros((1, height, width, 3), np.uint8))

    def __call__(self, frames: Images, /) -> Images:
        stylized = np.empty_like(frames)
        start = 0
        while start < len(frames):
            chunk = frames[start : start + self._chunk]
            try:
                stylized[start : start + len(chunk)] = self._run(chunk)[: len(chunk)]
            except OutOfMemoryError as error:
                self._halve(error)
                continue
            start += len(chunk)
        return stylized

    def _halve(self, error: OutOfMemoryError) -> None:
        self._chunk //= 2
        _log.warning("%s; continuing with %d frames at a time", error, self._chunk)

    def _run(self, chunk: Images) -> Images:
        missing = self._chunk - len(chunk)
        if missing:
            chunk = np.concatenate([chunk, np.repeat(chunk[-1:], missing, axis=0)])
        try:
            (stylized,) = self._session.run(["stylized"], {"frames": np.ascontiguousarray(chunk)})
        except Exception as error:  # as above
            raise self._translated(error) from error
        if stylized.shape != chunk.shape:
            sizes = f"{chunk.shape} out, got {stylized.shape}"
            raise DeviceError(f"onnxruntime: expected pictures {sizes}; try another style")
        return np.asarray(stylized, np.uint8)

    def _translated(self, error: Exception) -> DeviceError:
        """The error to raise for a failed run."""
        if self._chunk > self._least and _OUT_OF_MEMORY.search(str(error)):
            return OutOfMemoryError(f"out of memory with {self._chunk} frames at a time")
        said = str(error) if isinstance(error, DeviceError) else _failed(error)
        return DeviceError(f"{said}; try another --device or style")

    def close(self) -> None:
        self._session = None


def cpu_session(model: ModelProto | Path, **settings: object) -> Any:  # noqa: ANN401 - onnxruntime comes without types
    """A bare session on the CPU, to run or to measure any network; ``settings`` of its SessionOptions.

    Raises DeviceError where onnxruntime is missing, ModelError where it cannot load the network.
    """
    runtime = import_onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = _SILENT
    for name, value in settings.items():
        setattr(options, name, value)
    given = model.SerializeToString() if hasattr(model, "SerializeToString") else model.read_bytes()
    try:
        return runtime.InferenceSession(given, options, providers=[CPU], enable_fallback=0)  # as above
    except Exception as error:
        raise ModelError(f"onnxruntime cannot load this network: {first_line(error)}") from error


def values_of(session: Any, names: list[str], fed: Mapping[str, NDArray[Any]]) -> list[Any]:  # noqa: ANN401 - as above
    """Run a session for the named outputs. Raises DeviceError, usually for lack of memory."""
    try:
        return list(session.run(names, fed))
    except Exception as error:  # as above
        raise DeviceError(_failed(error)) from error


def import_onnxruntime() -> ModuleType:
    """Import it without telemetry or chatter. Raises DeviceError if it is missing or broken."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read once, while the library is loaded
    try:
        import onnxruntime  # optional and slow to import
    except ImportError as error:
        raise DeviceError(
            f"onnxruntime cannot be imported ({error}); install it with: pip install onnxruntime"
        ) from error
    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(_SILENT)
    runtime: ModuleType = onnxruntime
    return runtime


def _failed(error: Exception) -> str:
    """The first line of its message, without the place in onnxruntime's source."""
    return f"onnxruntime cannot run this model: {_PLACE.sub('', first_line(error))}"
