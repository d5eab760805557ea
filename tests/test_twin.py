"""A style's twin in 8 bits: taken where it is faster, and never in place of something else."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

import rtstyle
import rtstyle.styles
from rtstyle.engines import openvino as adapter
from rtstyle.engines.openvino import OpenVinoEngine
from rtstyle.errors import ModelError, UsageError
from rtstyle.export.anatomy import inspect_model
from rtstyle.export.run import export_style
from rtstyle.frames import Batch
from rtstyle.jobs.live.look import Look
from rtstyle.model_file import sha256_of
from rtstyle.styles import find_style, list_styles
from rtstyle.stylizer import Stylizer
from rtstyle.twin import find_twin, twin_path
from tests.models import make_model

FRAMES = np.full((1, 16, 16, 3), 200, np.uint8)


@pytest.fixture(autouse=True)
def _without_amx(monkeypatch):
    """An x86 CPU on which 8 bits are faster, whatever runs the tests."""
    monkeypatch.setattr(adapter, "_native_precision", lambda *_: "f32")
    monkeypatch.setattr(adapter, "description", lambda: None)
    monkeypatch.setattr(adapter.platform, "machine", lambda: "x86_64")


@pytest.fixture
def inverts(tmp_path):
    """A model that inverts, and a twin that does not, so that everybody sees which of them painted."""
    model = make_model(tmp_path / "both.onnx")
    make_model(twin_path(model), kind="identity", original_sha256=sha256_of(model), variant="int8")
    return model


def painted(model, **options):
    with Stylizer(model, **options) as stylizer:
        return stylizer.provider, int(stylizer(Batch(FRAMES, FRAMES, [Fraction(0)])).images[0, 0, 0, 0])


@pytest.mark.parametrize("device", ["auto", "cpu", "openvino"])
def test_the_twin_is_taken_and_named(inverts, device):
    """By itself, and `--precision full` says no."""
    assert painted(inverts, device=device) == ("OpenVINO CPU int8", 200)
    assert painted(inverts, device=device, precision="full") == ("OpenVINO CPU f32", 55)


@pytest.mark.parametrize(("native", "machine"), [("bf16", "x86_64"), ("f32", "aarch64")])
def test_a_cpu_that_does_better_without(inverts, native, machine, monkeypatch):
    """AMX computes in bf16, and nobody has measured ARM."""
    monkeypatch.setattr(adapter, "_native_precision", lambda *_: native)
    monkeypatch.setattr(adapter.platform, "machine", lambda: machine)
    assert OpenVinoEngine(inverts, twin=twin_path(inverts)).name == f"OpenVINO CPU {native}"


def test_a_cpu_that_does_best_with_both(inverts, monkeypatch):
    """Zen 4 computes in bf16 what the twin holds in float."""
    monkeypatch.setattr(adapter, "_native_precision", lambda *_: "bf16")
    monkeypatch.setattr(adapter, "description", lambda: "AuthenticAMD avx512_bf16")
    assert painted(inverts) == ("OpenVINO CPU int8 and bf16", 200)
    assert painted(inverts, precision="full") == ("OpenVINO CPU bf16", 55)


def test_a_twin_of_an_older_model_is_left(inverts, caplog):
    """The model was trained on: one line says so, and what to do."""
    make_model(inverts, title="another")
    assert painted(inverts) == ("OpenVINO CPU f32", 55)
    (record,) = caplog.records
    assert "was not made from both.onnx as it is now" in record.message
    assert f"rtstyle export {inverts} --to int8" in record.message


@pytest.mark.parametrize("content", [b"", b"Dear sir or madam", None])
def test_a_damaged_twin_is_left(inverts, content, caplog):
    """An empty file, a letter, half of it: one line, and the model itself paints."""
    path = twin_path(inverts)
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    assert painted(inverts) == ("OpenVINO CPU f32", 55)
    assert len(caplog.records) == 1


def test_a_twin_does_not_outlive_its_model(inverts):
    """A style that is removed while a program runs is named in one sentence."""
    style = find_style(inverts)
    inverts.unlink()
    with pytest.raises(ModelError, match=r"both\.onnx: cannot be read: No such file or directory; was it moved\?"):
        Stylizer(style)


def test_a_twin_is_no_style_of_its_own(inverts, monkeypatch):
    """Lists have the style once."""
    monkeypatch.setattr(rtstyle.styles, "_folder", lambda: inverts.parent)
    monkeypatch.setattr(rtstyle.styles, "user_folders", list)
    assert [style.path for style in list_styles()] == [inverts]
    assert find_style("both").path == inverts


def test_inspect_tells_of_it(inverts):
    """`rtstyle inspect` names the file."""
    assert inspect_model(inverts).twin == str(twin_path(inverts))
    assert inspect_model(twin_path(inverts)).twin == ""


def test_a_mix_has_no_twin(tmp_path):
    """Its weights are the caller's."""
    model = make_model(tmp_path / "mix.onnx", kind="mix", styles='["wave", "udnie"]')
    make_model(twin_path(model), original_sha256=sha256_of(model))
    assert find_twin(find_style(f"{model}:udnie=1")) is None


def test_an_export_beside_a_model_is_its_twin(tmp_path):
    """Made by `--to int8` as NAME.int8.onnx it is found from then on."""
    model = make_model(tmp_path / "mine.onnx", kind="blur")
    for seed in range(12):
        clouds = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"{seed}.png"), cv2.resize(clouds, (48, 40), interpolation=cv2.INTER_CUBIC))
    export_style(model, tmp_path / "mine.int8.onnx", to="int8", photos=tmp_path)
    assert find_twin(find_style(model)) == tmp_path / "mine.int8.onnx"
    assert painted(model)[0] == "OpenVINO CPU int8"


def test_photos_are_painted_in_full_precision(inverts, tmp_path):
    """Nobody waits for them; who does says `precision="auto"`."""
    cv2.imwrite(str(tmp_path / "photo.png"), FRAMES[0])
    for number, given in enumerate(({}, {"precision": "auto"})):
        report = rtstyle.stylize_photos(tmp_path / "photo.png", tmp_path / f"{number}.png", style=inverts, **given)
        assert report.provider == f"OpenVINO CPU {('f32', 'int8')[number]}"


def test_a_precision_that_there_is_not(inverts):
    """One sentence, before anything is opened."""
    for make in (lambda: Stylizer(inverts, precision="half"), lambda: rtstyle.FilmOptions(precision="half")):
        with pytest.raises(UsageError, match="precision: expected one of auto, full, got half"):
            make()
    with pytest.raises(UsageError):
        Look(precision="half")
