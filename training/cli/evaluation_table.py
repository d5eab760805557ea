"""An evaluation's report as tables: a row for each measure, a column for each model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.table import Table

from training.evaluation.report import ModelReport, Report

_COLUMN = 22  # characters: a model's widest cell and the gap after it
_OTHERS = 36  # characters: the measures' names and the column of the input


def tables_of(report: Report, width: int) -> Iterator[Table]:
    """Yield tables of as many models as fit into ``width`` characters; the JSON has the unrounded figures."""
    room = (width - _OTHERS) // _COLUMN - (report.against is not None)
    for first in range(0, len(report.models), max(room, 1)):
        yield _table(report, report.models[first : first + max(room, 1)])


def _table(report: Report, models: Sequence[ModelReport]) -> Table:
    table = Table(box=None, pad_edge=False, caption="grid over the photo's own; flat grey in levels")
    columns = [*models, *([report.against] if report.against else [])]
    for title in ("", *(model.name for model in models), *(["control"] if report.against else []), "input"):
        table.add_column(title, justify="right" if title else "left", no_wrap=not title)
    own = {"sharpness": _figure(report.sharpness), "warping error × 1000": _figure(1000 * report.warping_error)}
    for name, cell in _ROWS.items():
        cells = [cell(model) for model in columns]
        if any(cells):
            table.add_row(name, *cells, own.get(name, ""))
    for name in report.over_control(models[0]):
        ratios = [_figure(report.over_control(model)[name]) for model in models]
        table.add_row(f"{name.replace('_', ' ')} ÷ control", *ratios, "1", "")
    return table


def _figure(value: float) -> str:
    if math.isnan(value):
        return ""
    return "not reached" if math.isinf(value) else f"{value:,.4g}" if value < 1e4 else f"{value:,.0f}"  # noqa: PLR2004


def _series(values: Mapping[int, float]) -> str:
    return " ".join(f"{value:.2f}" for value in values.values())


_ROWS: dict[str, Callable[[ModelReport], str]] = {
    "network": lambda model: model.network,
    "parameters": lambda model: f"{model.parameters:,}",
    "GFLOP at 640×480": lambda model: _figure(model.gflop),
    "MP/s at 1280×720": lambda model: _figure(model.megapixels_a_second),
    "on": lambda model: model.provider,
    "content loss": lambda model: _figure(model.content_loss),
    "style loss": lambda model: _figure(model.style_loss),
    "quality ratio, median": lambda model: _figure(model.quality_ratio),
    "evaluations from the photo": lambda model: _figure(model.evaluations_from_photo),
    "evaluations from noise": lambda model: _figure(model.evaluations_from_noise),
    "sharpness": lambda model: _figure(model.sharpness),
    "warping error × 1000": lambda model: _figure(1000 * model.warping_error),
    "grid at 2, 4, 8, 16 px": lambda model: _series(model.grid),
    "flat grey at the same": lambda model: _series(model.flat),
}
