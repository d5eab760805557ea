"""The flat namespace: complete, lazy and cheap."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import rtstyle


def imported_by(code):
    """Names of all modules that a fresh interpreter holds after ``code``."""
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_every_name_is_there():
    """What __all__ promises can be had, and dir() shows it."""
    for name in rtstyle.__all__:
        assert getattr(rtstyle, name) is not None
    assert dir(rtstyle) == sorted(rtstyle.__all__)


def test_whoever_calls_a_function_can_have_what_it_takes():
    """The classes of rtstyle's own that its parameters name are there too."""
    for function in filter(inspect.isfunction, (getattr(rtstyle, name) for name in rtstyle.__all__)):
        taken = " ".join(each.annotation for each in inspect.signature(function).parameters.values())
        found = {word: function.__globals__.get(word) for word in re.findall(r"\w+", taken)}
        ours = {word for word, value in found.items() if inspect.isclass(value) and "rtstyle." in value.__module__}
        assert ours <= {*rtstyle.__all__}, function


def test_a_wrong_name_says_so():
    """As any module does."""
    assert not hasattr(rtstyle, "transmogrify")


def test_importing_loads_nothing_heavy():
    """``import rtstyle`` loads no torch, no engine, no codec, not even numpy."""
    assert not {"torch", "cv2", "av", "numpy", "onnx", "onnxruntime", "openvino", "typer"} & imported_by(
        "import rtstyle"
    )


def test_ctrl_c_is_handled_before_anything_slow_is_loaded():
    """Until ``main`` is called nothing is, as an interrupt would be a traceback."""
    program = "import sys, rtstyle.cli; print(*sys.modules)"  # without `site`, which may load all kinds of things
    folder = Path(rtstyle.__file__).parents[1]
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, cwd=folder)
    assert not {"pathlib", "threading", "typer"} & set(done.stdout.split())


def test_transcoding_loads_neither_torch_nor_cv2():
    """The modules behind ``transcode``, and the command line, load without libGL and without torch."""
    loaded = imported_by("import rtstyle\nrtstyle.transcode\nimport rtstyle.cli.app")
    assert not {"torch", "torchvision", "cv2"} & loaded
