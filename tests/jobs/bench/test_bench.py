"""What `rtstyle bench` measures, and on what."""

import time

import av
import onnx
import pytest
from onnx import TensorProto, helper

from rtstyle.errors import SinkError, UsageError
from rtstyle.jobs.bench.bench import SIZES, Bench, alike, read_size
from rtstyle.jobs.bench.film import make_film
from rtstyle.jobs.bench.trial import Computer, try_film, try_live
from rtstyle.jobs.live.meter import NETWORK
from rtstyle.model_file import sha256_of
from rtstyle.style import read_style
from rtstyle.styles import find_style
from rtstyle.twin import ORIGINAL, twin_path
from tests.models import make_model


@pytest.mark.parametrize(("size", "frames"), [((64, 48), 3), ((65, 49), 30), ((640, 360), 50)])
def test_the_film_is_as_long_and_large_as_asked(tmp_path, size, frames):
    """Odd sizes and more frames than differ, too; and nothing in it stands still."""
    make_film(tmp_path / "film.mp4", size, frames)
    with av.open(str(tmp_path / "film.mp4")) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) == frames
    assert pictures[0].shape == (size[1], size[0], 3)
    assert (abs(pictures[1].astype(int) - pictures[0]).max(axis=2) > 3).mean() > 0.05
    assert 40 < pictures[0].mean() < 215


@pytest.mark.parametrize(("size", "folder"), [((20000, 16), ""), ((64, 48), "none")])
def test_a_film_that_cannot_be_made_is_a_sentence(tmp_path, size, folder):
    """Too wide for H.264, or nowhere to be written to: it says what may help."""
    with pytest.raises(
        SinkError, match=rf"a film of {size[0]}×{size[1]} to measure .* try another --size, or let TMPDIR"
    ):
        make_film(tmp_path / folder / "film.mp4", size, 2)


def test_styles_of_one_make_are_measured_once(tmp_path):
    """Of one network with as many parameters, and twins in 8 bits of the same layers; a foreign one stands alone."""
    paths = [
        make_model(tmp_path / "a.onnx", name="a", parameters="7"),
        make_model(tmp_path / "b.onnx", name="b", parameters="7"),
        make_model(tmp_path / "c.onnx", name="c", parameters="8"),
        make_model(tmp_path / "d.onnx", kind="no_metadata"),
    ]
    styles = [read_style(path) for path in paths]
    assert [[style.name for style in kind] for kind in alike(styles)] == [["a", "b"], ["c"], ["d"]]
    make_model(twin_path(paths[1]), name="b", **{ORIGINAL: sha256_of(paths[1])})
    assert [[style.name for style in kind] for kind in alike(styles)] == [["a"], ["b"], ["c"], ["d"]]
    make_model(twin_path(paths[0]), name="a", **{ORIGINAL: sha256_of(paths[0])})
    assert [[style.name for style in kind] for kind in alike(styles)] == [["a", "b"], ["c"], ["d"]]
    make_model(twin_path(paths[0]), kind="blur", name="a", **{ORIGINAL: sha256_of(paths[0])})
    assert [[style.name for style in kind] for kind in alike(styles)] == [["a"], ["b"], ["c"], ["d"]]


def test_a_film_is_painted_as_its_style_was_told(tmp_path):
    """A layout that cannot be seen in the network is known to the film, too."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [*"nabc"]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "same", [x], [y])
    opset = helper.make_opsetid("", 13)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=7), tmp_path / "same.onnx")
    style = find_style(f"{tmp_path / 'same.onnx'}?layout=nhwc")
    assert try_film(style, (64, 48), Computer("cpu"), frames=2, folder=tmp_path).fps > 0


def test_sizes_by_name_and_by_number():
    """In any case of letters, with or without the p; what is no size is refused."""
    assert read_size("4k") == SIZES["4K"] == (3840, 2160)
    assert read_size("720") == read_size("720P") == (1280, 720)
    assert read_size("320x240") == (320, 240)
    for wrong in ("", "721", "0x0", "16x15"):
        with pytest.raises(UsageError, match="--size"):
            read_size(wrong)


def test_a_wrong_size_is_refused_at_once(monkeypatch, invert_model):
    """Before an engine is opened, which takes a second."""
    monkeypatch.setattr("rtstyle.jobs.bench.bench.Stylizer", lambda *_, **__: pytest.fail("an engine was opened"))
    with pytest.raises(UsageError, match="--size 7p"):
        Bench([invert_model], sizes=["7p"])


def test_it_takes_what_it_was_told(invert_model):
    """About a minute for five sizes of one network; never less than a second a run."""
    assert Bench([invert_model]).planned_s == pytest.approx(60)
    assert Bench([invert_model], seconds=1).each_s == 1
    assert Bench([invert_model] * 2)._kinds == Bench([invert_model])._kinds


def paint_slowly(network, batch):
    """As the network of a machine that needs a third of a second at 360 lines."""
    with network._meter.timing(NETWORK):
        time.sleep(0.33 * (batch.images.shape[1] / 360) ** 2)
    return batch


@pytest.mark.parametrize(("patience_s", "at_rest"), [(200, True), (1, False)])
def test_a_slow_machine_is_measured_where_it_rests(monkeypatch, invert_model, patience_s, at_rest):
    """Or, when that takes too long, it is said that it does not."""
    monkeypatch.setattr("rtstyle.jobs.live.painter._Timed.__call__", paint_slowly)
    monkeypatch.setattr("rtstyle.jobs.bench.trial._SETTLING_S", patience_s)
    found = try_live(find_style(invert_model), (640, 480), Computer("cpu"), lines=None, seconds=1)
    assert found.at_rest == at_rest
    assert (found.lines == 180) == at_rest
    assert found.fps > 0
