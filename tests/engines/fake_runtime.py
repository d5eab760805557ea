"""An onnxruntime that grants what a test wants it to grant, so that every GPU's branch runs without the GPU."""

from __future__ import annotations

import ctypes
import threading
from time import sleep
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.engines.fake_driver import FakeDriver

if TYPE_CHECKING:
    import pytest


class FakeRuntime:
    """Stands in for the module ``onnxruntime``; its sessions invert and remember what they were given."""

    def __init__(
        self, available: list[str], *, granted: list[str] | None = None, refusal: str = "", room: int = 99
    ) -> None:
        self.available = [*available, "CPUExecutionProvider"]
        self.granted = granted  # None: whatever is asked for
        self.refusal = refusal
        self.room = room  # frames that fit into its memory at once
        self.model: str | bytes = b""  # of the last session, as are the next two
        self.asked: list[str] = []
        self.settings: list[dict[str, str]] = []
        self.shapes: list[tuple[int, ...]] = []
        self.driver = FakeDriver()
        self.bindings: list[FakeBinding] = []
        self.threads: set[int] = set()  # that ran a session
        self.graphs: dict[str, FakeBinding] = {}  # what the last session captured, by gpu_graph_id
        self.options = SimpleNamespace(log_severity_level=2, enable_mem_pattern=True)
        self.__file__ = __file__

    def install(self, monkeypatch: pytest.MonkeyPatch, *, gpus: int = 0, platform: str = "linux") -> None:
        for module in ("choose", "lanes", "nvidia", "onnxruntime"):
            monkeypatch.setattr(f"rtstyle.engines.{module}.import_onnxruntime", lambda: self)
        monkeypatch.setattr("rtstyle.engines.nvidia.count_gpus", lambda: gpus)
        monkeypatch.setattr("rtstyle.engines.choose.sys", SimpleNamespace(platform=platform))
        if gpus:
            self.driver.install(monkeypatch)

    def SessionOptions(self) -> SimpleNamespace:  # noqa: N802 - onnxruntime's name
        return self.options

    def RunOptions(self) -> FakeRunOptions:  # noqa: N802 - onnxruntime's name
        return FakeRunOptions()

    def get_available_providers(self) -> list[str]:
        return self.available

    def InferenceSession(  # noqa: N802 - onnxruntime's name
        self,
        model: str | bytes,
        options: Any,
        *,
        providers: list[str],
        provider_options: list[dict[str, str]],
        enable_fallback: int,
    ) -> FakeSession:
        assert enable_fallback == 0, "onnxruntime would print on stdout"
        if self.refusal:
            raise RuntimeError(self.refusal)
        self.model, self.asked, self.settings, self.graphs = model, providers, provider_options, {}
        return FakeSession(self, self.granted or providers)


class FakeSession:
    def __init__(self, runtime: FakeRuntime, providers: list[str]) -> None:
        self._runtime = runtime
        self._providers = providers

    def get_providers(self) -> list[str]:
        return self._providers

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(shape=["N", "H", "W", 3])]

    def io_binding(self) -> FakeBinding:
        self._runtime.bindings.append(FakeBinding(self._runtime.driver))
        return self._runtime.bindings[-1]

    def run_with_iobinding(self, binding: FakeBinding, options: FakeRunOptions | None = None) -> None:
        """With CUDA graphs, what is bound is what was bound when that graph was captured, which takes a moment."""
        self._runtime.threads.add(threading.get_ident())
        if self._runtime.settings[0].get("enable_cuda_graph") == "1":
            graph = options.entries["gpu_graph_id"] if options else "0"
            if graph not in self._runtime.graphs:
                self._runtime.driver.capturing = True
                sleep(0.01)
                self._runtime.driver.capturing = False
            binding = self._runtime.graphs.setdefault(graph, binding)
        frames, stylized = binding.bound["frames"], binding.bound["stylized"]
        stylized[...] = self.run(["stylized"], {"frames": frames})[0]

    def run(self, outputs: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        assert outputs == ["stylized"]
        if len(feed["frames"]) > self._runtime.room:
            raise RuntimeError(
                "[ONNXRuntimeError] : 1 : FAIL : bfc_arena.cc:376 Failed to allocate memory for 33554432"
            )
        self._runtime.shapes.append(feed["frames"].shape)
        return [255 - feed["frames"]]


class FakeRunOptions:
    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def add_run_config_entry(self, key: str, value: str) -> None:
        self.entries[key] = value


class FakeBinding:
    """Memory of the caller's, by its address. As onnxruntime's, it copies what is on the CPU when it is bound."""

    def __init__(self, driver: FakeDriver) -> None:
        self._driver = driver
        self.bound: dict[str, np.ndarray] = {}

    def bind_input(self, name: str, device: str, number: int, kind: type, *place: Any) -> None:
        here = self._memory(device, number, kind, *place)
        self.bound[name] = here if device == "cuda" else here.copy()

    def bind_output(self, name: str, device: str, number: int, kind: type, *place: Any) -> None:
        self.bound[name] = self._memory(device, number, kind, *place)

    def _memory(self, device: str, number: int, kind: type, shape: tuple[int, ...], address: int) -> np.ndarray:
        assert (number, kind) == (0, np.uint8)
        assert (address in self._driver.memory) == (device == "cuda")
        memory = (ctypes.c_uint8 * int(np.prod(shape))).from_address(address)
        return np.frombuffer(memory, np.uint8).reshape(shape)
