"""NVIDIA GPUs: two lanes, one copying frames while the other paints. Not run on a GPU yet."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from rtstyle.engines import nvidia
from rtstyle.engines.onnxruntime import OnnxRuntimeEngine, OutOfMemoryError, ProviderOptions, import_onnxruntime
from rtstyle.engines.pinned import PinnedBuffer
from rtstyle.frames import Images

LANES = 2
MAX_BATCH = 16  # frames; more would not use a GPU any better
GRAPHS = "enable_cuda_graph"  # among the options of CUDAExecutionProvider
_BYTES = 1024  # of memory per pixel for activations and workspaces; a safe guess for `full` in float32


def fitting(height: int, width: int) -> int:
    """How many frames to give the GPU at a time, by its free memory; halved later if that was too many.

    The result divides MAX_BATCH.
    """
    room = nvidia.free_bytes() // (height * width * _BYTES)
    return next((frames for frames in (MAX_BATCH, MAX_BATCH // 2, MAX_BATCH // 4, LANES) if frames <= room), 1)


class LanesEngine(OnnxRuntimeEngine):
    """Half of ``batch`` frames in each lane: copied up, painted and copied down, uint8 both ways, nothing else.

    Both ends are bound on the GPU, once: onnxruntime copies what is bound on the CPU at binding and never again.
    The session runs in one thread, while the caller copies. So two chunks never need the GPU's memory for
    their activations at once, and CUDA graphs, which allow one thread only, are possible.
    """

    def __init__(self, model: Path | bytes, providers: list[tuple[str, ProviderOptions]], *, batch: int) -> None:
        """With GRAPHS in the first provider's options, each lane has a graph. Raises DeviceError."""
        super().__init__(model, providers, chunk=-(-batch // LANES))
        self._graphs = count(1) if GRAPHS in providers[0][1] else None
        self._runner = ThreadPoolExecutor(1, thread_name_prefix="rtstyle-gpu")
        self._lanes: list[_Lane] = []

    def __call__(self, frames: Images, /) -> Images:
        while True:
            try:
                return self._by_turns(frames)
            except Exception as error:  # onnxruntime raises a dozen unrelated classes
                self._close_lanes()
                told = self._translated(error)
                if not isinstance(told, OutOfMemoryError):
                    raise told from error
            self._halve(told)

    def close(self) -> None:
        self._close_lanes()
        self._runner.shutdown()
        super().close()

    def _by_turns(self, frames: Images) -> Images:
        stylized = np.empty(frames.shape, np.uint8)
        chunks = [slice(start, start + self._chunk) for start in range(0, len(frames), self._chunk)]
        before: tuple[_Lane, slice] | None = None
        for number, chunk in enumerate(chunks):
            lane = self._lane(number % LANES, (self._chunk, *frames.shape[1:]))
            lane.send(frames[chunk], self._runner)
            if before is not None:
                before[0].fetch(stylized[before[1]])
            before = lane, chunk
        if before is not None:
            before[0].fetch(stylized[before[1]])
        return stylized

    def _lane(self, number: int, shape: tuple[int, ...]) -> _Lane:
        """Return that lane for frames of this shape, closing those for another."""
        if self._lanes and self._lanes[0].shape != shape:
            self._close_lanes()
        if number == len(self._lanes):
            graph = None if self._graphs is None else next(self._graphs)
            self._lanes.append(_Lane(self._session, shape, graph))
            if graph is not None:
                self._lanes[-1].capture(self._runner)
        return self._lanes[number]

    def _close_lanes(self) -> None:
        while self._lanes:
            self._lanes.pop().close()


class _Lane:
    """Frames going up, frames coming down, and the binding of both to the session."""

    def __init__(self, session: Any, shape: tuple[int, ...], graph: int | None) -> None:  # noqa: ANN401 - untyped
        """``graph``: a number of its own, by which onnxruntime finds the CUDA graph with this lane's memory in it."""
        self.shape = shape
        self._run: Future[None] | None = None
        self._session, self._binding = session, session.io_binding()
        self._options = None if graph is None else import_onnxruntime().RunOptions()
        if self._options is not None:
            self._options.add_run_config_entry("gpu_graph_id", str(graph))
        with ExitStack() as stack:
            self._up, self._down = (stack.enter_context(closing(PinnedBuffer(shape))) for _ in range(2))
            self._binding.bind_input("frames", "cuda", 0, np.uint8, shape, self._up.address)
            self._binding.bind_output("stylized", "cuda", 0, np.uint8, shape, self._down.address)
            self._closing = stack.pop_all()

    def capture(self, runner: ThreadPoolExecutor) -> None:
        """Have the graph captured, and wait: during that, CUDA forbids other threads some calls, as of copies."""
        runner.submit(self._session.run_with_iobinding, self._binding, self._options).result()

    def send(self, frames: Images, runner: ThreadPoolExecutor) -> None:
        """Copy frames to the GPU and have them painted; if there are too few, older ones fill the lane."""
        self._rest()
        self._up.array[: len(frames)] = frames
        self._up.upload()
        self._run = runner.submit(self._session.run_with_iobinding, self._binding, self._options)

    def fetch(self, into: Images) -> None:
        """Wait for the paintings and copy them back. Raises what the run raised."""
        if self._run is not None:
            self._run.result()
        self._down.download()
        into[...] = self._down.array[: len(into)]

    def close(self) -> None:
        self._rest()
        self._closing.close()

    def _rest(self) -> None:
        """Wait until the current run has ended, well or not."""
        if self._run is not None:
            wait([self._run])
