"""Asks NVIDIA's driver, not onnxruntime, whether there is a GPU: a machine without one is no cause for a warning."""

from __future__ import annotations

import contextlib
import ctypes
import io
import sys
from pathlib import Path

from rtstyle.engines.onnxruntime import import_onnxruntime

DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


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
