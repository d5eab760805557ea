"""What the driver says about GPUs, without a driver."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtstyle.engines import nvidia


class Driver:
    """libcuda with so many GPUs, or one that does not start."""

    def __init__(self, count, *, error=0):
        self.cuInit = lambda _flags: error
        self.cuDeviceGetCount = lambda pointer: self._write(pointer, count)

    @staticmethod
    def _write(pointer, count):
        pointer._obj.value = count
        return 0


@pytest.mark.parametrize(("driver", "count"), [(Driver(2), 2), (Driver(0), 0), (Driver(1, error=100), 0)])
def test_the_driver_counts(driver, count, monkeypatch):
    """A driver that does not start has no GPU."""
    monkeypatch.setattr(nvidia.ctypes, "CDLL", lambda _name: driver)
    assert nvidia.count_gpus() == count


def test_no_driver_is_no_gpu(monkeypatch):
    """Most machines have none, and that is no error."""

    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(nvidia.ctypes, "CDLL", missing)
    assert nvidia.count_gpus() == 0


class Management:
    """libnvidia-ml of a GPU with so many bytes free."""

    def __init__(self, free, *, error=0):
        self.nvmlInit_v2 = lambda: error
        self.nvmlDeviceGetHandleByIndex_v2 = lambda _number, _handle: 0
        self.nvmlDeviceGetMemoryInfo = lambda _handle, pointer: setattr(pointer._obj, "free", free) or 0


@pytest.mark.parametrize(("library", "free"), [(Management(7 << 30), 7 << 30), (Management(1, error=9), 0), (None, 0)])
def test_free_memory(library, free, monkeypatch):
    """As the driver says, and 0 where it does not."""

    def load(name):
        if library is None:
            raise OSError(name)
        return library

    monkeypatch.setattr(nvidia.ctypes, "CDLL", load)
    assert nvidia.free_bytes() == free


def test_memory_is_locked_where_the_driver_will(monkeypatch):
    """By address and length; a driver that refuses, and none at all, are only slower."""
    array, seen = np.zeros((2, 3), np.uint8), []
    driver = SimpleNamespace(
        cuDeviceGet=lambda _device, _number: 0,
        cuDevicePrimaryCtxRetain=lambda _context, _device: 0,
        cuCtxSetCurrent=lambda _context: 0,
        cuMemHostRegister_v2=lambda place, size, _flags: seen.append((place.value, size.value)) or 0,
        cuMemHostUnregister=lambda place: seen.remove((place.value, 6)),
    )
    monkeypatch.setattr(nvidia.ctypes, "CDLL", lambda _name: driver)
    assert nvidia.lock(array)
    assert seen == [(array.ctypes.data, 6)]
    nvidia.unlock(array)
    assert not seen
    driver.cuCtxSetCurrent = lambda _context: 201
    assert not nvidia.lock(array)
    monkeypatch.setattr(nvidia.ctypes, "CDLL", lambda _name: SimpleNamespace())
    assert not nvidia.lock(array)
    nvidia.unlock(array)


def test_preloading_does_not_talk(monkeypatch, capsys):
    """Onnxruntime prints what it does not find; stdout is not its to print on."""
    runtime = SimpleNamespace(preload_dlls=lambda: print("Failed to load libcublas"))  # noqa: T201
    monkeypatch.setattr(nvidia, "import_onnxruntime", lambda: runtime)
    nvidia.preload()
    monkeypatch.setattr(nvidia, "import_onnxruntime", SimpleNamespace)
    nvidia.preload()
    assert capsys.readouterr() == ("", "")
