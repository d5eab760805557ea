"""Which cameras there are, and what they can do."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from struct import Struct
from subprocess import SubprocessError, run

# linux/videodev2.h: struct v4l2_capability, v4l2_fmtdesc and v4l2_frmsizeenum, and the ioctls that fill them.
_CAPABILITY, _FORMAT, _SIZE = Struct("=16s32s32sIII12x"), Struct("=III32sI16x"), Struct("=IIIIIIIII8x")
_QUERY_CAPABILITY, _ENUM_FORMAT, _ENUM_SIZE = 0x80685600, 0xC0405602, 0xC02C564A
_CAN_CAPTURE = 0x1  # V4L2_CAP_VIDEO_CAPTURE; metadata nodes of the same camera cannot
_LOCKED = "you may not open it: sudo usermod -aG video $USER, and log in again"
_DISCRETE = 1  # V4L2_FRMSIZE_TYPE_DISCRETE; else: any size in a range, whose end is told
_PATIENCE_S = 10.0  # with macOS' own list

Ioctl = Callable[[Path, int, bytes], bytes]  # raises OSError


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One camera, as its driver describes it."""

    address: int | str  # what `rtstyle live` takes: /dev/videoN on Linux, a number elsewhere
    name: str
    formats: dict[str, list[tuple[int, int]]] = field(default_factory=dict)  # by FourCC: (width, height), pixels
    trouble: str = ""  # why it cannot be opened, and what helps; then it has no name

    def __str__(self) -> str:
        return f"{self.address} ({self.name or self.trouble})"


def list_cameras() -> list[CameraInfo]:
    """All cameras that can be seen; formats and sizes on Linux alone, where drivers tell without being opened."""
    systems = {"Linux": linux_cameras, "Darwin": _mac_cameras}
    return list(systems.get(platform.system(), _windows_cameras)())


def linux_cameras(devices: Path = Path("/dev"), ioctl: Ioctl | None = None) -> Iterator[CameraInfo]:
    """The V4L2 devices that capture video, by number; those that may not be asked, too."""
    ask = ioctl or _ioctl
    paths = [path for path in devices.glob("video*") if re.fullmatch(r"video\d+", path.name)]
    for path in sorted(paths, key=lambda path: int(path.name.removeprefix("video"))):
        with suppress(OSError):  # gone, or no camera
            try:
                said = _CAPABILITY.unpack(ask(path, _QUERY_CAPABILITY, bytes(_CAPABILITY.size)))
            except PermissionError:
                yield CameraInfo(str(path), "", trouble=_LOCKED)
                continue
            capabilities = said[5] or said[4]  # of this node rather than of the whole device
            if capabilities & _CAN_CAPTURE:
                yield CameraInfo(str(path), _text(said[1]), dict(_formats(path, ask)))


def _formats(path: Path, ask: Ioctl) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    with suppress(OSError):  # EINVAL is the end of the list
        for index in range(64):
            said = _FORMAT.unpack(ask(path, _ENUM_FORMAT, _FORMAT.pack(index, 1, 0, b"", 0)))
            yield said[4].to_bytes(4, "little").decode("ascii", "replace").strip(), list(_sizes(path, said[4], ask))


def _sizes(path: Path, fourcc: int, ask: Ioctl) -> Iterator[tuple[int, int]]:
    with suppress(OSError):
        for index in range(64):
            said = _SIZE.unpack(ask(path, _ENUM_SIZE, _SIZE.pack(index, fourcc, *[0] * 7)))
            if said[2] != _DISCRETE:
                yield said[4], said[7]  # the largest
                return
            yield said[3], said[4]


def _ioctl(path: Path, request: int, data: bytes) -> bytes:
    from fcntl import ioctl

    with path.open("rb", buffering=0) as device:
        return ioctl(device, request, data)


def _mac_cameras() -> Iterator[CameraInfo]:
    """By their unique ids: so does OpenCV sort and count them (cap_avfoundation_mac.mm)."""
    command = ["system_profiler", "SPCameraDataType", "-json"]
    with suppress(OSError, SubprocessError, ValueError, LookupError):
        said = run(command, capture_output=True, check=True, timeout=_PATIENCE_S).stdout
        cameras = sorted(json.loads(said)["SPCameraDataType"], key=itemgetter("spcamera_unique-id"))
        yield from (CameraInfo(number, camera["_name"]) for number, camera in enumerate(cameras))


def _windows_cameras() -> Iterator[CameraInfo]:
    """As DirectShow lists them; OpenCV opens them through Media Foundation, whose order may be another."""
    from av.device import enumerate_input_devices
    from av.error import FFmpegError

    with suppress(FFmpegError, OSError, ValueError):
        cameras = [device for device in enumerate_input_devices("dshow") if "video" in device.media_types]
        yield from (CameraInfo(number, camera.description) for number, camera in enumerate(cameras))


def _text(padded: bytes) -> str:
    return padded.split(b"\0")[0].decode("utf-8", "replace")
