from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from rtstyle.engines.onnxruntime import import_onnxruntime
from rtstyle.errors import ModelError, SinkError, UsageError
from tests.training.checkpoints import checkpoint_of
from training import export as exporting
from training.export import Artwork, export, real_frames
from training.nets import make_network
from training.photos import find_photos
from training.weights import read_network, read_weights

ARTWORK = Artwork(names=("wave",), title="The Great Wave", artist="Hokusai", year="1831", licence="public domain")


@pytest.mark.parametrize("network", ["lite", "full"])
def test_the_export_agrees_with_pytorch_and_describes_itself(network: str, photos: Path, tmp_path: Path) -> None:
    """One grey level at most on random and real frames, any size runs, and the metadata is all there."""
    path = tmp_path / f"wave-{network}.onnx"
    assert export(checkpoint_of(network, photos), ARTWORK, path, photos=real_frames(find_photos(photos))) <= 1
    session = import_onnxruntime().InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [(i.name, i.type, i.shape) for i in session.get_inputs()] == [
        ("frames", "tensor(uint8)", ["N", "H", "W", 3])
    ]
    assert [(o.name, o.type, o.shape[3]) for o in session.get_outputs()] == [("stylized", "tensor(uint8)", 3)]
    for shape in ((1, 16, 16, 3), (2, 17, 31, 3)):
        (painting,) = session.run(None, {"frames": np.zeros(shape, np.uint8)})
        assert painting.shape == shape
    facts = {p.key.removeprefix("rtstyle."): p.value for p in onnx.load(path).metadata_props}
    assert json.loads(facts["styles"]) == ["wave"]
    assert json.loads(facts["losses"]) == {"style": 1.5}
    assert (facts["contract"], facts["network"], facts["artist"], facts["steps"]) == ("1", network, "Hokusai", "7")
    assert str(photos) not in str(facts)  # no path of the maker's machine
    floats = {o for node in onnx.load(path).graph.node if node.op_type == "Conv" for o in node.output}
    assert not [n for n in onnx.load(path).graph.node if n.op_type == "Cast" and n.input[0] in floats]  # training's own


@pytest.mark.parametrize("network", ["lite", "full"])
def test_several_styles_are_one_model(network: str, photos: Path, tmp_path: Path) -> None:
    """Without weights the first style paints; the others, and mixes, paint otherwise, as PyTorch does."""
    path = tmp_path / f"two-{network}.onnx"
    artwork = Artwork(names=("wave", "udnie"), title="Two", artist="", year="", licence="")
    assert export(checkpoint_of(network, photos, styles=2), artwork, path, photos=()) <= 1
    session = import_onnxruntime().InferenceSession(path, providers=["CPUExecutionProvider"])
    frames = np.random.default_rng(0).integers(0, 256, (1, 40, 48, 3), dtype=np.uint8)

    def paint(*mix: float) -> np.ndarray:
        weights = {"style_weights": np.array(mix, np.float32)} if mix else {}
        (painting,) = session.run(None, {"frames": frames, **weights})
        return painting

    assert np.array_equal(paint(), paint(1, 0))
    assert not np.array_equal(paint(), paint(0, 1))
    assert not np.array_equal(paint(0.5, 0.5), paint(0, 1))
    with pytest.raises(UsageError, match="1 names of styles: expected 2"):
        export(checkpoint_of(network, photos, styles=2), ARTWORK, tmp_path / "x.onnx", photos=())


def test_no_two_styles_share_a_name(photos: Path, tmp_path: Path) -> None:
    """A mix by that name would take both, at twice the strength."""
    twins = Artwork(names=("wave", "wave"), title="Two", artist="", year="", licence="")
    with pytest.raises(UsageError, match="two styles are called wave: expected a --name of its own for each artwork"):
        export(checkpoint_of("lite", photos, styles=2), twins, tmp_path / "x.onnx", photos=())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a,b", "a=b"])
def test_a_style_can_be_named_in_a_mix(photos: Path, tmp_path: Path, name: str) -> None:
    """What parts a mix parts no name."""
    two = Artwork(names=("wave", name), title="Two", artist="", year="", licence="")
    expected = f"a style is called '{name}': expected a --name without , or =, which separate the styles of --mix"
    with pytest.raises(UsageError, match=expected):
        export(checkpoint_of("lite", photos, styles=2), two, tmp_path / "x.onnx", photos=())
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_no_utf_8_reach_the_metadata(photos: Path) -> None:
    """With a ? in place of each byte that is none: ONNX takes nothing else."""
    checkpoint = checkpoint_of("lite", Path("caf\udce9"))
    facts = exporting.metadata(checkpoint, ARTWORK, checkpoint.recipe.make_network(), ())
    assert facts["dataset"].startswith("caf?: ")
    assert all(value.encode() for value in facts.values() if value)


@pytest.mark.parametrize(("network", "styles"), [("lite", 1), ("full", 1), ("lite", 2)])
def test_an_exported_model_gives_its_weights_back(network: str, styles: int, photos: Path, tmp_path: Path) -> None:
    """`--init-from` reads from an .onnx the weights that went into it, those that were folded as bf16 has them."""
    path = tmp_path / "x.onnx"
    checkpoint = checkpoint_of(network, photos, styles)
    artwork = Artwork(names=("a", "b")[:styles], title="", artist="", year="", licence="")
    export(checkpoint, artwork, path, photos=())
    weights = read_weights(path)
    assert weights.keys() == checkpoint.averaged.keys()
    for name, value in checkpoint.averaged.items():
        exact = network == "full" or name != "paint.weight"
        torch.testing.assert_close(weights[name], value, rtol=0, atol=0 if exact else value.abs().max().item() / 64)
    if styles > 1:
        with pytest.raises(ModelError, match="expected a teacher of one style"):
            read_network(path)
        return
    photo = torch.randint(0, 256, (1, 40, 48, 3), dtype=torch.uint8)
    original = checkpoint.recipe.make_network().eval()
    original.load_state_dict(checkpoint.averaged)
    original.finish()
    torch.testing.assert_close(read_network(path)(photo), original(photo))


def test_a_variant_is_told_from_another_network(photos: Path, tmp_path: Path) -> None:
    """One for OpenCV keeps its weights' names but no contract: it is not a network of other options."""
    path = tmp_path / "x-float.onnx"
    export(checkpoint_of("lite", photos), ARTWORK, path, photos=())
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"rtstyle.network": "lite", "rtstyle.variant": "float"})
    onnx.save(model, path)
    with pytest.raises(ModelError, match=r"x-float.onnx: is an export of another model as float; name the original"):
        read_weights(path)


def test_a_model_that_disagrees_is_not_written(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the ONNX graph paints something else than PyTorch, there is an error and no file."""
    tracing = exporting._trace

    def trace_other_weights(network: torch.nn.Module) -> bytes:
        return tracing(make_network("lite").eval())

    monkeypatch.setattr(exporting, "_trace", trace_other_weights)
    with pytest.raises(ModelError, match="differ by"):
        export(checkpoint_of("lite", photos), ARTWORK, tmp_path / "x.onnx", photos=())
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_one_sentence(photos: Path, tmp_path: Path) -> None:
    """The model cannot be written where there is no folder."""
    with pytest.raises(SinkError, match="there is no folder"):
        export(checkpoint_of("lite", photos), ARTWORK, tmp_path / "nowhere" / "x.onnx", photos=())


def test_without_git_the_commit_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who has no git can export."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert exporting._commit() == "unknown"


def test_real_frames_cover_three_sizes_one_odd(photos: Path) -> None:
    """The check sees a single frame, a large one and an odd batch, even from few photos."""
    shapes = [frames.shape for frames in real_frames(find_photos(photos)[:1])]
    assert shapes == [(1, 240, 320, 3), (2, 480, 640, 3), (3, 117, 131, 3)]
