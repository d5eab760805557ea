"""The pictures of an unfinished video."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="painting by optimisation needs torch: pip install -e .[keyframe]")

import torch

from rtstyle.gatys.run import Place
from rtstyle.jobs.keyframe.folder import KeyframeFolder

PLACE = Place(0, 1, torch.zeros(1, 3, 8, 8))


@pytest.mark.parametrize(
    ("writer", "work"),
    [
        ("rtstyle.jobs.keyframe.checkpoint.save_file", lambda folder: folder.stop("a.png", PLACE)),
        ("pathlib.Path.write_text", lambda folder: folder.begin("a.png")),
    ],
)
def test_ctrl_c_leaves_no_hidden_file(tmp_path, monkeypatch, writer, work):
    """Stopped while it notes down a picture, or where one stands, a run leaves no half of a file."""

    def stopped(first, second, *_, **__):
        path = first if isinstance(first, Path) else second
        path.touch()
        raise KeyboardInterrupt

    folder = KeyframeFolder(tmp_path, {}, resume=False, overwrite=False)
    monkeypatch.setattr(writer, stopped)
    with pytest.raises(KeyboardInterrupt):
        work(folder)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
