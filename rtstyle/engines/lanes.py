"""NVIDIA GPUs: two lanes, so that one's frames travel while the other's are painted. Not run on a GPU yet."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from rtstyle.engines import nvidia
from rtstyle.engines.onnxruntime import OnnxRuntimeEngine, OutOfMemoryError, ProviderOptions
from rtstyle.frames import Images

LANES = 2
MOST = 16  # frames; more fill no GPU better
_BYTES = 1024  # of memory for a pixel, activations and workspaces; a guess on the safe side, of `full` in float32


def fitting(height: int, width: int) -> int:
    """How many frames to give to the GPU at a time, by its free memory; halved later where that was too many.

    What it gives divides MOST.
    """
    room = nvidia.free_bytes() // (height * width * _BYTES)
    return next((frames for frames in (MOST, MOST // 2, MOST // 4, LANES) if frames <= room), 1)


class LanesEngine(OnnxRuntimeEngine):
    """Half of ``batch`` frames in each lane: copied up, painted and copied down, uint8 both ways, nothing else.

    Every run has a stream of its own in onnxruntime, and the lanes' frames lie in locked memory, bound once, so that
    their shape and place never change.
    """

    def __init__(self, model: Path | bytes, providers: list[tuple[str, ProviderOptions]], *, batch: int) -> None:
        """Raise DeviceError as OnnxRuntimeEngine does."""
        super().__init__(model, providers, chunk=-(-batch // LANES))
        self._lanes: list[_Lane] = []

    def __call__(self, frames: Images, /) -> Images:
        """As the others; both lanes at once where there are frames for both."""
        while True:
            chunks = [frames[start : start + self._chunk] for start in range(0, len(frames), self._chunk)]
            with ThreadPoolExecutor(LANES, thread_name_prefix="rtstyle-lane") as pool:
                runs = [pool.submit(self._run, chunk) for chunk in chunks]
            try:
                done = [run.result() for run in runs]
            except OutOfMemoryError as error:
                self._halve(error)
                continue
            return np.concatenate([one[: len(chunk)] for one, chunk in zip(done, chunks, strict=True)])

    def close(self) -> None:
        while self._lanes:
            self._lanes.pop().close()
        super().close()

    def _compute(self, chunk: Images) -> Images:
        with self._lane(chunk.shape) as lane:
            return lane(chunk)

    @contextmanager
    def _lane(self, shape: tuple[int, ...]) -> Iterator[_Lane]:
        """One that nobody uses, for frames of this shape."""
        lane = self._idle(shape) or _Lane(self._session, shape)
        try:
            yield lane
        except BaseException:
            lane.close()
            raise
        self._lanes.append(lane)

    def _idle(self, shape: tuple[int, ...]) -> _Lane | None:
        """Take it from those that lie about; what is of another shape goes."""
        with suppress(IndexError):  # both threads may see the last one
            while (lane := self._lanes.pop()).shape != shape:
                lane.close()
            return lane
        return None


class _Lane:
    """Frames on their way up, frames on their way down, and what binds both to the session."""

    def __init__(self, session: Any, shape: tuple[int, ...]) -> None:  # noqa: ANN401 - onnxruntime comes without types
        self.shape = shape
        self._session, self._binding = session, session.io_binding()
        self._up, self._down = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
        self._locked = [array for array in (self._up, self._down) if nvidia.lock(array)]
        self._binding.bind_input("frames", "cpu", 0, np.uint8, shape, self._up.ctypes.data)
        self._binding.bind_output("stylized", "cpu", 0, np.uint8, shape, self._down.ctypes.data)

    def __call__(self, frames: Images, /) -> Images:
        np.copyto(self._up, frames)
        self._session.run_with_iobinding(self._binding)
        return self._down.copy()

    def close(self) -> None:
        for array in self._locked:
            nvidia.unlock(array)
        self._locked = []
