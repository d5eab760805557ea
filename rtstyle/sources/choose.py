"""Opens the live source that the user names."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.errors import SourceError, UsageError
from rtstyle.places import local_path
from rtstyle.sources.aside import aside
from rtstyle.sources.camera import Camera, permission
from rtstyle.sources.camera_list import list_cameras
from rtstyle.sources.live_source import LiveSource
from rtstyle.sources.paced import Paced
from rtstyle.sources.picture_sequence import is_pattern
from rtstyle.sources.test_pattern import TestPattern

if TYPE_CHECKING:
    from rtstyle.sources.screen import Screen

_FASTEST = 1000  # frames/s to ask for
_TEST_SIZE, _TEST_RATE = (1280, 720), Fraction(30)
_SCREEN_RATE = Fraction(30)
_DIGITS = 9  # of a camera's number: OpenCV's have 32 bits
_CAMERAS_TRIED = range(4)  # numbers, where no list of cameras is to be had
_HELP = "see: rtstyle cameras; and `rtstyle live test` works without one"

LiveFrames = LiveSource | Paced  # what both have besides a Source: `status`


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """What to request from a camera, the screen or the test pattern; of numbered pictures the rate.

    Raises UsageError for a rate that nothing has.
    """

    size: tuple[int, int] | None = None  # width, height, pixels
    rate: Fraction | None = None  # frames/s
    loop: bool = False  # of a file

    def __post_init__(self) -> None:
        if self.rate is not None and not 0 < self.rate <= _FASTEST:
            raise UsageError(f"rate: expected more than 0 and at most {_FASTEST} frames a second, got {self.rate}")


def open_live(name: str | int | None, request: CaptureRequest = CaptureRequest()) -> LiveFrames:
    """Open a camera (None: the first; a number, a name, ``/dev/videoN``), an address, a file, ``screen`` or ``test``.

    Raises SourceError, with what there is to choose from, and UsageError for a film or stream of another size or rate,
    and for what has no end and is to be played again.
    """
    text = "" if name is None else str(name)
    if text in {"test", "screen"}:
        _check_not_again(text, request)
    if text == "test":
        width, height = request.size or _TEST_SIZE
        return Paced(lambda: TestPattern(width, height, frames=None, rate=request.rate or _TEST_RATE))
    if text == "screen":
        return LiveSource(partial(_open_screen, request), name="screen")
    if "://" in text:
        return _open_address(text, request)
    is_there = os.path.exists(text)  # noqa: PTH110 - Path.exists raises for a name that is too long
    is_device = text.startswith("/dev/") and (not is_there or Path(text).is_char_device())
    if not text or text.isdecimal() or is_device:
        return _open_camera(text, request)
    if is_there or is_pattern(text) or text == "-":
        return _open_file(text, request)
    return _open_camera_by_name(text, request)


def _open_address(address: str, request: CaptureRequest) -> LiveFrames:
    from rtstyle.sources.stream import Stream, check_port, nothing_shown  # PyAV

    scheme, opened, timeout_s = address.split("://", maxsplit=1)[0], list[Stream](), 5.0
    if scheme == "file":
        return _open_file(local_path(address), request)
    _check_asked_for_nothing(address, request)
    open = partial(Stream, address, shown=nothing_shown())
    if scheme in {"http", "https"}:
        first = aside(open, Stream.close)
        if first.duration_s > 0 or request.loop:  # a film that lies on a server
            first.close()
            return _open_file(address, request)
        opened, timeout_s = [first], first.silence_s  # some serve but once
    _check_not_again(address, request)
    if scheme == "udp":
        check_port(address)
    return LiveSource(lambda: opened.pop() if opened else open(), name=address, timeout_s=timeout_s)


def _open_file(path: str, request: CaptureRequest) -> Paced:
    from rtstyle.sources.video_reader import VideoReader

    rate = request.rate if is_pattern(path) else None
    _check_asked_for_nothing(path, replace(request, rate=None) if rate else request)
    return Paced(lambda: aside(lambda: VideoReader(path, rate=rate), VideoReader.close), loop=request.loop)


def _check_asked_for_nothing(name: str, request: CaptureRequest) -> None:
    """Raise UsageError where what is played cannot be asked for another size or rate."""
    if request.size or request.rate:
        raise UsageError(
            f"{name}: has its own size and rate; only a camera, the screen and the test pattern can be asked for "
            "others, and numbered pictures (frame_%04d.png) for a rate"
        )


def _check_not_again(name: str, request: CaptureRequest) -> None:
    """Raise UsageError where there is no end at which to begin again."""
    if request.loop:
        raise UsageError(f"{name}: never ends; only a film can be repeated (loop)")


def _open_camera(text: str, request: CaptureRequest) -> LiveSource:
    """The camera by number or device; without either the first that opens."""
    if text:
        address: int | str = int(text) if text.isdecimal() and len(text) <= _DIGITS else text
        try:
            return _camera(address, request)
        except SourceError as error:
            raise SourceError(f"{error} There is {_seen()}; {_HELP}") from error
    cameras = list_cameras()
    addresses: list[int | str] = [camera.address for camera in cameras]
    if not addresses and platform.system() != "Linux":
        addresses = list(_CAMERAS_TRIED)
    for address in addresses:
        try:
            return _camera(address, request)
        except SourceError:
            continue
    tried = (
        f"tried {', '.join(map(str, cameras or addresses))}, and none could be opened" if addresses else "there is none"
    )
    where = " (/dev/video*)" if platform.system() == "Linux" else ""
    raise SourceError(f"no camera{where}: {tried}; {permission()}{_HELP}")


def _open_camera_by_name(text: str, request: CaptureRequest) -> LiveSource:
    """The first whose name has ``text`` in it; opened again it is looked for by its name, as its number may change."""
    cameras = list_cameras()
    found = next((camera for camera in cameras if text.lower() in camera.name.lower()), None)
    if found is None:
        raise SourceError(f"{text}: there is no such file, and no camera of that name; there is {_seen()}; {_HELP}")
    name, address = found.name, found.address
    if sum(camera.name == name for camera in cameras) > 1:  # told apart by number alone
        return _camera(address, request)
    return _live_camera(name, partial(_address_of, name), request)


def _address_of(name: str) -> int | str:
    """Where the camera of exactly that name is now. Raises SourceError."""
    for camera in list_cameras():
        if camera.name == name:
            return camera.address
    raise SourceError(f"{name}: is not connected")


def _camera(address: int | str, request: CaptureRequest) -> LiveSource:
    return _live_camera(f"camera {address}", lambda: address, request)


def _live_camera(name: str, find: Callable[[], int | str], request: CaptureRequest) -> LiveSource:
    """What is at the address that ``find`` gives each time it is opened."""
    _check_not_again(name, request)

    def open() -> Camera:
        return Camera(find(), size=request.size, rate=request.rate)

    # In another thread than the main one OpenCV could not ask the user for permission (cap_avfoundation_mac.mm).
    opened = [open()] if platform.system() == "Darwin" else []
    return LiveSource(lambda: opened.pop() if opened else open(), name=name)


def _seen() -> str:
    return ", ".join(map(str, list_cameras())) or "no camera to be seen"


def _open_screen(request: CaptureRequest) -> Screen:
    """FFmpeg's grabber of this platform, as far as PyAV's FFmpeg has it."""
    import av

    from rtstyle.sources.screen import Screen

    grabbers = {"Linux": "x11grab", "Windows": "gdigrab", "Darwin": "avfoundation"}
    grabber = grabbers.get(platform.system(), "none")
    if request.size and grabber != "x11grab":
        raise UsageError(
            "screen: only X11 can be asked for a size; here the screen is taken whole, without --camera-size"
        )
    if grabber not in av.formats_available:
        raise SourceError(f"screen: the FFmpeg inside PyAV has no grabber for {platform.system()} ({grabber})")
    display = os.environ.get("DISPLAY", "")
    if grabber == "x11grab" and not display:
        raise SourceError("screen: there is no X display (DISPLAY is not set), and Wayland cannot be grabbed")
    address = {"x11grab": display, "gdigrab": "desktop", "avfoundation": "Capture screen 0"}[grabber]
    options = {"video_size": "{}x{}".format(*request.size)} if request.size else {}
    return Screen(address, grabber, request.rate or _SCREEN_RATE, options)
