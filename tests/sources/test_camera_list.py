"""What the drivers say of their cameras."""

import json
import struct
import subprocess
import sys
from types import SimpleNamespace

import pytest

from rtstyle.cli.cameras import cameras as list_on_terminal
from rtstyle.errors import SourceError
from rtstyle.sources import camera_list, choose
from rtstyle.sources.camera_list import CameraInfo, linux_cameras, list_cameras


def test_linux_cameras_are_read_from_their_drivers(tmp_path):
    """Name, formats and sizes, in the kernel's own structures; nodes that do not capture are left out."""
    for name in ("video0", "video1", "video10", "video2", "videoX", "media0"):
        (tmp_path / name).touch()

    def ioctl(path, request, data):
        if path.name == "video2":
            raise FileNotFoundError
        if request == 0x80685600:
            node = 0x04200001 if path.name != "video1" else 0x04A00000  # video1 gives metadata
            return struct.pack("=16s32s32sIII12x", b"uvcvideo", b"HD Webcam: HD", b"usb", 0, 0x84A00001, node)
        if request == 0xC0405602:
            index = struct.unpack_from("=I", data)[0]
            if index > 1:
                raise OSError
            return struct.pack("=III32s4s16x", index, 1, 0, b"", [b"MJPG", b"YUYV"][index])
        index, _ = struct.unpack_from("=II", data)
        if data[4:8] == b"YUYV":
            return struct.pack("=IIIIIIIII8x", 0, 0, 3, 32, 640, 2, 32, 480, 2)
        if index > 1:
            raise OSError
        return struct.pack("=IIIIIIIII8x", 0, 0, 1, *[(1280, 720), (640, 360)][index], 0, 0, 0, 0)

    formats = {"MJPG": [(1280, 720), (640, 360)], "YUYV": [(640, 480)]}
    assert list(linux_cameras(tmp_path, ioctl)) == [
        CameraInfo(str(tmp_path / name), "HD Webcam: HD", formats) for name in ("video0", "video10")
    ]


def test_files_that_are_no_devices_are_no_cameras(tmp_path):
    """The kernel says so, and nobody else is to know."""
    (tmp_path / "video0").touch()
    assert list(linux_cameras(tmp_path)) == []


def test_a_mac_counts_its_cameras_as_opencv_does(monkeypatch):
    """By their unique ids, whatever order the system tells them in; where it tells nothing there is none."""
    cameras = [{"_name": "FaceTime HD Camera", "spcamera_unique-id": "EAB7"}, {"_name": "iPhone"}]
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    said = {"SPCameraDataType": cameras}
    monkeypatch.setattr(camera_list, "run", lambda *_, **__: SimpleNamespace(stdout=json.dumps(said)))
    assert list_cameras() == []  # an entry of another form
    cameras[1]["spcamera_unique-id"] = "D9B9"
    assert list_cameras() == [CameraInfo(0, "iPhone"), CameraInfo(1, "FaceTime HD Camera")]
    said.clear()
    assert list_cameras() == []


def test_a_camera_that_may_not_be_opened(tmp_path, monkeypatch, capsys):
    """It is listed, with what its owner can do, and so it is where it is opened."""
    (tmp_path / "video0").touch()

    def refuse(*_):
        raise PermissionError

    cameras = list(linux_cameras(tmp_path, refuse))
    monkeypatch.setattr("rtstyle.sources.camera_list.list_cameras", lambda: cameras)
    list_on_terminal(json=False)
    assert "video0  you may not open it: sudo usermod -aG video $USER" in capsys.readouterr().out
    monkeypatch.setattr(choose, "list_cameras", lambda: cameras)
    for name in (None, "Webcam", "37"):
        with pytest.raises(SourceError, match=r"video0 \(you may not open it: sudo usermod -aG video \$USER"):
            choose.open_live(name)


def test_the_command():
    """One JSON object, or words."""
    done = subprocess.run([sys.executable, "-m", "rtstyle", "cameras", "--json"], capture_output=True, check=True)
    assert isinstance(json.loads(done.stdout)["cameras"], list)
    done = subprocess.run([sys.executable, "-m", "rtstyle", "cameras"], capture_output=True, check=True)
    assert done.stdout
