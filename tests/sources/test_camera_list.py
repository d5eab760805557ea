"""What the drivers say of their cameras."""

import json
import struct
import subprocess
import sys

from rtstyle.sources.camera_list import CameraInfo, linux_cameras


def test_linux_cameras_are_read_from_their_drivers(tmp_path):
    """Name, formats and sizes, in the kernel's own structures; nodes that do not capture are left out."""
    for name in ("video0", "video1", "video10", "video2", "videoX", "media0"):
        (tmp_path / name).touch()

    def ioctl(path, request, data):
        if path.name == "video2":
            raise PermissionError
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


def test_the_command():
    """One JSON object, or words."""
    done = subprocess.run([sys.executable, "-m", "rtstyle", "cameras", "--json"], capture_output=True, check=True)
    assert isinstance(json.loads(done.stdout)["cameras"], list)
    done = subprocess.run([sys.executable, "-m", "rtstyle", "cameras"], capture_output=True, check=True)
    assert done.stdout
