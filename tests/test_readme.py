"""The README tells the truth."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.models import make_model
from tests.vgg import photo_and_artwork

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
COMMANDS = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines() if "rtstyle " in line]


@pytest.fixture
def media(tmp_path, monkeypatch, vgg_file):
    """The files that the README speaks of, in the working folder."""
    monkeypatch.chdir(tmp_path)
    image = np.full((48, 64, 3), 90, np.uint8)
    cv2.imwrite("photo.jpg", image)
    with av.open("clip.mp4", "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height = 64, 48
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode())
    shutil.copy("clip.mp4", "film.mkv")
    shutil.copytree(".", "holiday", ignore=shutil.ignore_patterns("holiday", "*.jpg", "*.mkv"))
    make_model(tmp_path / "mine-lite.onnx", name="mine")
    cv2.imwrite("artwork.jpg", photo_and_artwork()[1])
    monkeypatch.setenv("RTSTYLE_VGG16", str(vgg_file))  # what is downloaded otherwise
    return tmp_path


@pytest.mark.parametrize("snippet", PYTHON, ids=lambda text: text.splitlines()[-1][:40])
def test_every_snippet_runs_as_it_stands(snippet, media):
    """Copied into a file beside a clip.mp4, each does what the text says."""
    before = set(media.iterdir())
    exec(compile(snippet, str(README), "exec"), {})  # noqa: S102 - our own README
    (made,) = set(media.iterdir()) - before
    with av.open(made) as video:
        assert sum(1 for _ in video.decode(video=0)) == 5


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs_as_it_stands(command, media):
    """So does every line of shell that starts with our name."""
    program, *arguments = shlex.split(command, comments=True)
    assert program == "rtstyle"
    done = subprocess.run([sys.executable, "-m", "rtstyle", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_file_in_the_tree_and_in_a_link_exists():
    """The annotated tree names no file that moved away, and each of the package's once."""
    root = README.parent
    (tree,) = re.findall(r"```\nrtstyle/\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [(line.startswith(" "), line.split()[0].rstrip("/")) for line in tree.splitlines()]
    assert all((root / name).exists() for inside, name in lines if not inside)
    ours = {path.name for path in (root / "rtstyle").iterdir() if not path.name.startswith(("__", "py.typed"))}
    assert sorted(name for inside, name in lines if inside) == sorted(ours)
    for link in re.findall(r"\]\((?!http)([^)#]+)", README.read_text(encoding="utf-8")):
        assert (root / link).exists(), link
