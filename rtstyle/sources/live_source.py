"""A camera or a stream that may go away and come back."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from threading import Thread
from time import perf_counter
from typing import Protocol

import numpy as np

from rtstyle.channel import Channel
from rtstyle.errors import RtstyleError, SourceError
from rtstyle.frames import Frame, Image, VideoFormat
from rtstyle.sources.aside import aside

RECONNECTING = "reconnecting"

_TICK = Fraction(1, 90_000)  # seconds
_BEAT_S = 0.2  # interval at which the last picture is repeated while no new one comes
_BACK_OFF_S = (0.5, 1.0, 2.0, 4.0)  # before the first attempt to reconnect, the second, ...; the last for all others
_ANSWER_S = 12.0  # how long an attempt may take: more than FFmpeg needs to open a stream
_STUCK = 3  # how many devices that never answered may be left behind before one must end first

_log = logging.getLogger("rtstyle")

Shot = tuple[Image, float]  # (H, W, 3) uint8 RGB, and time.perf_counter() when it was there


class Device(Protocol):
    """What can be read picture by picture. Only the thread that reads it closes it."""

    @property
    def rate(self) -> Fraction | None: ...

    def read(self) -> Image:
        """The next picture, (H, W, 3) uint8 RGB of any size. Raises SourceError when there are no more."""
        ...

    def close(self) -> None: ...


class LiveSource:
    """Frames of a device as they come, at the size of the first; when it falls silent, it is opened again.

    The device is read in a thread of its own, so that a driver that never answers blocks nothing else. After
    ``timeout_s`` without a picture, or an error, ``status`` says "reconnecting"; until the device is back the
    last picture is given again, five times a second. What ``open`` raises the first time is raised here.
    """

    def __init__(self, open: Callable[[], Device], *, name: str, timeout_s: float = 3.0) -> None:
        self._open, self._name, self._timeout_s = open, name, timeout_s
        self._threads: list[Thread] = []  # of devices, those that were left behind too; the newest last
        self.status = ""
        device = aside(open, _close)
        rate = device.rate  # once it is read, it may be closed at any moment
        try:
            self._shots = self._start(device)
            if not self._shots.wait_for_item(max(timeout_s, 10.0)):  # the first picture may take longer
                raise SourceError(f"{name}: was opened, but no picture came within {max(timeout_s, 10.0):.0f} s")
            first = next(self._shots, None)
            if first is None:
                raise SourceError(f"{name}: was opened, but ended before the first picture")
        except BaseException:
            self.close()
            raise
        self._last: Shot = first
        height, width = first[0].shape[:2]
        self.format = VideoFormat(width=width, height=height, rate=rate, time_base=_TICK, live=True)

    def __iter__(self) -> Iterator[Frame]:
        zero, ticks = self._last[1], -1
        for image, captured in self._shoot():
            ticks = max(ticks + 1, round((captured - zero) / _TICK))
            yield Frame(image, ticks * _TICK, captured=captured)

    def close(self) -> None:
        """Release the device; a thread stuck in it closes it when it returns."""
        if hasattr(self, "_shots"):
            self._shots.cancel()
        for thread in self._threads[-1:]:
            thread.join(0.2)  # Ctrl-C is to end within a second

    def _shoot(self) -> Iterator[Shot]:
        """Pictures without end: new ones, or the last one again."""
        yield self._last
        heard = tried = perf_counter()  # when the last picture came, and when the device was last opened
        attempts = 0  # in vain
        while True:
            shot, now = self._next(), perf_counter()
            if shot is not None:
                self._welcome()
                self._last, heard, attempts = shot, now, 0
                yield shot
                continue
            if not self.status:
                if self._shots.wait_for_end(0) or now - heard > self._timeout_s:
                    self._lose()
                    tried = now
            elif now - tried > self._patience(attempts):
                self._try_again()
                tried, attempts = now, attempts + 1
            yield self._last[0], now

    def _next(self) -> Shot | None:
        """The next new picture, fitted; None if there is none for a while."""
        if not self._shots.wait_for_item(_BEAT_S):
            return None
        try:
            shot = next(self._shots, None)
        except RtstyleError as error:
            _log.debug("%s: %s", self._name, error)
            shot = None
        if shot is None:
            time.sleep(_BEAT_S)  # what has ended answers at once
            return None
        return fitted(shot[0], self.format.height, self.format.width), shot[1]

    def _patience(self, attempts: int) -> float:
        """Seconds between the last attempt and the next: longer each time, and while it may yet succeed."""
        wait_s = _BACK_OFF_S[min(attempts, len(_BACK_OFF_S) - 1)]
        return wait_s + _ANSWER_S if attempts and self._threads[-1].is_alive() else wait_s

    def _lose(self) -> None:
        self.status = RECONNECTING
        self._shots.cancel()
        _log.warning("%s: no more pictures; reconnecting", self._name)

    def _try_again(self) -> None:
        self._shots.cancel()
        alive = [thread for thread in self._threads if thread.is_alive()]
        gc.collect()  # of the device before: PyAV's containers and streams hold each other
        if len(alive) < _STUCK:
            self._threads = alive
            self._shots = self._start(None)

    def _welcome(self) -> None:
        if self.status:
            self.status = ""
            _log.warning("%s: is back", self._name)

    def _start(self, device: Device | None) -> Channel[Shot]:
        """Read ``device``, or one that is opened first, in a new thread."""
        shots: Channel[Shot] = Channel(1, droppable=lambda _: True)
        self._threads.append(Thread(target=self._read, args=(device, shots), name="rtstyle-device", daemon=True))
        self._threads[-1].start()
        return shots

    def _read(self, device: Device | None, shots: Channel[Shot]) -> None:
        """Body of the device's thread."""
        with shots.feeding():
            device = device or self._open()
            try:
                while not shots.cancelled:
                    shots.put((device.read(), perf_counter()))
            finally:
                device.close()


def fitted(image: Image, height: int, width: int) -> Image:
    """The picture at that size, centred, with black bars where its shape is another."""
    have_height, have_width = image.shape[:2]
    if (have_height, have_width) == (height, width):
        return image
    import cv2

    scale = min(height / have_height, width / have_width)
    new_height, new_width = max(1, round(have_height * scale)), max(1, round(have_width * scale))
    top, left = (height - new_height) // 2, (width - new_width) // 2
    canvas = np.zeros((height, width, 3), np.uint8)
    resized = cv2.resize(image, (new_width, new_height), interpolation=cv2.INTER_AREA)
    canvas[top : top + new_height, left : left + new_width] = resized
    return canvas


def _close(device: Device) -> None:
    device.close()
