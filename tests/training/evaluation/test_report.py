from __future__ import annotations

import json
import math

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
