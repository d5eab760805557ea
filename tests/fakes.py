"""A source, a sink and stages that need no file, no model and no device, for tests of what lies between."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction

import numpy as np

from rtstyle.frames import Batch, Frame, Packet, VideoFormat


class Clock:
    """In place of the module ``time``: it stands still but for those who sleep."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class ColorBars:
    """``frames`` frames whose every pixel tells their number, modulo 256; fails or waits when told to."""

    def __init__(self, frames, *, size=(32, 48), rate=Fraction(25), fail_at=None, live=False, tick=None):
        height, width = size
        self.format = VideoFormat(width=width, height=height, rate=rate, time_base=1 / rate, frames=frames, live=live)
        self.closed = False
        self._fail_at = fail_at
        self._tick = tick

    def __iter__(self):
        for index in range(self.format.frames):
            if index == self._fail_at:
                raise OSError("the source broke")
            if self._tick:
                self._tick(index)
            shape = (self.format.height, self.format.width, 3)
            image = np.full(shape, index % 256, dtype=np.uint8)
            yield Frame(image, index * self.format.time_base, self.format.time_base)

    def close(self):
        self.closed = True


class Memory:
    """Keeps what it is given, and remembers how it was opened and closed."""

    def __init__(self, *, fail_at=None, close_after=None, wait_s=0.0):
        self.items = []
        self.format = None
        self.complete = None
        self.closed = False
        self._fail_at = fail_at
        self._close_after = close_after
        self._pause = threading.Event()
        self._wait_s = wait_s

    @property
    def frames(self):
        return [item for item in self.items if isinstance(item, Frame)]

    @property
    def packets(self):
        return [item for item in self.items if isinstance(item, Packet)]

    @property
    def numbers(self):
        return [int(frame.image[0, 0, 0]) for frame in self.frames]

    def open(self, format, /):
        self.format = format

    def write(self, item, /):
        if len(self.items) == self._fail_at:
            raise OSError("the sink broke")
        self._pause.wait(self._wait_s)
        self.items.append(item)
        self.closed = len(self.items) == self._close_after

    def close(self, *, complete=True):
        assert self.complete is None, "closed twice"
        self.complete = complete


class Stuck(Memory):
    """A dead server: a write never returns."""

    def __init__(self):
        super().__init__()
        self.let_go = threading.Event()

    def write(self, item, /):
        self.let_go.wait(20)
        super().write(item)


class Invert:
    """255 - x, and a record of the sizes of the batches."""

    def __init__(self, *, fail_at=None):
        self.batches = []
        self.resets = 0
        self._fail_at = fail_at

    def __call__(self, batch, /):
        if len(self.batches) == self._fail_at:
            raise RuntimeError("the stage broke")
        self.batches.append(len(batch))
        return replace(batch, images=255 - batch.images)

    def reset(self):
        self.resets += 1


def one_batch(images):
    """A batch of ``images`` (N, H, W, 3) that no stage has touched."""
    return Batch(content=images, images=images, times=[Fraction(n, 25) for n in range(len(images))])
