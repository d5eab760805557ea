"""A camera, through OpenCV."""

from __future__ import annotations

import logging
import os
import platform
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from rtstyle.errors import SourceError
from rtstyle.times import unrounded_rate

if TYPE_CHECKING:
    from rtstyle.frames import Image

SIZE = (1280, 720)  # width, height that is asked for where nobody names one: OpenCV alone would take 640×480
_FLUENT = 24  # frames/s
_GARBAGE_S = 3.0  # without a picture that can be decoded: the camera is gone
_FIRST_S = 10.0  # the same before the first one: some are slow to start
_PAUSE_S = 0.02  # after one that cannot
_GREY, _COLOR, _WITH_ALPHA = 1, 3, 4  # channels

_log = logging.getLogger("rtstyle")

Capture = Callable[[int | str], Any]  # what makes a cv2.VideoCapture, or something that looks like one


class Camera:
    """The camera at ``address``: a number, or on Linux ``/dev/videoN``.

    Requests ``size`` (width, height) and ``rate``, and accepts what it gets. Without a size it requests 1280×720 or, if
    that is slow, the camera's own default. Pictures that cannot be decoded are skipped, grey ones become RGB. Raises
    SourceError: at once if there is no such camera, while reading when it is gone.
    """

    def __init__(
        self,
        address: int | str,
        *,
        size: tuple[int, int] | None = None,
        rate: Fraction | None = None,
        capture: Capture | None = None,
    ) -> None:
        self._address, self._patience_s = address, _FIRST_S
        self._capture = (capture or _open)(address)
        if not self._capture.isOpened():
            self._capture.release()
            question = f"{permission()}is it connected, and not in use by another program?"
            raise SourceError(f"camera {address}: cannot be opened; {question}")
        self._ask(size, rate)

    @property
    def rate(self) -> Fraction | None:
        """Frames a second as the driver says; None where it does not."""
        import cv2

        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        if not 1 <= rate <= 1000:  # noqa: PLR2004 - it is made up
            return None
        return unrounded_rate(Fraction(rate).limit_denominator(1001))

    def read(self) -> Image:
        """The next picture that can be decoded."""
        end = time.monotonic() + self._patience_s
        while time.monotonic() < end:
            good, picture = self._grab()
            if good and (image := _rgb(picture)) is not None:
                self._patience_s = _GARBAGE_S
                return image
            time.sleep(_PAUSE_S)
        raise SourceError(f"camera {self._address}: gives no more pictures")

    def close(self) -> None:
        self._capture.release()

    def _grab(self) -> tuple[bool, object]:
        import cv2

        try:
            good, picture = self._capture.read()
        except cv2.error as error:  # MJPEG that is damaged, say
            _log.debug("camera %s: %s", self._address, error)
            return False, None
        return bool(good), picture

    def _ask(self, size: tuple[int, int] | None, rate: Fraction | None) -> None:
        import cv2

        # V4L2 would keep four, each a frame of latency; with a single one, uvcvideo misses every other frame.
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 2)
        own = [self._capture.get(side) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
        # Most cameras have their large sizes at full rate in MJPEG alone.
        self._capture.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*"MJPG")))
        self._ask_for_size(*(size or SIZE))
        if size is None and (self.rate or _FLUENT) < _FLUENT:
            self._ask_for_size(*own)
        if rate:
            self._capture.set(cv2.CAP_PROP_FPS, float(rate))

    def _ask_for_size(self, width: float, height: float) -> None:
        import cv2

        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)


def permission() -> str:
    """What to do first on macOS, where a camera that we may not use cannot be opened, and nothing says why."""
    if platform.system() != "Darwin":
        return ""
    return "allow your terminal to use it (System Settings, Privacy & Security, Camera) and try again; "


def _open(address: int | str) -> Any:  # noqa: ANN401 - cv2.VideoCapture; cv2 is imported here and not before
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(round(_GARBAGE_S)))  # or it waits for ten seconds
    import cv2

    # OpenCV tells of a missing camera on stderr, in lines that only its authors understand.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    backend = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_MSMF, "darwin": cv2.CAP_AVFOUNDATION}.get(sys.platform)
    # CAP_PROP_READ_TIMEOUT_MSEC is FFmpeg's and GStreamer's alone: LiveSource keeps the time.
    return cv2.VideoCapture(address, cv2.CAP_ANY if backend is None else backend)


def _rgb(picture: object) -> Image | None:
    """(H, W, 3) uint8 RGB from what OpenCV gave: BGR, grey, with alpha, or nothing at all."""
    import cv2

    if not isinstance(picture, np.ndarray) or picture.size == 0 or picture.dtype != np.uint8:
        return None
    channels = 1 if picture.ndim == 2 else picture.shape[-1]  # noqa: PLR2004 - (H, W)
    codes = {_GREY: cv2.COLOR_GRAY2RGB, _COLOR: cv2.COLOR_BGR2RGB, _WITH_ALPHA: cv2.COLOR_BGRA2RGB}
    if channels not in codes:
        return None
    return np.asarray(cv2.cvtColor(picture, codes[channels]), np.uint8)
