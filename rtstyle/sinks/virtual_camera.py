"""A virtual camera that other programs can select, showing the painting."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

import numpy as np

from rtstyle.errors import SinkError
from rtstyle.frames import Frame

if TYPE_CHECKING:
    from rtstyle.frames import Packet, VideoFormat

_RATE = 30.0  # frames/s, where the source does not say
_REMEDIES = {
    "Linux": "sudo apt install v4l2loopback-dkms && sudo modprobe v4l2loopback exclusive_caps=1",
    "Windows": "install OBS Studio (https://obsproject.com), which brings the OBS Virtual Camera",
    "Darwin": "install OBS Studio (https://obsproject.com) and start its virtual camera once",
}


class VirtualCamera:
    """Feeds pyvirtualcam: v4l2loopback on Linux, OBS on Windows and macOS. Raises SinkError that says what to install.

    ``device``: the one to feed (``/dev/video2``), where there are several.
    """

    closed = False

    def __init__(self, device: str | None = None) -> None:
        self._device = device
        self._camera: Any = None
        try:
            import pyvirtualcam  # noqa: F401 - whether it is there
        except ImportError as error:
            raise SinkError("virtual camera: install it with: pip install 'rtstyle[virtual-camera]'") from error

    @property
    def device(self) -> str:
        """What other programs call it, once it is open."""
        return str(self._camera.device) if self._camera is not None else ""

    def open(self, format: VideoFormat, /) -> None:
        """Take hold of the device."""
        import pyvirtualcam

        rate = float(format.rate or _RATE)
        try:
            self._camera = pyvirtualcam.Camera(
                format.width, format.height, rate, fmt=pyvirtualcam.PixelFormat.RGB, device=self._device
            )
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            remedy = _REMEDIES.get(platform.system(), "see https://github.com/letmaik/pyvirtualcam")
            raise SinkError(f"virtual camera: no backend works ({reason}); {remedy}") from error

    def write(self, item: Frame | Packet, /) -> None:
        if isinstance(item, Frame):
            self._camera.send(np.ascontiguousarray(item.image))

    def close(self, *, complete: bool = True) -> None:  # noqa: ARG002 - there is nothing to keep back
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
