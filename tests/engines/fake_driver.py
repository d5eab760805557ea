"""NVIDIA's driver without a GPU: its memory is ordinary memory that only its own functions may touch."""

from __future__ import annotations

import ctypes
import mmap
from typing import TYPE_CHECKING, Any

import numpy as np

from rtstyle.engines import nvidia

if TYPE_CHECKING:
    import pytest

_INVALID, _OUT_OF_MEMORY = 1, 2  # CUDA_ERROR_INVALID_VALUE, CUDA_ERROR_OUT_OF_MEMORY


class FakeDriver:
    """Stands in for libcuda; every argument must be of ctypes, since a bare number would be cut to 32 bits."""

    def __init__(self, *, room: int = 1 << 30, lockable: bool = True) -> None:
        self.room = room  # bytes
        self.lockable = lockable
        self.memory: dict[int, np.ndarray] = {}  # by address
        self.locked: dict[int, int] = {}  # bytes by address
        self.streams: set[int] = set()
        self.copies: list[tuple[str, int, int]] = []  # the way, the stream and bytes
        self.fault = ""  # the function that fails from now on
        self.capturing = False  # a CUDA graph, which calls of other threads spoil

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = ctypes.CDLL
        monkeypatch.setattr(nvidia.ctypes, "CDLL", lambda name: self if name == nvidia.DRIVER else real(name))

    @property
    def in_use(self) -> set[int]:
        """Everything that was not given back."""
        return {*self.memory, *self.locked, *self.streams}

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return self._checked(name, found) if name.startswith("cu") else found

    def _checked(self, name: str, function: Any) -> Any:
        def call(*arguments: Any) -> int:
            assert not any(isinstance(argument, int | float) for argument in arguments if argument != 0), name
            if self.capturing and name != "cuGetErrorString":
                return 901
            return 719 if self.fault == name else function(*arguments)

        return call

    def cuDeviceGet(self, device: Any, number: int) -> int:  # noqa: N802 - the driver's names, here and below
        device._obj.value = number
        return 0

    def cuDevicePrimaryCtxRetain(self, context: Any, device: ctypes.c_int) -> int:  # noqa: N802
        assert device.value == 0
        context._obj.value = 0xC0
        return 0

    def cuCtxSetCurrent(self, context: ctypes.c_void_p) -> int:  # noqa: N802
        return 0 if context.value == 0xC0 else _INVALID

    def cuGetErrorString(self, code: ctypes.c_int, text: Any) -> int:  # noqa: N802
        words = {_OUT_OF_MEMORY: b"out of memory", 719: b"unspecified launch failure", 901: b"capture spoilt"}
        text._obj.value = words.get(code.value, b"invalid argument")
        return 0

    def cuMemHostRegister_v2(self, place: ctypes.c_void_p, size: ctypes.c_size_t, _flags: ctypes.c_uint) -> int:  # noqa: N802
        start = place.value or 0
        if not self.lockable or self._locked_pages(start, size.value):
            return _INVALID
        self.locked[start] = size.value
        return 0

    def cuMemHostUnregister(self, place: ctypes.c_void_p) -> int:  # noqa: N802
        del self.locked[place.value or 0]
        return 0

    def cuMemAlloc_v2(self, place: Any, size: ctypes.c_size_t) -> int:  # noqa: N802
        if size.value + sum(array.nbytes for array in self.memory.values()) > self.room:
            return _OUT_OF_MEMORY
        array = np.full(size.value, 0xEE, np.uint8)
        place._obj.value = array.ctypes.data
        self.memory[array.ctypes.data] = array
        return 0

    def cuMemFree_v2(self, place: ctypes.c_uint64) -> int:  # noqa: N802
        del self.memory[place.value]
        return 0

    def cuStreamCreate(self, stream: Any, flags: ctypes.c_uint) -> int:  # noqa: N802
        assert flags.value == 1, "work on the default stream would wait for it"
        stream._obj.value = max(self.streams, default=0x5000) + 1
        self.streams.add(stream._obj.value)
        return 0

    def cuStreamDestroy_v2(self, stream: ctypes.c_void_p) -> int:  # noqa: N802
        self.streams.remove(stream.value or 0)
        return 0

    def cuStreamSynchronize(self, stream: ctypes.c_void_p) -> int:  # noqa: N802
        return 0 if stream.value in self.streams else _INVALID

    def cuMemcpyHtoDAsync_v2(  # noqa: N802
        self, there: ctypes.c_uint64, here: ctypes.c_void_p, size: ctypes.c_size_t, stream: ctypes.c_void_p
    ) -> int:
        return self._copy("up", there.value, here.value or 0, size.value, stream, gpu=there.value)

    def cuMemcpyDtoHAsync_v2(  # noqa: N802
        self, here: ctypes.c_void_p, there: ctypes.c_uint64, size: ctypes.c_size_t, stream: ctypes.c_void_p
    ) -> int:
        return self._copy("down", here.value or 0, there.value, size.value, stream, gpu=there.value)

    def _copy(self, way: str, to: int, start: int, size: int, stream: ctypes.c_void_p, *, gpu: int) -> int:
        if gpu not in self.memory or size > self.memory[gpu].nbytes or stream.value not in self.streams:
            return _INVALID
        here = start if way == "up" else to
        if self.locked.get(here) != size and self._locked_pages(here, size):
            return _INVALID  # "must be either entirely registered or not at all"
        ctypes.memmove(to, start, size)
        self.copies.append((way, stream.value or 0, size))
        return 0

    def _locked_pages(self, start: int, size: int) -> set[int]:
        """Those of this memory that are locked, for whatever array."""
        return _pages(start, size) & {page for place, length in self.locked.items() for page in _pages(place, length)}


def _pages(start: int, size: int) -> set[int]:
    return set(range(start // mmap.PAGESIZE, (start + size - 1) // mmap.PAGESIZE + 1))
