"""A camera for other programs: against a fake of pyvirtualcam, and a real device where there is one."""

import enum
import sys
import types
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtstyle.errors import SinkError
from rtstyle.frames import Frame, VideoFormat
from rtstyle.sinks.virtual_camera import VirtualCamera

FORMAT = VideoFormat(width=64, height=48, rate=Fraction(30), live=True)
IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


class PixelFormat(enum.Enum):
    """As pyvirtualcam's."""

    RGB = "raw "


class FakeCamera:
    """Takes what pyvirtualcam.Camera takes, and refuses what that refuses."""

    made = ()

    def __init__(self, width, height, fps, *, fmt, device=None):
        assert fmt is PixelFormat.RGB
        self.shape, self.fps, self.device = (height, width, 3), fps, device or "/dev/video9"
        self.sent, self.closed = [], False
        FakeCamera.made = (*FakeCamera.made, self)

    def send(self, frame):
        assert frame.shape == self.shape
        assert frame.flags.c_contiguous
        self.sent.append(frame)

    def close(self):
        self.closed = True


@pytest.fixture
def fake(monkeypatch):
    """A pyvirtualcam that is always there."""
    module = types.SimpleNamespace(Camera=FakeCamera, PixelFormat=PixelFormat)
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    monkeypatch.setattr(FakeCamera, "made", ())
    return module


def test_frames_are_sent_as_they_are(fake):
    """RGB, in their own size and rate; the device has a name; and it is let go."""
    camera = VirtualCamera()
    camera.open(FORMAT)
    camera.write(Frame(IMAGE[:, ::-1], Fraction(0)))
    (backend,) = FakeCamera.made
    assert (camera.device, backend.fps) == ("/dev/video9", 30.0)
    assert np.array_equal(backend.sent[0], IMAGE[:, ::-1])
    camera.close()
    assert backend.closed


def test_no_backend(fake):
    """The error has all reasons, and says exactly what to install."""

    def refuse(*_arguments, **_options):
        raise RuntimeError("virtual camera output could not be started: \n'v4l2loopback': no device found")

    fake.Camera = refuse
    with pytest.raises(SinkError, match=r"no device found.*(modprobe v4l2loopback|install OBS Studio)"):
        VirtualCamera().open(FORMAT)


def test_not_installed(monkeypatch):
    """The error names the extra."""
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(SinkError, match=r"pip install 'rtstyle\[virtual-camera\]'"):
        VirtualCamera()


def test_a_real_device():
    """Where v4l2loopback is loaded and pyvirtualcam installed, frames go through."""
    names = Path("/sys/class/video4linux").glob("*/name")
    loopback = [path for path in names if "loopback" in path.read_text().lower() or "Dummy" in path.read_text()]
    if not loopback:
        pytest.skip("no such hardware: a v4l2loopback device")
    camera = VirtualCamera(f"/dev/{loopback[0].parent.name}")
    camera.open(FORMAT)
    camera.write(Frame(IMAGE, Fraction(0)))
    camera.close()
