"""Frames in memory here and on an NVIDIA GPU. Not run on a GPU yet."""

from __future__ import annotations

import ctypes
import mmap
from math import prod

import numpy as np

from rtstyle.engines import nvidia

_NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING: does not wait for the default stream


class PinnedBuffer:
    """Frames in pinned (page-locked) memory, their place on the GPU, and a stream of their own for copies both ways.

    During a copy the GPU computes, and another may run the opposite way. Any thread may copy, one at a time.
    Raises DeviceError. The owner closes it.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        # Pages of its own: the driver neither locks a page twice nor copies what is locked in part.
        self.array = np.frombuffer(mmap.mmap(-1, prod(shape)), np.uint8).reshape(shape)
        self._here, self._size = ctypes.c_void_p(self.array.ctypes.data), ctypes.c_size_t(self.array.nbytes)
        self._there, self._stream = ctypes.c_uint64(), ctypes.c_void_p()
        self._driver, self._context = nvidia.enter()
        self._check(self._driver.cuMemAlloc_v2(ctypes.byref(self._there), self._size))
        self._locked = nvidia.lock(self.array)
        try:
            self._check(self._driver.cuStreamCreate(ctypes.byref(self._stream), ctypes.c_uint(_NON_BLOCKING)))
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> int:
        """Where the frames are on the GPU; it stays the same."""
        return self._there.value

    def upload(self) -> None:
        """Copy to the GPU, and wait until all is there."""
        self._check(self._driver.cuCtxSetCurrent(self._context))
        self._check(self._driver.cuMemcpyHtoDAsync_v2(self._there, self._here, self._size, self._stream))
        self._check(self._driver.cuStreamSynchronize(self._stream))

    def download(self) -> None:
        """Copy from the GPU, and wait until all is here."""
        self._check(self._driver.cuCtxSetCurrent(self._context))
        self._check(self._driver.cuMemcpyDtoHAsync_v2(self._here, self._there, self._size, self._stream))
        self._check(self._driver.cuStreamSynchronize(self._stream))

    def close(self) -> None:
        """Free the memory; nothing may still be computing with it."""
        if not self.address:
            return
        self._driver.cuCtxSetCurrent(self._context)
        if self._locked:
            nvidia.unlock(self.array)
        if self._stream:
            self._driver.cuStreamDestroy_v2(self._stream)
        self._driver.cuMemFree_v2(self._there)
        self._there = ctypes.c_uint64()

    def _check(self, code: int) -> None:
        nvidia.check(self._driver, code)
