"""The wheel, which is what users install: built, opened, and run in an environment that has nothing else."""

import json
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


def build(kind, folder):
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build("wheel", tmp_path_factory.mktemp("dist"))


def test_the_source_distribution_is_the_checkout(tmp_path):
    """All that the README shows, runs or names is in it."""
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    shown = re.findall(r"\]\(((?:docs|exported)/[^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    run = ["Makefile", "docs/demo.py", "training/__main__.py", "tests/test_wheel.py", "benchmarks/live.py", ".ci/run"]
    assert {*shown, *run} <= names
    assert len(shown) > 5


def test_the_wheel_holds_the_runtime_and_its_models(wheel):
    """One package, the models inside it, and neither training nor tests."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"rtstyle"}
    assert "rtstyle/pipeline.py" in names
    page = {path.name for path in (ROOT / "rtstyle" / "export" / "page").iterdir()}
    assert {Path(name).name for name in names if name.startswith("rtstyle/export/page/")} == page
    models = {path.name for path in (ROOT / "exported").glob("*.onnx")}
    assert {Path(name).name for name in names if name.startswith("rtstyle/exported/")} >= models


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_wheel_works_in_an_empty_environment(wheel, tmp_path):
    """`rtstyle styles` and one painted photo, without PyTorch and away from the checkout."""
    venv.create(tmp_path / "env", with_pip=True)
    tools = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin")

    def call(*command):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call(tools / "python", "-m", "pip", "install", "--quiet", wheel)
    assert "torch" not in call(tools / "python", "-m", "pip", "list").lower()
    models = {path.name for path in (ROOT / "exported").glob("*.onnx")}
    styles = json.loads(call(tools / "rtstyle", "styles", "--json"))["styles"]
    assert len(styles) == len([name for name in models if not name.endswith(".int8.onnx")]) > 0
    photo = np.random.default_rng(0).integers(0, 256, (33, 47, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "photo.png"), photo)
    call(tools / "rtstyle", "image", "photo.png", "-o", "painting.png", "--style", "wave")
    painting = cv2.imread(str(tmp_path / "painting.png"))
    assert painting.shape == photo.shape
    assert not np.array_equal(painting, photo)
