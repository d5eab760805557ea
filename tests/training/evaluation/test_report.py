from __future__ import annotations

import io
import json
import math
from dataclasses import replace

import pytest
from rich.console import Console

from training.cli.evaluation_table import tables_of
from training.evaluation.report import ModelReport, Report


def model(**figures) -> ModelReport:
    facts = {"artwork": "sea.jpg", "provider": "CPU", "parameters": 7, "gflop": 1.5, "megapixels_a_second": 30.0}
    return ModelReport(name="sea", network="lite", **facts, **figures)


def report(models: list[ModelReport], against: ModelReport | None = None) -> Report:
    own = {"sharpness": 5.0, "warping_error": math.nan, "warping_errors": {}}
    return Report(complete=True, side=256, iterations=200, photos=["a.jpg"], **own, models=models, against=against)


def test_the_json_is_one_line_that_any_program_reads() -> None:
    """No NaN and no Infinity, which JSON does not know, and no line break."""
    line = report([model(evaluations_from_noise=math.inf, grid={8: 1.123456789})]).line()
    assert "\n" not in line

    def refuse(name: str) -> None:
        raise AssertionError(name)

    (told,) = json.loads(line, parse_constant=refuse)["models"]
    assert (told["evaluations_from_noise"], told["warping_error"], told["grid"]) == (None, None, {"8": 1.1235})
    assert told["over_control"] == {}


def test_a_control_is_divided_by() -> None:
    """Half the control's flicker at nine tenths of its sharpness."""
    figures = {"content_loss": 1.0, "style_loss": 2.0}
    steady = model(warping_error=0.001, sharpness=9.0, **figures)
    control = model(warping_error=0.002, sharpness=10.0, **figures)
    (told,) = json.loads(report([steady], control).line())["models"]
    assert told["over_control"] == {"warping_error": 0.5, "content_loss": 1, "style_loss": 1, "sharpness": 0.9}


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize("against", [None, model(warping_error=0.1)])
def test_no_figure_is_cut(width: int, against: ModelReport | None) -> None:
    """Eight models do not fit into one table on a screen of 80 columns: there are several."""
    many = [
        replace(
            model(style_loss=10_001.0 + i, warping_error=0.1),
            provider="OpenVINO CPU int8 and bf16",
            grid=dict.fromkeys((2, 4, 8, 16), 1.0),
        )
        for i in range(8)
    ]
    text = io.StringIO()
    Console(file=text, width=max(width, 80)).print(*tables_of(report(many, against), width), sep="\n")
    assert "…" not in text.getvalue()
    assert all(f"{10_001 + i:,}" in text.getvalue() for i in range(8))
    assert text.getvalue().count("1.00 1.00 1.00 1.00") == 8
