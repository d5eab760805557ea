"""What the driver says about GPUs, without a driver."""

from types import SimpleNamespace

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


def test_preloading_does_not_talk(monkeypatch, capsys):
    """Onnxruntime prints what it does not find; stdout is not its to print on."""
    runtime = SimpleNamespace(preload_dlls=lambda: print("Failed to load libcublas"))  # noqa: T201
    monkeypatch.setattr(nvidia, "import_onnxruntime", lambda: runtime)
    nvidia.preload()
    monkeypatch.setattr(nvidia, "import_onnxruntime", SimpleNamespace)
    nvidia.preload()
    assert capsys.readouterr() == ("", "")
