from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from rtstyle.perceptual import VggWeights
from tests.clips import make_clip
from tests.models import make_model
from training.cli.app import app
from training.evaluation import evaluate as evaluating

TRAINED = {
    "command": "python -m training train --data photos --style art.png -o NAME.ckpt",
    "dataset": "photos: *, every 2th held out",
    "style_size": "64",
}


@pytest.fixture(scope="module")
def folder(photos: Path, random_vgg: VggWeights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models, the artwork beside them, photos of which every second is held out, and a clip."""
    folder = tmp_path_factory.mktemp("evaluation")
    (folder / "photos").mkdir()
    for path in photos.rglob("*.png"):
        cv2.imwrite(str(folder / "photos" / path.name), cv2.imread(str(path)))
    cv2.imwrite(str(folder / "art.png"), np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    torch.save(random_vgg.state, folder / "vgg.pth")
    make_model(folder / "blur-lite.onnx", kind="blur", name="blur", **TRAINED)
    make_model(folder / "invert-lite.onnx", name="invert", **TRAINED)
    make_clip(folder / "clip.mp4", frames=6, sound=False)
    return folder


def run(folder: Path, *arguments: str | Path) -> Result:
    words = ["evaluate", "--photos", folder / "photos", "--vgg", folder / "vgg.pth", "--side", "128", *arguments]
    return CliRunner().invoke(app, list(map(str, words)), env={"COLUMNS": "160"})


def test_models_on_photos_and_clips_that_they_have_not_seen(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table on stderr, one line of JSON on stdout and in a file, and a sheet with a column for each model."""
    monkeypatch.setattr(evaluating.cost, "TIMED_AT", (72, 128))
    sheet, line = tmp_path / "sheet.png", tmp_path / "line.json"
    done = run(
        folder, folder / "invert-lite.onnx", "--against", folder / "blur-lite.onnx", "--clips", folder / "clip.mp4",
        "--iterations", "1", "--count", "2", "-o", sheet, "--json-out", line,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert done.stdout == line.read_text()
    assert done.stdout.count("\n") == 1
    report = json.loads(done.stdout)
    assert report["photos"] == ["0.png", "2.png"]  # two of 0, 2 and 4, which were held out
    (invert,) = report["models"]
    assert (invert["name"], invert["artwork"]) == ("invert-lite", "art.png")
    assert invert["quality_ratio"] >= 1
    assert invert["sharpness"] == pytest.approx(report["sharpness"], rel=0.01)  # 255 - x is as sharp as x
    assert invert["warping_error"] == pytest.approx(report["warping_error"], rel=0.01)
    assert invert["over_control"]["sharpness"] == pytest.approx(
        invert["sharpness"] / report["against"]["sharpness"], rel=1e-3
    )
    assert report["against"]["quality_ratio"] is None
    for words in ("quality ratio", "grid at 2, 4, 8, 16 px", "sharpness ÷ control", "invert-lite"):
        assert words in done.stderr
    assert cv2.imread(str(sheet)).shape[1] == 3 * 128  # photo, model, control


def test_stopped_it_tells_what_it_has(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C on the second photo: the first photo's ratio is in the table and the line, and no file is written."""
    monkeypatch.setattr(evaluating.cost, "TIMED_AT", (72, 128))
    measured = evaluating.quality

    def impatient(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(evaluating, "quality", interrupted)
        return measured(*arguments, **named)

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluating, "quality", impatient)
    sheet = tmp_path / "sheet.png"
    done = run(folder, folder / "invert-lite.onnx", "--iterations", "1", "--count", "2", "-o", sheet)
    assert done.exit_code == 130
    report = json.loads(done.stdout)
    assert (report["complete"], len(report["models"][0]["quality_ratios"])) == (False, 1)
    assert "quality ratio" in done.stderr
    assert "stopped" in done.stderr
    assert not sheet.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["art.png"], 1, "expected an ONNX model"),
        (["nowhere.onnx"], 1, "no such file"),
        (["nowhere.ckpt"], 1, "there is no such file"),
        (["blur-lite.onnx", "--clips", "nowhere.mp4"], 1, "no such clip"),
        (["blur-lite.onnx", "--style-image", "photos"], 1, "art.png: not found"),
        (["blur-lite.onnx", "--include", "*.gif"], 1, "found none"),
        (["blur-lite.onnx", "-o", "sheet.jpg"], 2, "expected a name that ends in .png"),
        (["blur-lite.onnx", "-o", "photos/1.png"], 1, "--overwrite"),
        (["blur-lite.onnx", "-o", "art.png", "--style-image", "art.png", "--overwrite"], 1, "is the input itself"),
        (["blur-lite.onnx", "-o", "photos/0.png", "--overwrite"], 1, "is the input itself"),
        (["blur-lite.onnx", "-o", "x.png", "--json-out", "./x.png"], 2, "expected two files, got one"),
        (["blur-lite.onnx", "--json-out", "nowhere/x.json"], 1, "there is no folder"),
        (["blur-lite.onnx", "--device", "toaster"], 2, "no such device"),
    ],
)
def test_bad_input_is_one_sentence(
    folder: Path, arguments: list[str], code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a user can get wrong is told before anything is measured, and writes nothing."""
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    done = run(folder, *arguments)
    assert done.exit_code == code, done.stderr
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(folder.iterdir()) == before


def test_a_clip_that_cannot_be_read_is_told_before_any_work(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of optimisation are not thrown away for the clip that comes after them."""
    measured: list[str] = []
    monkeypatch.setattr(evaluating, "_introduced", lambda subject, *_: measured.append(subject.name))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes((folder / "clip.mp4").read_bytes()[:2000])
    done = run(folder, folder / "blur-lite.onnx", "--iterations", "0", "--clips", folder / "clip.mp4", "--clips", cut)
    assert (done.exit_code, measured) == (1, []), done.stderr
    assert "cut.mp4" in done.stderr
