"""NVIDIA's driver, asked without onnxruntime: whether there is a GPU, how much of it is free, and for locked memory.

A machine without a GPU is no cause for a warning. None of this was run on a GPU yet.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.engines.onnxruntime import import_onnxruntime

if TYPE_CHECKING:
    from rtstyle.frames import Images

DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"

_MANAGEMENT = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"
_PORTABLE = 1  # CU_MEMHOSTREGISTER_PORTABLE: locked for all contexts


class _Memory(ctypes.Structure):
    """nvmlMemory_t, in bytes."""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def count_gpus() -> int:
    """Count the GPUs that the driver sees; 0 without a driver."""
    count = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL(DRIVER)
        if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
            return 0
    except (OSError, AttributeError):
        return 0
    return count.value


def free_bytes() -> int:
    """Bytes free on the first GPU, the one that we use; 0 where the driver does not say."""
    memory, handle = _Memory(), ctypes.c_void_p()
    try:
        library = ctypes.CDLL(_MANAGEMENT)
        if library.nvmlInit_v2() or library.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(handle)):
            return 0
        return 0 if library.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)) else int(memory.free)
    except (OSError, AttributeError):
        return 0


def lock(array: Images) -> bool:
    """Lock an array's pages, so that the GPU copies without the CPU; False where that is refused, which is only slower.

    It stays locked until ``unlock``.
    """
    device, context = ctypes.c_int(), ctypes.c_void_p()
    try:
        driver = ctypes.CDLL(DRIVER)
        return not (
            driver.cuDeviceGet(ctypes.byref(device), 0)
            or driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), device)
            or driver.cuCtxSetCurrent(context)
            or driver.cuMemHostRegister_v2(
                ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes), ctypes.c_uint(_PORTABLE)
            )
        )
    except (OSError, AttributeError):
        return False


def unlock(array: Images) -> None:
    """Undo ``lock``, before the array goes."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(DRIVER).cuMemHostUnregister(ctypes.c_void_p(array.ctypes.data))


def preload() -> None:
    """Load the CUDA and cuDNN that came as Python packages, where onnxruntime would not look for them."""
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find; why_not() says it better
        getattr(import_onnxruntime(), "preload_dlls", lambda: None)()


def why_not(provider: str) -> str:
    """Say in words why onnxruntime did not grant ``provider``; it tells only its log."""
    folder = Path(import_onnxruntime().__file__ or ".").parent / "capi"
    stem = provider.removesuffix("ExecutionProvider").lower()
    name = "onnxruntime_providers_{}.dll" if sys.platform == "win32" else "libonnxruntime_providers_{}.so"
    try:
        ctypes.CDLL(str(folder / name.format(stem)))
    except OSError as error:
        return str(error).splitlines()[0]
    return "its libraries load, but the session was refused"
