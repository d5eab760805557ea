"""Those that rtstyle is compared with."""

import importlib

import pytest

from tests.clips import make_clip
from tests.conftest import ROOT

pytest.importorskip("torch", reason="the loop is PyTorch's: pip install -e .[keyframe]")


def test_contestants_paint_the_same_picture(tmp_path, monkeypatch):
    """PyTorch, OpenCV and rtstyle, within the benchmark's limits; it measures nothing until they do."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    clip = make_clip(tmp_path / "clip.mp4", frames=3, sound=False)
    found = importlib.import_module("compare").pictures(clip, ROOT / "exported" / "wave-lite.onnx", "cpu")
    assert set(found) == {"dnn", "full", "exact"}
    assert found["dnn"]["levels"] <= 1
