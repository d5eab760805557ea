from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from rtstyle.engines.onnxruntime import import_onnxruntime
from rtstyle.errors import ModelError, SinkError
from training import export as exporting
from training.checkpoint import Checkpoint, Recipe
from training.data import find_photos
from training.export import Artwork, export, real_frames
from training.nets import make_network

ARTWORK = Artwork(name="wave", title="The Great Wave", artist="Hokusai", year="1831")


def checkpoint_of(network: str, data: Path) -> Checkpoint:
    torch.manual_seed(0)
    recipe = Recipe(network=network, style_image="wave.jpg", data=str(data), steps=7)
    state = make_network(network).state_dict()
    return Checkpoint(recipe=recipe, step=7, vgg="random", network=state, optimizer={}, losses={"style": 1.5})


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


def test_real_frames_cover_three_sizes_one_odd(photos: Path) -> None:
    """The check sees a single frame, a large one and an odd batch, even from few photos."""
    shapes = [frames.shape for frames in real_frames(find_photos(photos)[:1])]
    assert shapes == [(1, 240, 320, 3), (2, 480, 640, 3), (3, 117, 131, 3)]
