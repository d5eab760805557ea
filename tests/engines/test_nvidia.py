"""What the driver says about GPUs, without a driver."""

import importlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from rtstyle.engines import nvidia
from tests.engines.fake_driver import FakeDriver


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


def missing(name):
    raise OSError(name)


def test_no_driver_is_no_gpu(monkeypatch):
    """Most machines have none, and that is no error."""
    monkeypatch.setattr(nvidia.ctypes, "CDLL", missing)
    assert nvidia.count_gpus() == 0


class Management:
    """libcuda and libnvidia-ml in one, of a GPU with so many bytes free, the second on its bus."""

    def __init__(self, free, *, error=0):
        self.cuInit = lambda _flags: 0
        self.cuDeviceGet = lambda _device, _number: 0
        self.cuDeviceGetPCIBusId = lambda text, _length, _device: setattr(text, "value", b"0000:0B:00.0") or 0
        self.nvmlInit_v2 = lambda: error
        self.nvmlDeviceGetHandleByPciBusId_v2 = lambda text, _handle: 0 if text.value == b"0000:0B:00.0" else 6
        self.nvmlDeviceGetMemoryInfo = lambda _handle, pointer: setattr(pointer._obj, "free", free) or 0


@pytest.mark.parametrize(
    ("library", "free"),
    [(Management(7 << 30), 7 << 30), (Management(1, error=9), 0), (SimpleNamespace(), 0), (None, 0)],
)
def test_free_memory(library, free, monkeypatch):
    """As the management library says of the driver's first GPU, wherever that is, and 0 where nobody says."""

    def load(name):
        if library is None:
            raise OSError(name)
        return library

    monkeypatch.setattr(nvidia.ctypes, "CDLL", load)
    assert nvidia.free_bytes() == free


def test_memory_is_locked_where_the_driver_will(monkeypatch):
    """By address and length; a driver that refuses, is too old, or is not there is only slower."""
    array, driver = np.zeros((2, 3), np.uint8), FakeDriver()
    driver.install(monkeypatch)
    assert nvidia.lock(array)
    assert driver.locked == {array.ctypes.data: 6}
    nvidia.unlock(array)
    assert not driver.locked
    driver.lockable = False
    assert not nvidia.lock(array)
    driver.fault = "cuCtxSetCurrent"
    assert not nvidia.lock(array)
    for broken in (lambda _name: SimpleNamespace(), missing):
        monkeypatch.setattr(nvidia.ctypes, "CDLL", broken)
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


def test_tensorrt_is_loaded_from_its_package(tmp_path, monkeypatch):
    """Where it is asked for: onnxruntime would not look there. One that is broken is only found out later."""
    monkeypatch.setattr(nvidia, "import_onnxruntime", SimpleNamespace)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tensorrt", raising=False)
    # Python tells a stale .pyc by the second of writing and the length, so these are of different lengths.
    for program in ("raise OSError('libnvinfer.so.10')", "raise ImportError", "pass"):
        (tmp_path / "tensorrt.py").write_text(program)
        nvidia.preload()
        assert "tensorrt" not in sys.modules
        nvidia.preload(tensorrt=True)
        importlib.invalidate_caches()
    assert sys.modules.pop("tensorrt").__file__ == str(tmp_path / "tensorrt.py")
