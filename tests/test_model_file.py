"""Files that nobody vouches for: one sentence each, and nothing else is opened."""

import os

import cv2
import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from rtstyle.cli.app import app
from rtstyle.errors import ModelError
from rtstyle.style import load_model
from rtstyle.styles import find_style
from rtstyle.stylizer import Stylizer
from tests.foreign import lookalikes
from tests.models import make_model


def refusal(path):
    with pytest.raises(ModelError) as error:
        load_model(find_style(path))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def scattered(tmp_path):
    """A network of others whose weights lie in a file beside it, as PyTorch's newer exporter leaves them."""
    model = onnx.load(lookalikes.zoo(tmp_path / "whole.onnx"))
    path = tmp_path / "theirs.onnx"
    onnx.save(model, path, save_as_external_data=True, location="theirs.onnx.data", size_threshold=0)
    return path


def moved(path, location):
    """The same, but the weights are said to lie elsewhere."""
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    path.write_bytes(model.SerializeToString())
    return path


def test_weights_beside_the_model_are_read(scattered, tmp_path):
    """And paint what they paint in one file."""
    first, second = (load_model(find_style(tmp_path / name)) for name in ("theirs.onnx", "whole.onnx"))
    weights = [np.array([onnx.numpy_helper.to_array(t).sum() for t in m.graph.initializer]) for m in (first, second)]
    np.testing.assert_array_equal(*weights)


@pytest.mark.parametrize("location", ["../../etc/passwd", "/etc/passwd", "..\\passwd", "C:\\passwd", "a/../../b"])
def test_weights_elsewhere_are_not_opened(scattered, location):
    """A path out of the folder is named, and not followed."""
    assert "expected its weights in files beside it" in refusal(moved(scattered, location))


@pytest.mark.parametrize("place", ["function", "sparse"])
def test_weights_elsewhere_in_rare_places(place, tmp_path):
    """Neither are those of a function, nor those of a matrix that is mostly zeros."""
    elsewhere = onnx.numpy_helper.from_array(np.zeros(3, np.float32), "elsewhere")
    elsewhere.data_location = onnx.TensorProto.EXTERNAL
    elsewhere.external_data.add(key="location", value="../secret")
    sparse = onnx.helper.make_sparse_tensor(elsewhere, onnx.numpy_helper.from_array(np.arange(3)), [3])
    told = {"value": elsewhere} if place == "function" else {"sparse_value": sparse}
    constant = onnx.helper.make_node("Constant", [], ["c"], **told)
    model = onnx.load(make_model(tmp_path / "ours.onnx"))
    if place == "function":
        model.functions.append(onnx.helper.make_function("my", "F", [], ["c"], [constant], model.opset_import))
    else:
        model.graph.node.append(constant)
    path = tmp_path / "theirs.onnx"
    path.write_bytes(model.SerializeToString())
    assert "expected its weights in files beside it, got '../secret'" in refusal(path)


def test_a_link_out_of_the_folder_is_not_followed(scattered, tmp_path):
    """Nor is a name that leads out by a symbolic link."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert "it was not opened" in refusal(moved(scattered, "link"))


def test_weights_that_are_missing_or_short(scattered, tmp_path):
    """The file that is not there is named."""
    data = tmp_path / "theirs.onnx.data"
    data.write_bytes(data.read_bytes()[:100])
    assert "its weights cannot be read" in refusal(scattered)
    data.unlink()
    assert "theirs.onnx.data" in refusal(scattered)


def test_ours_are_in_one_file(tmp_path):
    """The contract says self-contained."""
    model = onnx.load(make_model(tmp_path / "blur.onnx", kind="blur"))
    path = tmp_path / "split.onnx"
    onnx.save(model, path, save_as_external_data=True, location="split.data", size_threshold=0)
    assert "expected all weights in the file itself" in refusal(path)


def test_a_file_of_five_gigabytes_is_not_read(tmp_path):
    """Its size alone says that it is no ONNX file."""
    path = tmp_path / "huge.onnx"
    path.touch()
    os.truncate(path, 5_000_000_000)
    assert "expected less than 2 GB, which is all that an .onnx can hold, got 5.0 GB" in refusal(path)


@pytest.mark.parametrize("content", [b"", b"Dear sir or madam,\nthis is a letter.\n", b"\x00" * 64, b"\x08\x01"])
def test_a_file_of_another_kind(content, tmp_path):
    """A letter, zeros, nothing at all: each is told what was expected."""
    path = tmp_path / "letter.onnx"
    path.write_bytes(content)
    assert "expected" in refusal(path)


def test_a_truncated_network_of_others(tmp_path):
    """Cut anywhere, it is a sentence."""
    path = lookalikes.zoo(tmp_path / "zoo.onnx")
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        assert "expected" in refusal(path)


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"\x1b[2J", b"\r"])
@pytest.mark.parametrize("good", [b"rtstyle.title", b"The Test", b"Cast", b"frames", b"white"])
def test_names_that_are_no_text(good, bad, tmp_path):
    """Neither what is not UTF-8 nor what a terminal would obey goes further than the file."""
    path = make_model(tmp_path / "ours.onnx")
    path.write_bytes(path.read_bytes().replace(good, bad.ljust(len(good), b"_")))
    assert "expected names and metadata that are text, got" in refusal(path)
    assert not {"\x1b", "\r"} & set(refusal(path))


@pytest.mark.parametrize("styles", ["[" * 100_000, "1" * 5_000, "no JSON", "{}", "[]", "[1]"])
def test_styles_that_are_no_list_of_names(styles, tmp_path):
    """Whatever JSON's reader says of it."""
    path = make_model(tmp_path / "ours.onnx", styles=styles)
    assert f"expected rtstyle.styles to be a JSON list of names, got {styles[:80]!r};" in refusal(path)


def test_a_library_of_operators_is_not_loaded(tmp_path):
    """An operator of another domain is refused by name; nothing is looked for on the disk."""
    model = onnx.load(lookalikes.unit(tmp_path / "unit.onnx"))
    model.graph.node[1].domain = "evil.so"
    model.opset_import.append(onnx.helper.make_opsetid("evil.so", 1))
    (tmp_path / "evil.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"evil"):
        Stylizer(tmp_path / "evil.onnx")


def test_an_artwork_is_no_style_yet(tmp_path):
    """Who names one is told how to paint with it; and an empty file is not inspected as if it were a network."""
    art = tmp_path / "art.jpg"
    cv2.imwrite(str(art), np.zeros((32, 32, 3), np.uint8))
    assert f"got a picture; use it with `rtstyle keyframe --style-image {art}`" in refusal(art)
    empty = tmp_path / "empty.onnx"
    empty.touch()
    done = CliRunner().invoke(app, ["inspect", str(empty)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(
        f"rtstyle: {empty}: expected an ONNX model, got an empty file; copy or download it again"
    )
