"""Chooses the engine for ``--device``, and warns when it is not the one asked for."""

from __future__ import annotations

import hashlib
import logging
import sys
from typing import TYPE_CHECKING

from rtstyle.choices import DEVICES
from rtstyle.engines import nvidia
from rtstyle.engines.cpu import CpuEngine
from rtstyle.engines.lanes import GRAPHS, LanesEngine, fitting
from rtstyle.engines.onnxruntime import CPU, OnnxRuntimeEngine, ProviderOptions, import_onnxruntime
from rtstyle.engines.openvino import OpenVinoEngine
from rtstyle.engines.padding import padding_halves
from rtstyle.errors import DeviceError, UsageError
from rtstyle.places import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from rtstyle.engines.engine import Engine

OTHERWISE = "; or use --device auto"  # ends what is said of a device that cannot be had

# A cuDNN search costs 2 ms per new shape with HEURISTIC and 634 ms with the default, EXHAUSTIVE (PaddleX, PR 5057).
_CUDA: tuple[str, ProviderOptions] = ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"})
_PROVIDERS: dict[str, list[tuple[str, ProviderOptions]]] = {
    "cuda": [_CUDA],
    "tensorrt": [("TensorrtExecutionProvider", {}), _CUDA],
    "coreml": [("CoreMLExecutionProvider", {})],
    "directml": [("DmlExecutionProvider", {})],
}

_NVIDIA = {"cuda", "tensorrt"}

_log = logging.getLogger("rtstyle")


def open_engine(
    model: Path | bytes,
    device: str = "auto",
    *,
    batch: int = 1,
    twin: Path | None = None,
    graphs: bool = False,
    keep: bool = True,
) -> Engine:
    """Open ``model`` on ``device``; or ``twin``, the same in 8 bits, on CPUs where that is faster.

    ``auto`` tries the platform's GPU and then the CPU, and warns when a GPU that is there cannot be used.
    ``graphs``: on ``cuda``, run a model of fixed size as CUDA graphs; any other is refused by onnxruntime.
    ``keep``: keep what TensorRT builds in the user's cache, for the next time.
    Raises DeviceError if a device asked for by name is not available, UsageError if there is no such name.
    """
    if device not in DEVICES:
        raise UsageError(f"{device}: no such device; expected one of: {', '.join(DEVICES)}")
    if device == "auto":
        return _auto(model, batch, twin)
    if device == "cpu":
        return CpuEngine(model, twin=twin)
    if device == "openvino":
        return OpenVinoEngine(model, twin=twin)
    try:
        return _gpu(model, device, batch, graphs=graphs, keep=keep)
    except DeviceError as error:
        raise DeviceError(f"{error}{OTHERWISE}") from error


def frames_at_once(device: str, height: int, width: int) -> int:
    """How many frames of this size to give ``device`` at a time: one, but as many as fit on NVIDIA GPUs."""
    cuda = device in _NVIDIA or (device == "auto" and nvidia.count_gpus() > 0 and _CUDA[0] in _providers_built_for())
    return fitting(height, width) if cuda else 1


def _auto(model: Path | bytes, batch: int, twin: Path | None) -> Engine:
    for device in _gpus():
        try:
            return _gpu(model, device, batch)
        except DeviceError as error:
            _log.warning("%s; continuing on the CPU, which is slower", error)
    return CpuEngine(model, twin=twin)


def _gpus() -> list[str]:
    """Name the kinds of GPU that this machine has and onnxruntime was built for, best first."""
    present = {"cuda": nvidia.count_gpus() > 0, "coreml": sys.platform == "darwin", "directml": sys.platform == "win32"}
    built_for = _providers_built_for() if any(present.values()) else []  # importing onnxruntime takes 25 ms
    if present["cuda"] and _CUDA[0] not in built_for:
        _log.warning("there is an NVIDIA GPU, but this onnxruntime cannot use it; %s", _remedy("cuda"))
    return [device for device, there in present.items() if there and _PROVIDERS[device][0][0] in built_for]


def _providers_built_for() -> list[str]:
    try:
        return list(import_onnxruntime().get_available_providers())
    except DeviceError:
        return []


def _gpu(model: Path | bytes, device: str, batch: int, *, graphs: bool = False, keep: bool = True) -> Engine:
    """Raise DeviceError, with the reason and what to install, unless ``device`` itself was granted."""
    wanted = _PROVIDERS[device][0][0]
    if device in _NVIDIA:
        if not nvidia.count_gpus():
            raise DeviceError(f"{device}: expected an NVIDIA GPU, but {nvidia.DRIVER} finds none; install its driver")
        nvidia.preload(tensorrt=device == "tensorrt")
    if wanted not in (built_for := import_onnxruntime().get_available_providers()):
        offers = ", ".join(built_for)
        raise DeviceError(f"{device}: expected {wanted}, but this onnxruntime offers {offers}; {_remedy(device)}")
    providers = [(name, dict(settings)) for name, settings in (*_PROVIDERS[device], (CPU, {}))]
    try:
        if device in _NVIDIA:
            network = padding_halves(model)
            if device == "tensorrt" and keep:
                providers[0][1].update(_caches(network))
            elif device == "cuda" and graphs:
                providers[0][1][GRAPHS] = "1"
            engine: OnnxRuntimeEngine = LanesEngine(network, providers, batch=batch)
        else:
            engine = OnnxRuntimeEngine(model, providers, chunk=batch)
    except DeviceError as error:
        raise DeviceError(f"{device}: {error}; {_remedy(device)}") from error
    if (got := engine.provider) != wanted:
        engine.close()
        reason = nvidia.why_not(wanted) if device in _NVIDIA else "onnxruntime does not say why"
        raise DeviceError(f"{device}: expected {wanted}, got {got} ({reason}); {_remedy(device)}")
    return engine


def _caches(model: bytes) -> ProviderOptions:
    """TensorRT takes minutes to build an engine: once per network, size and GPU if there is a place to cache it.

    onnxruntime tells cached engines apart by the names in a network, not by its weights (TRTGenerateId); so each
    network has a folder of its own.
    """
    folder = cache_folder() / "tensorrt"
    engines = folder / hashlib.sha256(model).hexdigest()[:16]
    try:
        engines.mkdir(parents=True, exist_ok=True)
    except OSError:
        return {}
    return {
        "trt_engine_cache_enable": "True",
        "trt_engine_cache_path": str(engines),
        "trt_timing_cache_enable": "True",
        "trt_timing_cache_path": str(folder),
    }


def _remedy(device: str) -> str:
    return {
        "cuda": "install: pip install rtstyle[cuda]",
        "tensorrt": "install TensorRT beside rtstyle[cuda]",
        "coreml": "on macOS, the only system that has it, install: pip install onnxruntime",
        "directml": "on Windows, the only system that has it, install: pip install onnxruntime-directml",
    }[device]
