from __future__ import annotations

from pathlib import Path

from rtstyle.engines import open_engine
from tests.models import make_model
from training.evaluation.cost import gflop, megapixels_a_second, parameters


def test_arithmetic_is_counted_from_the_graph(tmp_path: Path) -> None:
    """Two 3×3 convolutions, 3 → 8 → 3 channels, at 640×480: two operations for each of 432 weights a pixel."""
    model = make_model(tmp_path / "blur.onnx", kind="blur")
    assert gflop(model) == 2 * 432 * 640 * 480 / 1e9
    assert parameters(model) == 432 + 2 * 8 + 1
    assert gflop(make_model(tmp_path / "copy.onnx", kind="identity")) == 0


def test_throughput_is_timed_on_the_engine(tmp_path: Path) -> None:
    """A tiny network paints more than a megapixel a second anywhere."""
    engine = open_engine(make_model(tmp_path / "invert.onnx"), "cpu")
    assert megapixels_a_second(engine, turns=2) > 1
    engine.close()
