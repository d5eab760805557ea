"""``rtstyle export``, and networks of others on the command line."""

import json

import cv2
import numpy as np
import pytest

from rtstyle.cli.export import read_size
from rtstyle.errors import UsageError
from tests.foreign import lookalikes
from tests.invoke import invoke
from tests.models import make_model


def test_an_export_tells_how_near_it_stays(tmp_path):
    """One JSON object, and a sheet beside the file."""
    style = make_model(tmp_path / "invert.onnx")
    done = invoke("export", style, "--to", "static", "--size", "64x48", "-o", tmp_path / "out.onnx", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["target"], told["size"], told["fidelity"][0]["psnr_db"]) == ("static", "64x48", 99.0)
    assert told["output"] == str(tmp_path / "out.onnx")
    assert (tmp_path / "out.sheet.md").exists()


def test_a_style_that_is_missing(tmp_path):
    """It is called as export calls it."""
    done = invoke("export", "--to", "fp16", "-o", tmp_path / "out.onnx")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("rtstyle: STYLE: expected a style, got none;")
    assert "--style" not in invoke("export", "--help").stdout


@pytest.mark.parametrize("size", ["64", "64x", "64x48x", "axb"])
def test_a_size_without_sense(size):
    """A sentence with an example."""
    with pytest.raises(UsageError, match="expected WxH or WxHxN, as in 1280x720"):
        read_size(size)


@pytest.mark.parametrize("size", ["8x64", "64x48x0", "99999x64"])
def test_an_impossible_size(size, tmp_path):
    """The option is named as it is typed."""
    done = invoke("export", "wave", "--to", "static", "--size", size, "-o", tmp_path / "out.onnx")
    assert done.returncode == 2
    assert f"--size: expected 16 to 8192 pixels a side, and at least one frame, got {size}" in done.stderr


def test_a_size_may_have_the_sign_that_is_printed():
    """As for live and bench."""
    assert read_size("64×48×2") == read_size("64x48x2")


def test_a_clip_is_painted_by_a_network_of_others(clip, tmp_path):
    """Unchanged, from --style to the last frame."""
    style = lookalikes.zoo(tmp_path / "mosaic.onnx", height=32, width=32)
    done = invoke("transcode", clip, "-o", tmp_path / "out.mp4", "--style", style, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["frames_out"] == 25


def test_a_photo_is_painted_as_the_options_say(tmp_path):
    """--channels bgr paints another picture than rgb."""
    style = lookalikes.unit(tmp_path / "unit.onnx", layout="nchw")
    cv2.imwrite(str(tmp_path / "photo.png"), np.full((32, 32, 3), (250, 120, 10), np.uint8))
    pictures = []
    for channels in ("rgb", "bgr"):
        out = tmp_path / f"{channels}.png"
        options = ("--style", style, "--input-range", "0..1", "--layout", "nchw", "--channels", channels)
        done = invoke("image", tmp_path / "photo.png", "-o", out, *options)
        assert done.returncode == 0, done.stderr
        pictures.append(cv2.imread(str(out)))
    assert not np.array_equal(*pictures)
