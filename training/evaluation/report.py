"""The results of an evaluation."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import chain
from pathlib import Path
from typing import Any

from rtstyle.errors import SourceError


@dataclass(slots=True, kw_only=True)
class ModelReport:
    """Of one model. Means over the photos or clips, unless a comment says otherwise."""

    name: str
    network: str
    artwork: str  # file name
    provider: str
    parameters: int
    gflop: float  # a frame of 640×480, two operations a product
    megapixels_a_second: float  # network alone, 1280×720, one frame at a time
    content_loss: float = math.nan  # unweighted, in the painting
    style_loss: float = math.nan
    sharpness: float = math.nan
    grid: dict[int, float] = field(default_factory=dict)  # by period in px, over the photo's own
    flat: dict[int, float] = field(default_factory=dict)  # by period in px, grey levels of amplitude
    quality_ratio: float = math.nan  # median
    quality_ratios: list[float] = field(default_factory=list)  # photo by photo
    evaluations_from_photo: float = math.nan  # median; infinite: in most photos not within the iterations
    evaluations_from_noise: float = math.nan
    warping_error: float = math.nan
    warping_errors: dict[str, float] = field(default_factory=dict)  # by clip


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Of all models, on the same photos and clips."""

    complete: bool  # it was not stopped
    side: int  # px, the photos' short side
    iterations: int  # of L-BFGS
    photos: list[str]
    sharpness: float  # the photos' own
    warping_error: float  # the clips' own
    warping_errors: dict[str, float]
    models: list[ModelReport]
    against: ModelReport | None

    def over_control(self, model: ModelReport) -> dict[str, float]:
        """The model's figures as multiples of the control's; empty without one."""
        if self.against is None:
            return {}
        names = ("warping_error", "content_loss", "style_loss", "sharpness")
        control = {name: getattr(self.against, name) for name in names}
        return {name: getattr(model, name) / figure for name, figure in control.items() if figure}

    def line(self) -> str:
        """One JSON object in one line; what was not measured is null."""
        models = [{**asdict(model), "over_control": self.over_control(model)} for model in self.models]
        return json.dumps(_plain({**asdict(self), "models": models}), allow_nan=False)


def read_evaluation(path: Path, name: str) -> list[dict[str, Any]]:
    """What the line of JSON in ``path`` says of each style of the model of this name, and of the photos.

    Raises SourceError.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        models = [model for model in report["models"] if model["name"].partition(":")[0] == name]
        material = {"side": report["side"], "photos": len(report["photos"]), "clips": len(report["warping_errors"])}
        if not all(isinstance(figure, int | float) for figure in (report["side"], *chain(*map(_figures, models)))):
            raise TypeError("expected numbers")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"{path}: expected the JSON of `python -m training evaluate`, got another file") from error
    if not models:
        raise SourceError(f"{path}: says nothing about {name}; evaluate it with --json-out")
    of_the_occasion = ("quality_ratios", "warping_errors", "provider", "megapixels_a_second", "over_control")
    return [{key: value for key, value in model.items() if key not in of_the_occasion} | material for model in models]


def _figures(model: Mapping[str, Any]) -> Iterator[object]:
    """What was measured, as a catalogue tells it."""
    yield from model["grid"].values()
    yield from model.get("flat", {}).values()
    yield from (model[f.name] for f in fields(ModelReport) if f.type == "float" and model.get(f.name) is not None)


def _plain(value: object) -> object:
    """Five digits are plenty; infinite and missing numbers are null, since JSON knows neither."""
    if isinstance(value, float):
        return float(f"{value:.5g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
