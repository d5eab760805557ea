"""Memory on the GPU, on a driver that only pretends."""

import numpy as np
import pytest

from rtstyle.engines.pinned import PinnedBuffer
from rtstyle.errors import DeviceError
from tests.engines.fake_driver import FakeDriver


@pytest.fixture
def driver(monkeypatch):
    driver = FakeDriver()
    driver.install(monkeypatch)
    return driver


@pytest.mark.parametrize("lockable", [True, False])
def test_frames_travel_there_and_back(driver, lockable):
    """What went up lies on the GPU, what lies there comes down, and nothing of either is left when it is closed."""
    driver.lockable = lockable
    frames = PinnedBuffer((2, 3, 4, 3))
    frames.array[:] = 7
    frames.upload()
    assert set(driver.memory[frames.address]) == {7}
    driver.memory[frames.address][:] = 9
    frames.download()
    assert np.all(frames.array == 9)
    assert [(way, size) for way, _, size in driver.copies] == [("up", 72), ("down", 72)]
    frames.close()
    frames.close()
    assert not driver.in_use


def test_each_has_a_stream_of_its_own(driver):
    """Or else one's copies would wait for the other's."""
    both = [PinnedBuffer((1, 1, 1, 3)) for _ in range(2)]
    for one in both:
        one.upload()
    assert len({stream for _, stream, _ in driver.copies}) == 2
    for one in both:
        one.close()


def test_none_shares_a_page(driver):
    """Many small ones, which would lie side by side: all are locked, and copied."""
    buffers = [PinnedBuffer((1, 16, 24, 3)) for _ in range(99)]
    assert len(driver.locked) == 99
    for one in buffers:
        one.upload()
        one.close()


def test_a_gpu_that_is_full(driver):
    """The driver's words, by which the batch is halved."""
    driver.room = 71
    with pytest.raises(DeviceError, match=r"^NVIDIA's driver says: out of memory \(2\)$"):
        PinnedBuffer((2, 3, 4, 3))
    assert not driver.in_use


def test_a_driver_that_gives_no_stream(driver):
    """Nothing stays behind."""
    driver.fault = "cuStreamCreate"
    with pytest.raises(DeviceError, match=r"unspecified launch failure \(719\)"):
        PinnedBuffer((2, 3, 4, 3))
    assert not driver.in_use


@pytest.mark.parametrize(
    ("fault", "copy"),
    [
        ("cuMemcpyHtoDAsync_v2", PinnedBuffer.upload),
        ("cuMemcpyDtoHAsync_v2", PinnedBuffer.download),
        ("cuStreamSynchronize", PinnedBuffer.upload),
        ("cuStreamSynchronize", PinnedBuffer.download),
        ("cuCtxSetCurrent", PinnedBuffer.upload),
    ],
)
def test_a_copy_that_fails(driver, fault, copy):
    """Is an error, and no picture."""
    frames = PinnedBuffer((1, 1, 1, 3))
    driver.fault = fault
    with pytest.raises(DeviceError, match=r"unspecified launch failure \(719\)"):
        copy(frames)
    driver.fault = ""
    frames.close()


def test_no_driver():
    """One sentence names the library."""
    with pytest.raises(DeviceError, match=r"^NVIDIA's driver cannot be loaded: "):
        PinnedBuffer((1, 1, 1, 3))
