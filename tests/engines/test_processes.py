"""What only a process of its own shows: engines neither phone home nor talk, and know an older CPU."""

import os
import subprocess
import sys

import pytest

from tests.models import make_model

PROGRAM = """
import sys
import numpy as np
from rtstyle.engines.onnxruntime import CPU, OnnxRuntimeEngine
from rtstyle.engines.openvino import OpenVinoEngine

frames = np.zeros((1, 16, 16, 3), np.uint8)
OpenVinoEngine(sys.argv[1])(frames)
OnnxRuntimeEngine(sys.argv[1], [(CPU, {})])(frames)
assert "openvino_telemetry" not in sys.modules
"""

OLD_CPU = """
import sys
import numpy as np
from rtstyle.engines.openvino import OpenVinoEngine

engine = OpenVinoEngine(sys.argv[1])
engine(np.zeros((1, 16, 16, 3), np.uint8))
print(engine.name)
"""

INTERRUPTED = """
import gc, os, signal, sys, time
from rtstyle.engines.openvino import OpenVinoEngine

first, second = (OpenVinoEngine(sys.argv[1]) for _ in range(2))
del first
gc.collect()
del second
gc.collect()
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(30)
except KeyboardInterrupt:
    print("interrupted")
"""


FORKED = """
import os, signal, sys
from fractions import Fraction
import numpy as np
from rtstyle import Batch, DeviceError, Stylizer

frames = np.zeros((1, 16, 16, 3), np.uint8)
batch = Batch(frames, frames, [Fraction(0)])
older, only = Stylizer(sys.argv[1]), Stylizer(sys.argv[1], device="openvino")
older(batch)
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
signal.alarm(100)  # a child that hangs would outlive its parent
newer = Stylizer(sys.argv[1])
print(*{stylizer(batch).images.min() for stylizer in (older, newer)}, older.provider, newer.provider)
try:
    only(batch)
except DeviceError as error:
    print(error, flush=True)
os._exit(0)  # as multiprocessing's children end
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no forks")
def test_a_forked_process_paints(tmp_path):
    """OpenVINO would wait there for threads that only the parent has; onnxruntime takes over."""
    model = make_model(tmp_path / "invert.onnx")
    kept = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", FORKED, model], env=kept, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "255 onnxruntime CPU f32 onnxruntime CPU f32"
    assert second.startswith("OpenVINO: expected a process that was spawned, got a fork")


def test_no_telemetry_and_no_banners(tmp_path):
    """Both engines run, nothing is printed, and neither leaves a client id or an upload queue in the home folder."""
    home = tmp_path / "home"
    home.mkdir()
    model = make_model(tmp_path / "invert.onnx")
    settings = {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    kept = {key: value for key, value in os.environ.items() if key not in {"CI", "XDG_CACHE_HOME"}}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, model], env=kept | settings, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.rglob("*")) == []


def test_an_older_cpu_computes_in_f32(tmp_path):
    """Where OpenVINO may use AVX2 only, it names bf16 but cannot compile for it: we do not ask."""
    model = make_model(tmp_path / "blur.onnx", kind="blur")
    settings = {"ONEDNN_MAX_CPU_ISA": "AVX2", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", OLD_CPU, model], env=os.environ | settings, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "OpenVINO CPU f32\n", "")


def test_ctrl_c_after_engines_have_gone(tmp_path):
    """Two engines, one closed before the other: Ctrl-C is a KeyboardInterrupt, not a segmentation fault."""
    model = make_model(tmp_path / "invert.onnx")
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, model],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr
