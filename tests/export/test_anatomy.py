"""What ``rtstyle inspect`` tells of networks, ours and others'."""

import hashlib
import json

import onnx
import pytest
from typer.testing import CliRunner

from rtstyle.cli.app import app
from rtstyle.errors import ModelError
from rtstyle.export.anatomy import inspect_model
from tests.foreign import lookalikes
from tests.models import make_model


def test_ours_lacks_nothing(tmp_path):
    """Contract, dimensions, numbers and arithmetic are those of the file, and two engines run it."""
    path = make_model(tmp_path / "blur.onnx", kind="blur")
    told = inspect_model(path)
    assert (told.contract, told.opset, told.lacks) == ("1", 17, ())
    assert told.inputs == ("frames uint8 (N, H, W, 3)",)
    assert told.parameters == 8 * 27 * 2 + 8 + 8 + 1
    assert told.gflop_720p == pytest.approx(2 * 2 * 8 * 27 * 1280 * 720 / 1e9, abs=1e-3)
    assert told.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert told.runs_on["onnxruntime CPU"].startswith("yes")
    assert told.runs_on["OpenVINO"].startswith("yes")


def test_a_network_of_others_lacks_what_is_said(tmp_path):
    """Its own names and sizes, what it would need to be ours, and that it runs all the same."""
    told = inspect_model(lookalikes.zoo(tmp_path / "zoo.onnx"))
    assert (told.contract, told.opset) == ("", 9)
    assert told.inputs == ("input1 float (1, 3, 224, 224)",)
    assert told.operators["Upsample"] == 2
    assert "frames uint8 (N, H, W, 3): it has input1 float (1, 3, 224, 224)" in told.lacks
    assert told.gflop_720p > 0.1
    assert told.runs_on["onnxruntime CPU"].startswith("yes")


def test_what_others_call_a_contract_is_not_ours(tmp_path):
    """Their metadata are shown as they are, and ours are lacking."""
    path = lookalikes.zoo(tmp_path / "zoo.onnx")
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"contract": "1"})
    onnx.save(model, path)
    told = inspect_model(path)
    assert (told.contract, told.metadata) == ("", {"contract": "1"})
    assert "metadata: contract, styles, title, artist, licence" in told.lacks


def test_a_network_that_cannot_run_is_told_about_too(tmp_path):
    """What it lacks is the reason, and the rest is told."""
    told = inspect_model(lookalikes.unit(tmp_path / "odd.onnx", squash="Paint"))
    assert told.operators["Paint"] == 1
    assert any("Paint" in text for text in told.lacks)
    assert told.runs_on == {}
    later = inspect_model(make_model(tmp_path / "later.onnx", contract="2"))
    assert any("contract 1, got 2" in text for text in later.lacks)


def test_no_network_is_an_error(tmp_path):
    """A letter has no anatomy."""
    (tmp_path / "letter.onnx").write_text("Dear sir or madam")
    with pytest.raises(ModelError):
        inspect_model(tmp_path / "letter.onnx")


def test_what_is_said_behind_the_name_is_heard(tmp_path):
    """As --style takes it: a layout that cannot be seen is not asked for again."""
    path = lookalikes.unit(tmp_path / "unit.onnx", dims=("N", 3, 3))
    asked = json.loads(CliRunner().invoke(app, ["inspect", str(path), "--json"]).stdout)
    told = json.loads(CliRunner().invoke(app, ["inspect", f"{path}?layout=nhwc", "--json"]).stdout)
    assert any("say --layout" in text for text in asked["lacks"])
    assert not any("say --layout" in text for text in told["lacks"])
    twice = CliRunner().invoke(app, ["inspect", f"{path}?layout=nhwc", "--channels", "bgr"])
    assert twice.exit_code == 2
    assert "says already how to read it" in twice.output


def test_on_the_command_line(tmp_path):
    """Lines for people, whole where they go into a file, one object for programs."""
    path = make_model(tmp_path / "invert.onnx", title="The Sea" * 50)
    lines = CliRunner().invoke(app, ["inspect", str(path)]).stdout
    assert "contract           1" in lines
    assert "The Sea" * 50 in lines
    assert "…" not in lines
    assert json.loads(CliRunner().invoke(app, ["inspect", str(path), "--json"]).stdout)["opset"] == 17
