"""Every runtime at hand paints what PyTorch paints, by the benchmark that compares them."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytest.importorskip("torch", reason="the network itself is PyTorch's: pip install -e .[keyframe]")


def test_runtimes_agree_with_pytorch_to_one_level(tmp_path):
    """onnxruntime, OpenVINO and OpenCV, two sizes, one frame and three at a time."""
    command = [sys.executable, ROOT / "benchmarks" / "runtimes.py", ROOT / "exported" / "wave-lite.onnx"]
    sizes = ["--size", "96x64", "61x83"]
    done = subprocess.run([*command, *sizes], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout.splitlines()[-1])["rows"]
    assert len(rows) == 3 * 2 * 2
    assert {row["levels"] for row in rows} <= {0, 1}
