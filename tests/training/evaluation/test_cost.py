from __future__ import annotations

from pathlib import Path

import onnx

from rtstyle.engines import open_engine
from rtstyle.export.anatomy import gflop_of, parameters_of
from rtstyle.export.order import Size
from tests.models import make_model
from training.evaluation.cost import megapixels_a_second


def test_arithmetic_is_counted_from_the_graph(tmp_path: Path) -> None:
    """Two 3×3 convolutions, 3 → 8 → 3 channels, at 640×480: two operations for each of 432 weights a pixel."""
    model = onnx.load(make_model(tmp_path / "blur.onnx", kind="blur"))
    assert gflop_of(model, Size(640, 480)) == 2 * 432 * 640 * 480 / 1e9
    assert parameters_of(model) == 432 + 2 * 8 + 1
    assert gflop_of(onnx.load(make_model(tmp_path / "copy.onnx", kind="identity")), Size(640, 480)) == 0


def test_throughput_is_timed_on_the_engine(tmp_path: Path) -> None:
    """A tiny network paints more than a megapixel a second anywhere."""
    engine = open_engine(make_model(tmp_path / "invert.onnx"), "cpu")
    assert megapixels_a_second(engine, turns=2) > 1
    engine.close()
