"""A window on the screen, with OpenCV."""

from __future__ import annotations

import logging
import os
import platform
import struct
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rtstyle.errors import SinkError
from rtstyle.frames import Frame
from rtstyle.sinks.x_server import greet

if TYPE_CHECKING:
    from rtstyle.frames import Packet, VideoFormat

_QUIT = {"q", "\x1b"}
_MOST = 0.9  # of the screen: title bar and panels need some, too

_log = logging.getLogger("rtstyle")

Overlay = Callable[[NDArray[np.uint8], Frame], None]


class Window:
    """Shows frames in the caller's thread, which on macOS must be the main one.

    ``overlay`` may draw on what is shown, (H, W, 3) uint8 BGR, and on nothing else. ``on_key`` gets every key as a
    character; q, Esc and closing the window close it. ``on_drag`` gets where the mouse is dragged to, 0 to 1 of the
    width. Call ``idle`` when there are no frames. Raises SinkError where there is no display.
    """

    def __init__(
        self,
        title: str = "rtstyle",
        *,
        overlay: Overlay | None = None,
        on_key: Callable[[str], None] | None = None,
        on_drag: Callable[[float], None] | None = None,
    ) -> None:
        self._title = title
        self._overlay, self._on_key, self._on_drag = overlay, on_key, on_drag
        self._width, self._margin = 1, 0  # px, of the frames and of the black beside them
        self._open = False
        self._full_screen = False
        self.closed = False

    def open(self, format: VideoFormat, /) -> None:
        """Show the empty window, as large as the frames, or as the screen allows."""
        screen = check_display()
        # Qt looks for fonts where OpenCV's wheel has none, and tells about it at length.
        os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false;*.info=false")
        if platform.system() == "Linux":
            os.environ["QT_QPA_PLATFORM"] = "xcb"  # OpenCV's wheel has no other, and Qt ends the process without
        import cv2

        try:
            cv2.namedWindow(self._title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
            self._open = True
            cv2.resizeWindow(self._title, *_shrunk((format.width, format.height), screen))
            cv2.setMouseCallback(self._title, self._mouse)
        except cv2.error as error:  # opencv-python-headless
            raise SinkError(
                f"no window: this OpenCV cannot show one ({error.err}); install opencv-python in place of "
                "opencv-python-headless, or use --no-window"
            ) from error
        self._width = format.width

    def write(self, item: Frame | Packet, /) -> None:
        """Show it, and handle keys and mouse."""
        if not isinstance(item, Frame) or not self._open:
            return
        import cv2

        picture = np.asarray(cv2.cvtColor(item.image, cv2.COLOR_RGB2BGR), np.uint8)
        if self._overlay is not None:
            self._overlay(picture, item)
        cv2.imshow(self._title, self._letterboxed(picture) if self._full_screen else picture)
        self.idle()

    def idle(self) -> None:
        """Handle keys and mouse; call it at least 20 times a second."""
        if not self._open:
            return
        import cv2

        key = cv2.waitKey(1)
        if key != -1:
            self._press(chr(key & 0xFF))
        if not self._is_visible():
            self.closed = True

    def toggle_full_screen(self) -> None:
        """To the whole screen, or back."""
        import cv2

        self._full_screen = not self._full_screen
        mode = cv2.WINDOW_FULLSCREEN if self._full_screen else cv2.WINDOW_NORMAL
        ratio = cv2.WINDOW_FREERATIO if self._full_screen else cv2.WINDOW_KEEPRATIO  # its own bars are light grey
        cv2.setWindowProperty(self._title, cv2.WND_PROP_FULLSCREEN, mode)
        cv2.setWindowProperty(self._title, cv2.WND_PROP_ASPECT_RATIO, ratio)
        self._margin = 0

    def close(self, *, complete: bool = True) -> None:  # noqa: ARG002 - a window keeps nothing
        """Take it off the screen."""
        if not self._open:
            return
        import cv2

        self._open = False
        if self._is_visible():
            cv2.destroyWindow(self._title)
            cv2.waitKey(1)  # Qt takes it off when it sees to its events

    def _letterboxed(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """In black to the screen's proportions."""
        import cv2

        height, width = picture.shape[:2]
        *_, screen_width, screen_height = cv2.getWindowImageRect(self._title)
        if min(screen_width, screen_height) <= 0:  # not on the screen yet
            return picture
        beside = max(0, (height * screen_width // screen_height - width) // 2)
        above = max(0, (width * screen_height // screen_width - height) // 2)
        self._margin = beside
        return np.asarray(cv2.copyMakeBorder(picture, above, above, beside, beside, cv2.BORDER_CONSTANT), np.uint8)

    def _is_visible(self) -> bool:
        import cv2

        try:
            return bool(cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1)
        except cv2.error:  # Qt's answer when its last window was closed
            return False

    def _press(self, key: str) -> None:
        if key in _QUIT:
            self.closed = True
        elif self._on_key is not None:
            self._on_key(key)

    def _mouse(self, event: int, x: int, _y: int, flags: int, _data: object) -> None:
        import cv2

        dragged = event == cv2.EVENT_LBUTTONDOWN or (event == cv2.EVENT_MOUSEMOVE and flags & cv2.EVENT_FLAG_LBUTTON)
        if dragged and self._on_drag is not None:
            self._on_drag(min(max((x - self._margin) / self._width, 0.0), 1.0))


def _shrunk(size: tuple[int, int], screen: tuple[int, int] | None) -> tuple[int, int]:
    """That (width, height), or the largest of its shape that fits on the screen; None: that is unknown."""
    if screen is None:
        return size
    share = min(1.0, *(_MOST * most / side for side, most in zip(size, screen, strict=True)))
    return max(round(size[0] * share), 1), max(round(size[1] * share), 1)


def check_display() -> tuple[int, int] | None:
    """Return the screen's (width, height), pixels, on Linux.

    Raise SinkError where no window can be shown, as Qt would end the whole process, or hang for ever. It hangs where
    PyAV was loaded before OpenCV: Qt then takes PyAV's libxcb for its own (PyAV, issue 1050).
    """
    if platform.system() != "Linux":
        return None
    loaded = list(sys.modules)
    if "av" in loaded and ("cv2" not in loaded or loaded.index("av") < loaded.index("cv2")):
        raise SinkError("no window: with PyAV imported before OpenCV it would hang; put `import cv2` first")
    display = os.environ.get("DISPLAY", "")
    if not display:
        raise SinkError("no window: there is no display (DISPLAY is not set); use --no-window")
    host, _, number = display.partition(":")
    screen = number.partition(".")[0]
    try:
        return greet(host, int(screen))
    except PermissionError:
        raise SinkError(
            f"no window: the display {display} refuses this user; start without sudo, or set XAUTHORITY to the file of "
            "its owner; or use --no-window"
        ) from None
    except (OSError, OverflowError, ValueError, struct.error):
        raise SinkError(f"no window: the display {display} does not answer; use --no-window") from None
