"""``rtstyle keyframe``, as a user has it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

import torch

from rtstyle.cli.app import app
from rtstyle.sources.photo_folder import read_photo
from tests.clips import make_clip
from tests.vgg import photo_and_artwork, random_vgg

ART = ["--style-image", "art.png"]
CARRIED = ["--every", "2", "--propagate"]
LAYERS = ["--content-layers", "conv_4", "--style-layers", "relu1_1,conv_3=0.5", "--size", "32"]


@pytest.fixture
def files(tmp_path, monkeypatch, vgg_file):
    """photo.png, art.png, a network, in the working folder."""
    photo, artwork = photo_and_artwork()
    cv2.imwrite(str(tmp_path / "photo.png"), photo)
    for name in ("art.png", "art2.png"):
        cv2.imwrite(str(tmp_path / name), artwork)
    for name in ("damaged.jpg", "damaged.tif"):
        data = cv2.imencode(name[-4:], photo)[1].tobytes()
        (tmp_path / name).write_bytes(data[: len(data) // 2])
    make_clip(tmp_path / "clip.mp4", frames=2)
    monkeypatch.setenv("RTSTYLE_VGG16", str(vgg_file))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def here():
    """An environment in which the package is found from any folder."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def keyframe(*arguments):
    return CliRunner().invoke(app, ["keyframe", *map(str, arguments)])


def test_it_ends_in_silence(files):
    """Whatever PyTorch brings along has nothing to say when all is done."""
    command = [sys.executable, "-m", "rtstyle", "keyframe", "photo.png", "--style-image", "art.png", "-o", "out.png"]
    done = subprocess.run([*command, "--dry-run"], capture_output=True, text=True, check=False, env=here())
    assert (done.returncode, done.stderr) == (0, "")


def test_a_painting_as_json(files):
    """One object on stdout, with losses by layer, under the names that were given; progress on stderr."""
    done = keyframe("photo.png", "--style-image", "art.png=2", "-o", "out.png", *LAYERS, "--iterations", 4, "--json")
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["loss"] < report["start_loss"]
    assert set(report["style"]) == {"relu1_1", "conv_3"}
    assert "1 of 4" in done.stderr
    assert cv2.imread("out.png").shape == (32, 43, 3)


@pytest.mark.parametrize("preset", ["gatys2015", "pytorch-tutorial", "sharp-details", "multi-scale"])
def test_presets_run(files, preset):
    """Each with VGG-19's layers, here of random weights."""
    torch.save(random_vgg("vgg19").state, "vgg19.pth")
    done = keyframe(
        *("photo.png", "--style-image", "art.png", "-o", "out.png", "--preset", preset, "--vgg", "vgg19.pth"),
        *("--size", 32, "--iterations", 3, "--json"),
    )
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["network"] == "vgg19"


def test_a_dry_run_paints_nothing(files):
    """Sizes, iterations, memory."""
    done = keyframe("photo.png", "--style-image", "art.png", "-o", "out.png", "--dry-run", "--size", 181, "--json")
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["sizes"] == ["170x128", "241x181"]
    assert report["memory"] > 1e8
    assert not (files / "out.png").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["photo.png", *ART, "-o", "art2.png"], 1, "art2.png: exists already"),
        (["photo.png", *ART, "-o", "no/x.png"], 1, "there is no folder"),
        (["photo.png", *ART, "-o", "x.txt"], 2, "expected a name that ends in"),
        (["clip.mp4", *ART, "-o", "x.png"], 2, "is a video; say which of its frames"),
        (["clip.mp4", *ART, "-o", "x.mp4", "--propagate"], 2, "expected --every"),
        (["clip.mp4", *ART, "-o", "clip.mp4", "--overwrite", *CARRIED], 1, "is the input itself"),
        (["clip.mp4", *ART, "-o", "x.png", *CARRIED], 2, "expected a name that ends in"),
        (["clip.mp4", *ART, "-o", "x.mp4", "--at", "0"], 2, "x.mp4: expected a folder for"),
        (["clip.mp4", *ART, "-o", "art2.png", "--at", "0"], 1, "expected a folder, got a file"),
        (["clip.mp4", *ART, "-o", "no/x", "--at", "0"], 1, "there is no folder no"),
        (["clip.mp4", *ART, "-o", "x", "--at", "99"], 1, "clip.mp4: expected --at before its end at "),
        (["clip.mp4", *ART, "-o", "x.mp4", "--at", "99", "--propagate"], 1, "expected --at before its end at "),
        (["photo.png", *ART, "-o", "x.webp", "--size", "20000"], 1, "more than the 16383 pixels of .webp; use .png"),
        (["photo.png", *ART, "-o", "x.webp", "--sweep", "size=9000,32"], 1, "24012×9034 is more than the 16383 pixels"),
        (["photo.png", "-o", "x.jpg", "--reconstruct", "style", "--size", "20000x32"], 1, "120036×66 is more than the"),
        (["photo.png", *ART, "-o", "art2.png", "--sweep", "size=32"], 1, "art2.png: exists already"),
        (["photo.png", *ART, "-o", "x.png", "--sweep", "stile-weight=1"], 2, "expected SETTING=A,B"),
        (["photo.png", *ART, "-o", "x.png", "--sweep", "seed=one"], 2, "seed: expected a number"),
        (["photo.png", *ART, "-o", "x.png", "--sweep", "seed=1", "--sweep", "seed=2"], 2, "got seed twice"),
        (["photo.png", *ART, "-o", "x.png", "--sweep", "style-layers=1-5,relu9_9"], 2, "relu9_9"),
        (["photo.png", *ART, "-o", "x.png", "--sweep", "size=32,abc"], 2, "abc"),
        (["photo.png", *ART, "-o", "x.png", "--sweep", "init=noise,none.png"], 1, "none.png"),
        (["photo.png", *ART, "-o", "x.png", "--init", "none.png"], 1, "none.png"),
        (["clip.mp4", "-o", "x.png", "--reconstruct", "style"], 1, "is not a picture"),
        (["photo.png", "-o", "x.png", "--style-weight", "0", "--init", "style"], 2, "init style: expected a --style-i"),
        (["photo.png", "-o", "x.png", "--reconstruct", "both"], 2, "expected content or style, got 'both'"),
        (["photo.png", "-o", "x.png", "--reconstruct", "style", "--layer", "relu9_9"], 2, "relu9_9"),
    ],
)
def test_a_dry_run_refuses_what_the_run_would(files, arguments, code, sentence):
    """With the same sentence, and neither writes a thing."""
    before = {path: path.read_bytes() for path in files.iterdir()}
    real, dry = keyframe(*arguments), keyframe(*arguments, "--dry-run")
    assert (real.exit_code, dry.exit_code, dry.stdout) == (code, code, "")
    assert sentence in dry.stderr
    assert real.stderr == dry.stderr
    assert {path: path.read_bytes() for path in files.iterdir()} == before


def test_a_dry_run_of_a_sheet_looks_once(files, monkeypatch):
    """At every artwork."""
    looked, read = [], read_photo
    monkeypatch.setattr("rtstyle.jobs.keyframe.studio.read_photo", lambda path: looked.append(path) or read(path))
    assert (
        keyframe("photo.png", *ART, "-o", "x.png", "--sweep", "seed=1", "--init", "noise", "--dry-run").exit_code == 0
    )
    assert looked == [Path("art.png")]


def test_a_picture_beyond_all_memory_is_one_sentence(files):
    """PyTorch's RuntimeError is no more a traceback than Python's own."""
    done = keyframe("photo.png", *ART, "-o", "x.png", "--size", 90_000, "--tile", 0)
    assert done.exit_code == 1
    assert "there is not enough memory" in done.stderr
    assert not (files / "x.png").exists()


def test_a_dry_run_says_what_does_not_fit_into_memory(files, caplog):
    """In a line; of what fits there is none."""
    dry = ["photo.png", *ART, "-o", "x.png", "--dry-run", "--tile", 0, "--size"]
    assert [keyframe(*dry, size).exit_code for size in (32, 90_000)] == [0, 0]
    assert caplog.messages == [
        "photo.png: takes more memory than is free; a smaller --size takes less, or a --tile",
    ]


def test_animations_are_said(files, caplog):
    """Of a photo and an artwork the first picture is taken; as a video all are painted, and nothing is to be said."""
    made = cv2.Animation()
    made.frames, made.durations = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(3)], [40, 40, 40]
    assert cv2.imwriteanimation("a.gif", made)
    done = keyframe("a.gif", "--style-image", "a.gif=2", "-o", "x.png", "--dry-run")
    assert done.exit_code == 0, done.stderr
    assert caplog.messages == [
        "a.gif: holds 3 pictures, and only the first is painted; --every 1 paints all",
        "a.gif: holds 3 pictures, and only the first is looked at",
    ]
    caplog.clear()
    assert keyframe("a.gif", *ART, "-o", "x", "--every", "1", "--dry-run").exit_code == 0
    assert not caplog.messages


@pytest.mark.parametrize(
    "arguments",
    [["photo.png", "-o", "x.png"], ["clip.mp4", "-o", "x", "--at", "0"], ["clip.mp4", "-o", "x.mp4", *CARRIED]],
)
def test_ctrl_c_before_anything_is_painted(files, monkeypatch, arguments):
    """Nothing is promised that is not there."""

    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rtstyle.jobs.keyframe.studio.Studio.open", stop)
    done = keyframe(*arguments, *ART)
    assert (done.exit_code, done.stderr) == (130, "rtstyle: stopped; nothing was written\n")


def test_ctrl_c_before_an_earlier_run_has_gone_on(files, monkeypatch):
    """Its place is still there, and no picture is promised."""

    def stop(_):
        raise KeyboardInterrupt

    (files / "x.png.keyframe").touch()
    monkeypatch.setattr("rtstyle.jobs.keyframe.studio.Studio.open", stop)
    done = keyframe("photo.png", "-o", "x.png", *ART, "--resume")
    kept = "the progress of a run is kept in x.png.keyframe; continue with --resume"
    assert (done.exit_code, done.stderr) == (130, f"rtstyle: stopped; {kept}\n")


def test_a_dry_run_makes_no_folder(files):
    """Where the real one would, for keyframes and for a film; one that is unfinished is said."""
    for arguments in (["-o", "keys", "--at", "0"], ["-o", "x.mp4", *CARRIED]):
        before = sorted(files.rglob("*"))
        assert keyframe("clip.mp4", *ART, *arguments, "--dry-run").exit_code == 0
        assert sorted(files.rglob("*")) == before
        folder = files / ("keys" if "keys" in arguments else "x.mp4.keyframes")
        folder.mkdir()
        (folder / "unfinished.json").touch()
        assert "an unfinished run is there" in keyframe("clip.mp4", *ART, *arguments, "--dry-run").stderr
        assert keyframe("clip.mp4", *ART, *arguments, "--dry-run", "--resume").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["photo.png", "-o", "x.png"], 2, "expected at least one artwork"),
        (["none.png", "--style-image", "art.png", "-o", "x.png"], 1, "cannot be opened"),
        (["photo.png", "--style-image", "art.png", "-o", "art.png", "--overwrite"], 1, "is the input itself"),
        (["photo.png", "--style-image", "art.png", "-o", "vgg.txt"], 2, "expected a name that ends in"),
        (["photo.png", "--style-image", "art.png", "-o", "x.png", "--content-layers", "relu9"], 2, "conv1_1 … conv5_3"),
        (["photo.png", "--style-image", "art.png", "-o", "x.png", "--preset", "gatys"], 2, "did you mean gatys2015?"),
        (
            ["photo.png", "--style-image", "art.png", "-o", "x.png", "--optimizer", "newton"],
            2,
            "one of 'lbfgs', 'adam', 'sgd'",
        ),
        (["photo.png", "--style-image", "art.png=x", "-o", "x.png"], 2, "expected a weight above 0"),
        (["photo.png", "--style-image", "a=b.jpg", "-o", "x.png"], 1, "a=b.jpg: cannot be opened"),
        (["photo.png", "--style-image", "art.png", "-o", "x.png", "--iterations", "many"], 2, "a number or auto"),
        (["photo.png", "--style-image", "art.png", "-o", "x.mp4", "--propagate"], 2, "expected --every"),
        (["photo.png", "--style-image", "art.png", "-o", "x.png", "--sweep", "size"], 2, "expected SETTING"),
        (["clip.mp4", "--style-image", "art.png", "-o", "x.png"], 2, "is a video; say which of its frames with --at"),
        (["damaged.jpg", *ART, "-o", "x.png"], 1, "damaged.jpg: cannot be decoded"),
        (["damaged.tif", *ART, "-o", "x.png"], 1, "damaged.tif: cannot be decoded"),
        (["art%d.png", *ART, "-o", "x.png"], 2, "art%d.png: is a video; say which of its frames"),
        (["clip.mp4", "--style-image", "art.png", "-o", "art.png", "--at", "0"], 1, "expected a folder, got a file"),
        (["clip.mp4", "--style-image", "art.png", "-o", "x", "--size", "32"], 2, "is a video; say which of its frames"),
        (["clip.mp4", "--style-image", "art.png", "-o", "x.mp4", "--at", "0"], 2, "x.mp4: expected a folder for"),
        (["photo.png", "-o", "x.png", "--reconstruct", "style", "--sweep", "size=32"], 2, "--sweep: expected alone"),
        (["art.png", "-o", "x.png", "--reconstruct", "style", "--style-image", "art.png"], 2, "got --reconstruct"),
        (["art.png", "-o", "x.png", "--reconstruct", "style", "--style-weight", "0"], 2, "--style-weight: expected"),
        (["art.png", "-o", "x.png", "--reconstruct", "style", "--content-weight", "2"], 2, "--content-weight: exp"),
        (["art.png", "-o", "x.png", "--reconstruct", "content", "--content-layers", "r42"], 2, "--content-layers: exp"),
        (
            ["clip.mp4", "--style-image", "art.png", "-o", "x.mp4", *CARRIED, "--init", "noise"],
            2,
            "--init: expected with",
        ),
        (["photo.png", "--style-image", "none.png", "-o", "x.png", "--dry-run"], 1, "none.png: cannot be opened"),
        (["photo.png", "--style-image", "art.png", "-o", "x.png", "--dry-run", "--device", "tpu"], 2, "got 'tpu'"),
        (["photo.png", "-o", "x.png", "--dry-run"], 2, "expected at least one artwork"),
        (["photo.png", *ART, "-o", "x.png", "--sweep", "temporal-weight=1,2"], 2, "expected SETTING=A,B,… with one"),
        (["photo.png", *ART, "-o", "x.png", "--sweep", "history=1,2"], 2, "expected SETTING=A,B,… with one"),
        (["photo.png", *ART, "-o", "x.png", "--sweep", "size=32,40, 32"], 2, "expected each value once, got size 32"),
        (["photo.png", *ART, "-o", "x.png", "--every", ""], 2, "--every: expected something, got an empty string"),
        (["photo.png", *ART, "-o", "x.png", "--reconstruct", ""], 2, "--reconstruct: expected something, got an emp"),
        (["photo.png", "-o", "x.png", "--reconstruct", "style", "--layer", ""], 2, "--layer: expected something, got"),
        (["photo.png", *ART, "-o", "x.png", "--vgg", "", "--dry-run"], 2, "--vgg: expected something, got an empty"),
        (["photo.png", *ART, "-o", "x.png", "--mask", ""], 2, "--mask: expected something, got an empty string"),
        (["clip.mp4", *ART, "-o", "", *CARRIED], 2, "-o: expected something, got an empty string"),
        (
            ["photo.png", "-o", "x.png", "--style-weight", "0", "--sweep", "style-weight=1,100"],
            2,
            "at least one artwork",
        ),
        (
            ["photo.png", "-o", "x.png", "--reconstruct", "content", "--colors", "luminance"],
            2,
            "--colors: expected with",
        ),
        (
            ["photo.png", "-o", "x.png", "--reconstruct", "content", "--style-size", "99"],
            2,
            "--style-size: expected wi",
        ),
        (["photo.png", "-o", "x.png", "--reconstruct", "style", "--style-layers", "r11=5"], 2, "names without weights"),
        (
            ["photo.png", *ART, "-o", "x.png", "--seed", "4"],
            2,
            "--seed: expected with --init noise, got --init content",
        ),
        (
            ["photo.png", *ART, "-o", "x.png", "--sweep", "seed=1,2"],
            2,
            "--seed: expected with --init noise, got --init",
        ),
        (["clip.mp4", *ART, "-o", "x.mp4", *CARRIED, "--seed", "4"], 2, "with --init noise, got --propagate"),
        (
            ["photo.png", *ART, "-o", "x.png", "--init", "noise", "--seed", "9" * 23],
            2,
            "--seed: expected a whole number",
        ),
        (["photo.png", *ART, "-o", "x.png", "--style-layers", "r11,r21,r11"], 2, "--style-layers: expected each once"),
        (["photo.png", *ART, "--init", "art2.png", "-o", "art2.png", "--overwrite"], 1, "is the input itself"),
        (["c.mp4", "--style-image", "art.png", "-o", "x", "--every", "2", "--process", "3"], 2, "got keyframes of a"),
    ],
)
def test_what_is_wrong_is_one_sentence(files, arguments, code, sentence):
    """On stderr, with exit code 1, or 2 for usage, and nothing written."""
    done = keyframe(*arguments)
    assert done.exit_code == code, done.output
    assert sentence in done.stderr
    assert done.stdout == ""
    assert not list(files.glob("x.*"))


def test_without_torch_it_says_how_to_install_it(files):
    """One sentence, exit code 1."""
    program = "import sys; sys.modules['torch'] = None; from rtstyle.cli import main; main()"
    arguments = ["keyframe", "photo.png", "--style-image", "art.png", "-o", "out.png"]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1
    assert "pip install 'rtstyle[keyframe]'" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_keeps_the_best(files):
    """The picture is there, exit code 130, and the sentence says how to go on."""
    arguments = [
        "keyframe",
        "photo.png",
        "--style-image",
        "art.png",
        "-o",
        "out.png",
        *LAYERS,
        "--iterations",
        "100000",
    ]
    command = [sys.executable, "-m", "rtstyle", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "1 of 100000" in line, line
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=100)
    assert process.returncode == 130
    assert "stopped; the best picture so far is in out.png; continue with --resume" in stderr
    assert "Traceback" not in stderr
    assert cv2.imread("out.png") is not None
    assert (files / "out.png.keyframe").exists()
