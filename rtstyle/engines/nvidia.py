"""NVIDIA's driver, used without onnxruntime: whether there is a GPU, its free memory, and pinned memory.

A machine without a GPU is no cause for a warning. None of this has been run on a GPU yet.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtstyle.engines.onnxruntime import import_onnxruntime
from rtstyle.errors import DeviceError, first_line

if TYPE_CHECKING:
    from rtstyle.frames import Images

DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"

_MANAGEMENT = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"
_BUS_ID = 32  # bytes at most
_PORTABLE = 1  # CU_MEMHOSTREGISTER_PORTABLE: pinned for all contexts


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
    """Bytes free on the first GPU, the one that we use; 0 where the driver does not say.

    The driver's first GPU is found by its bus ID: the management library numbers them differently and ignores
    CUDA_VISIBLE_DEVICES.
    """
    device, bus = ctypes.c_int(), ctypes.create_string_buffer(_BUS_ID)
    memory, handle = _Memory(), ctypes.c_void_p()
    try:
        driver, library = ctypes.CDLL(DRIVER), ctypes.CDLL(_MANAGEMENT)
        if (
            driver.cuInit(0)
            or driver.cuDeviceGet(ctypes.byref(device), 0)
            or driver.cuDeviceGetPCIBusId(bus, ctypes.c_int(_BUS_ID), device)
            or library.nvmlInit_v2()
            or library.nvmlDeviceGetHandleByPciBusId_v2(bus, ctypes.byref(handle))
            or library.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory))
        ):
            return 0
    except (OSError, AttributeError):
        return 0
    return int(memory.free)


def enter() -> tuple[Any, ctypes.c_void_p]:
    """Return the driver and the first GPU's primary context, now current in this thread. Raises DeviceError.

    onnxruntime uses the same context. It is never released and lives as long as the process.
    """
    device, context = ctypes.c_int(), ctypes.c_void_p()
    try:
        driver = ctypes.CDLL(DRIVER)
    except OSError as error:
        raise DeviceError(f"NVIDIA's driver cannot be loaded: {error}") from error
    check(driver, driver.cuDeviceGet(ctypes.byref(device), 0))
    check(driver, driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), device))
    check(driver, driver.cuCtxSetCurrent(context))
    return driver, context


def check(driver: Any, code: int) -> None:  # noqa: ANN401 - ctypes finds the functions by their names
    """Raise DeviceError, in the driver's words, unless ``code``, returned by one of its functions, is 0."""
    if code:
        words = ctypes.c_char_p()
        driver.cuGetErrorString(ctypes.c_int(code), ctypes.byref(words))
        raise DeviceError(f"NVIDIA's driver says: {(words.value or b'error').decode()} ({code})")


def lock(array: Images) -> bool:
    """Lock an array's pages, so that the GPU copies without the CPU; False if refused, which is only slower.

    It stays locked until ``unlock``.
    """
    place, size = ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes)
    try:
        driver, _ = enter()
        return not driver.cuMemHostRegister_v2(place, size, ctypes.c_uint(_PORTABLE))
    except (DeviceError, AttributeError):
        return False


def unlock(array: Images) -> None:
    """Undo ``lock``, before the array is freed."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(DRIVER).cuMemHostUnregister(ctypes.c_void_p(array.ctypes.data))


def preload(*, tensorrt: bool = False) -> None:
    """Load CUDA and cuDNN, and TensorRT too, from Python packages, where onnxruntime would not look for them."""
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find; why_not() explains it better
        getattr(import_onnxruntime(), "preload_dlls", lambda: None)()
        if tensorrt:
            with contextlib.suppress(ImportError, OSError):
                importlib.import_module("tensorrt")  # which loads its libraries


def why_not(provider: str) -> str:
    """Say why onnxruntime did not grant ``provider``, which it only tells its log."""
    folder = Path(import_onnxruntime().__file__ or ".").parent / "capi"
    stem = provider.removesuffix("ExecutionProvider").lower()
    name = "onnxruntime_providers_{}.dll" if sys.platform == "win32" else "libonnxruntime_providers_{}.so"
    try:
        ctypes.CDLL(str(folder / name.format(stem)))
    except OSError as error:
        return first_line(error)
    return "its libraries load, but the session was refused"
