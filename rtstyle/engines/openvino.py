"""OpenVINO on the CPU: bf16 where the CPU supports it well, 8 bits where they are faster, f32 elsewhere."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from rtstyle.cpu import description, is_zen4
from rtstyle.engines.planes import Planes, with_planes
from rtstyle.errors import DeviceError, last_line

if TYPE_CHECKING:
    from types import ModuleType

    from openvino import Core

    from rtstyle.frames import Images

# Importing openvino reports to Intel through these, and takes 30 ms more; nothing but `convert_model` needs them.
_TOOLS = "openvino.tools"
INSTEAD = "; --device cpu takes onnxruntime instead"
_making, _importing = Lock(), Lock()
_the_core: Core | None = None
_its_process: int | None = None


class OpenVinoEngine:
    """One frame at a time, compiled for its exact size.

    Batches of 4 and dynamic sizes were measured slower on a CPU (docs/LOG.md), and frame by frame
    a picture cannot depend on its neighbours in the batch.
    """

    def __init__(self, model: Path | bytes, *, precision: str | None = None, twin: Path | None = None) -> None:
        """``precision``: ``f32`` or ``bf16``; by default what suits the CPU. Raises DeviceError.

        ``twin``: the same network in 8 bits, used where that is faster; its float layers are computed in
        ``precision``.
        """
        import_openvino()
        self._size: tuple[int, int] | None = None  # what the request is compiled for
        self._yuv: int | None = None  # the same
        self._planes: Planes | None = None
        self._request: Any = None
        try:
            self._core = the_core()
            can = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")  # loads the CPU's plugin
            cpu = description()
            self._precision = precision or _native_precision(can, cpu)
            self._in_8_bits = twin is not None and _is_faster_in_8_bits(self._precision, cpu)
            self._model = self._core.read_model(twin if self._in_8_bits else model)
        except RuntimeError as error:
            raise DeviceError(_failed(error)) from error

    @property
    def name(self) -> str:
        eight = "int8" if self._precision == "f32" else f"int8 and {self._precision}"
        return f"OpenVINO CPU {eight if self._in_8_bits else self._precision}"

    def prepare(self, height: int, width: int, *, yuv: int | None = None) -> None:
        _check_process()
        if (self._size, self._yuv) == ((height, width), yuv):
            return
        try:
            ends = self._model.input(0), self._model.output(0)
            if (least := max(end.partial_shape[0].get_min_length() for end in ends)) > 1:
                raise DeviceError(f"OpenVINO: expected a model for one frame at a time, got one for {least}{INSTEAD}")
            self._model.reshape({"frames": [1, height, width, 3]})
            self._planes = None if yuv is None else with_planes(self._model, yuv)
            model = self._planes.model if self._planes else self._model
            hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": self._precision}
            self._request = self._core.compile_model(model, "CPU", hints).create_infer_request()
        except RuntimeError as error:
            raise DeviceError(f"{_failed(error)}{INSTEAD}") from error
        self._size, self._yuv = (height, width), yuv

    def __call__(self, frames: Images, /) -> Images:
        from openvino import Tensor

        height, width = frames.shape[1:3]
        self.prepare(height, width, yuv=self._yuv)
        # OpenVINO reads and writes our arrays in place: nothing is copied, and nothing overwritten later.
        frames = np.require(frames, requirements=["C", "W"])
        stylized = np.empty((len(frames), height * 3 // 2, width) if self._planes else frames.shape, np.uint8)
        for i in range(len(frames)):
            try:
                self._request.set_input_tensor(Tensor(frames[i : i + 1], shared_memory=True))
                if self._planes is None:
                    self._request.set_output_tensor(Tensor(stylized[i : i + 1], shared_memory=True))
                self._request.infer()
            except RuntimeError as error:
                raise DeviceError(f"{_failed(error)}; try another --device or style") from error
            if self._planes is not None:
                self._planes.put(self._request.get_output_tensor(0).data, stylized[i])
        return stylized

    def close(self) -> None:
        self._size = None
        self._request = None


def the_core() -> Core:
    """Return the only core of this process, which lives as long as it does. Raises DeviceError after a fork.

    The CPU plugin gives the thread that loads it a signal stack, and frees that when it is unloaded: with a second
    core, Ctrl-C after the first had gone was a segmentation fault.
    """
    global _the_core, _its_process  # functools.cache could make two in two threads
    from openvino import Core  # optional and slow to import

    _check_process()
    with _making:
        _the_core, _its_process = _the_core or Core(), os.getpid()
    return _the_core


def _check_process() -> None:
    """Raise DeviceError in a forked process, where OpenVINO's threads are missing and it would wait for them."""
    if _its_process not in {None, os.getpid()}:
        raise DeviceError(f"OpenVINO: expected a process that was spawned, got a fork of one that had used it{INSTEAD}")


def import_openvino() -> ModuleType:
    """Import it without its telemetry and converter. Raises DeviceError where it is missing or broken.

    To use the converter in this process, import it from ``openvino.tools.ovc``.
    """
    with _importing:
        held = sys.modules.get(_TOOLS)
        sys.modules[_TOOLS] = None  # type: ignore[assignment]  # makes `import openvino.tools` fail
        try:
            import openvino
        except ImportError as error:
            raise DeviceError(
                f"OpenVINO cannot be imported ({error}); install it with: pip install openvino"
            ) from error
        finally:
            del sys.modules[_TOOLS]
            if held is not None:
                sys.modules[_TOOLS] = held
    runtime: ModuleType = openvino
    return runtime


def _native_precision(capabilities: list[str], cpu: str | None) -> str:
    """bf16 on x86 CPUs with AMX and on AMD's with AVX512-BF16 (Zen 4), else f32; ``cpu``: what Linux says of it.

    OpenVINO says BF16 of CPUs that only emulate it, and Intel's AVX512-BF16 without AMX was measured slower than f32
    (docs/LOG.md). FP16 stands for AVX512-FP16, which comes together with AMX, but virtual machines hide AMX alone.
    """
    amx = {"BF16", "FP16"} <= set(capabilities) and (cpu is None or "amx_bf16" in cpu)
    return "bf16" if _is_x86() and (amx or ("BF16" in capabilities and is_zen4(cpu))) else "f32"


def _is_faster_in_8_bits(precision: str, cpu: str | None) -> bool:
    """On x86 without AMX (docs/LOG.md). ARM was not measured."""
    return _is_x86() and (precision == "f32" or is_zen4(cpu))


def _is_x86() -> bool:
    return platform.machine() in {"x86_64", "AMD64"}


def _failed(error: RuntimeError) -> str:
    return f"OpenVINO cannot run this model: {last_line(error)}"
