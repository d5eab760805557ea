"""Finding and reading models."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rtstyle.styles
from rtstyle.errors import ModelError, UsageError
from rtstyle.export.anatomy import inspect_model
from rtstyle.styles import Mix, find_style, find_styles, list_styles
from tests.models import make_model


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """Two bundled styles, one of them in two networks, laid out as in a wheel."""
    folder = tmp_path / "package" / "exported"
    folder.mkdir(parents=True)
    for stem in ("wave-lite", "wave-full", "starry-night-lite"):
        make_model(folder / f"{stem}.onnx", name=stem.rpartition("-")[0], network=stem.rpartition("-")[2])
    monkeypatch.setattr(rtstyle.styles, "_PACKAGE", folder.parent)
    return folder


def refusal(style):
    with pytest.raises((ModelError, UsageError)) as error:
        find_style(style)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_style_is_its_metadata(tmp_path):
    """Everything a list shows comes from the model itself."""
    style = find_style(make_model(tmp_path / "wave-lite.onnx", name="wave", title="Ünder the Wave", year="c. 1831"))
    assert (style.name, style.styles, style.title, style.artist) == ("wave", ("wave",), "Ünder the Wave", "Nobody")
    assert (style.year, style.licence, style.network) == ("c. 1831", "CC0-1.0", "lite")
    assert style.size == style.path.stat().st_size
    assert style.metadata["parameters"] == "0"


def test_a_name_alone_is_the_lite_network(bundled):
    """``wave`` is wave-lite.onnx, ``wave-full`` the large one, and the file's own stem works too."""
    assert find_style("wave").path == bundled / "wave-lite.onnx"
    assert find_style("wave-lite").path == bundled / "wave-lite.onnx"
    assert find_style("wave-full").path == bundled / "wave-full.onnx"


def test_every_listed_name_finds_its_style(bundled):
    """What ``rtstyle styles`` prints is what --style takes."""
    assert [style.name for style in list_styles()] == ["starry-night", "wave-full", "wave"]
    assert all(find_style(style.name) == style for style in list_styles())


def test_live_switches_between_the_quick_ones(bundled):
    """A network that no CPU runs in real time, and one of several styles, come in when they are named."""
    make_model(bundled / "gallery-lite.onnx", kind="mix", styles='["dawn", "dusk"]')
    assert [style.name for style in find_styles(())] == ["starry-night", "wave"]


def test_a_path_is_a_path(bundled, tmp_path, monkeypatch):
    """A file of the user's is taken as str and Path, also from the working folder and under any suffix."""
    monkeypatch.chdir(tmp_path)
    make_model(Path("mine.onnx"), name="mine")
    shutil.copy("mine.onnx", "renamed")
    for given in ("mine.onnx", Path("mine.onnx"), str(tmp_path / "mine.onnx"), "./mine.onnx", "renamed"):
        assert find_style(given).styles == ("mine",)


def test_a_bundled_name_wins_over_a_file_of_that_name(bundled, tmp_path, monkeypatch):
    """A folder called ``wave`` does not get in the way."""
    monkeypatch.chdir(tmp_path)
    Path("wave").mkdir()
    assert find_style("wave").path.parent == bundled


def test_a_damaged_style_of_ones_own_is_told_of_once(bundled, tmp_path, monkeypatch, caplog):
    """However many names are looked for among the others."""
    (tmp_path / "mine.onnx").write_bytes(b"none")
    monkeypatch.setenv("RTSTYLE_STYLES", str(tmp_path))
    for style in ("foo", "foo=1,bar=1"):
        caplog.clear()
        assert refusal(style).startswith("foo: no such style")
        assert len(caplog.messages) == 1


def test_an_unknown_name_suggests_the_nearest(bundled):
    """A typo is answered with the likely name and with all there are."""
    assert refusal("wavr") == "wavr: no such style; did you mean wave? there are: starry-night, wave, wave-full"
    assert "did you mean" not in refusal("xyz")
    assert "no such style" in refusal("")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("float_nchw", "expected the input frames uint8 (N, H, W, 3), got frames float (1, 3, 224, 224)"),
        ("wrong_names", "expected the input frames uint8 (N, H, W, 3), got input1 uint8 (N, H, W, 3)"),
        ("extra_input", "got frames uint8 (N, H, W, 3), mask uint8 (N, H, W, 3)"),
    ],
)
def test_a_model_that_is_not_ours(kind, said, tmp_path):
    """Expected, got, and the next step."""
    message = refusal(make_model(tmp_path / "foreign.onnx", kind=kind))
    assert said in message
    assert "python -m training export" in message


def test_a_later_contract_is_refused(tmp_path):
    """A model of tomorrow is not run by the rules of today."""
    assert "contract 1, got 2" in refusal(make_model(tmp_path / "x.onnx", contract="2"))


@pytest.mark.parametrize("styles", ["", "wave", "[]", "[1]", '{"a": 1}'])
def test_the_list_of_styles_is_a_list_of_names(styles, tmp_path):
    """Metadata is checked before anybody relies on it."""
    assert "JSON list of names" in refusal(make_model(tmp_path / "x.onnx", styles=styles))


def test_mixing_weights_are_no_foreign_input(tmp_path):
    """The contract's optional input has a default, and that makes it optional."""
    model = make_model(tmp_path / "mix.onnx", kind="mix", styles='["wave", "udnie"]')
    assert find_style(model).styles == ("wave", "udnie")
    assert find_style(model).mix == ()


@pytest.mark.parametrize(
    ("kind", "styles", "said"),
    [("invert", '["a", "b"]', "style_weights [2] for"), ("mix", '["a", "b", "c"]', "style_weights [3] for")],
)
def test_several_styles_need_weights(kind, styles, said, tmp_path):
    """Or else nothing could choose among them."""
    model = make_model(tmp_path / "x.onnx", kind=kind, styles=styles)
    assert said in (message := refusal(f"{model}:a=1"))
    assert ("got none" if kind == "invert" else "got [2]") in message


def test_styles_of_one_network_are_found_by_name_and_mixed(bundled):
    """A style inside a network of several is a style like any other; parts are divided by their sum."""
    both = make_model(bundled / "both-lite.onnx", kind="mix", styles='["udnie", "scream"]')
    assert (find_style("scream").path, find_style("scream").mix) == (both, (0, 1))
    mixed = find_style(Mix({"scream": 3, "udnie": 1}))
    assert (mixed.path, mixed.mix, mixed.name) == (both, (0.25, 0.75), "scream+udnie")
    assert find_style(Mix({"scream": 1, "udnie": 1}, both)).mix == (0.5, 0.5)
    assert find_style("scream=3,udnie=1").mix == (0.25, 0.75)
    assert find_style(f"{both}:scream=1").mix == (0, 1)
    assert find_style("both").mix == ()
    assert find_style(mixed) is mixed


@pytest.mark.parametrize(
    ("mix", "words"),
    [
        (Mix({"wave": 1, "scream": 1}), "wave and scream: no bundled network holds them together"),
        (Mix({"wave": 1, "monet": 1}, "both"), "has no style monet; it holds udnie, scream"),
        (Mix({"udnie": 1, "scraem": 1}), r"scraem: no such style; did you mean scream\?"),
        (Mix({"udnie": 0, "scream": 0}), "expected a part above 0"),
        (Mix({"udnie": 2, "scream": -1}), "and none below"),
        (Mix({"udnie": 1, "scream": float("nan")}), "expected a part above 0"),
        ("udnie=1e308,scream=1e308", "expected a part above 0"),
        ("udnie=much", "expected NAME=NUMBER"),
        ("a=b/no.onnx", "a=b/no.onnx: no such file"),
    ],
)
def test_a_mix_that_cannot_be_is_one_sentence(bundled, mix, words):
    """Styles of different networks, a stranger, and nothing at all."""
    make_model(bundled / "both-lite.onnx", kind="mix", styles='["udnie", "scream"]')
    with pytest.raises((ModelError, UsageError), match=words):
        find_style(mix)


@pytest.mark.parametrize("content", [b"", b"not a model\n" * 100, bytes(range(256)) * 9])
def test_a_file_of_another_kind(content, tmp_path):
    """Text, garbage and nothing at all are told from a model."""
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    assert "expected" in refusal(path)


@pytest.mark.parametrize("suffix", [".json", ".textproto", ".onnxtxt"])
def test_a_suffix_does_not_change_what_is_expected(suffix, tmp_path):
    """A model is a model under any name, and what is none is a sentence."""
    path = make_model(tmp_path / "x.onnx").rename(tmp_path / f"x{suffix}")
    assert find_style(path).styles == ("test",)
    path.write_text("{}")
    assert "expected an ONNX model" in refusal(path)


def test_names_that_no_file_can_have(bundled):
    """Too long, or in the home of somebody unknown."""
    assert "File name too long" in refusal("wave" * 75)
    assert "File name too long" in refusal(f"{'wave' * 75}.onnx")
    assert "no such file" in refusal("~nobody-of-this-name/x.onnx")
    assert "File name too long" in refusal(f"{'wave' * 75}.onnx?range=0..1")
    assert "no such file" in refusal("~nobody-of-this-name/x.onnx?range=0..1")
    with pytest.raises(ModelError, match="File name too long"):
        inspect_model(Path(f"{'wave' * 75}.onnx"))


def test_a_truncated_model(tmp_path):
    """Half a download is a sentence."""
    path = make_model(tmp_path / "x.onnx", kind="blur")
    path.write_bytes(path.read_bytes()[:-40])
    assert "expected" in refusal(path)


def test_no_file_and_a_folder(tmp_path):
    """What is not there, and what is not a file."""
    assert "no such file" in refusal(tmp_path / "no.onnx")
    assert "got a folder" in refusal(tmp_path)


@pytest.mark.parametrize("layout", ["wheel", "checkout"])
def test_the_models_are_found_in_a_wheel_and_in_a_checkout(layout, tmp_path):
    """Inside the package or beside it: one resolver, and the working folder does not matter."""
    package = Path(rtstyle.styles.__file__).parent
    shutil.copytree(package, tmp_path / "rtstyle", ignore=shutil.ignore_patterns("__pycache__", "exported"))
    exported = tmp_path / ("rtstyle/exported" if layout == "wheel" else "exported")
    exported.mkdir()
    make_model(exported / "wave-lite.onnx")
    program = "from rtstyle.styles import list_styles; print(list_styles()[0].path)"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert Path(found).resolve() == (exported / "wave-lite.onnx").resolve()
