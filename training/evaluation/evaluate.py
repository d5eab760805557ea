"""Evaluates models on photos and clips that none of them was trained on."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from rtstyle.export.anatomy import gflop_of, parameters_of
from rtstyle.export.order import Size
from rtstyle.frames import Image
from rtstyle.perceptual import VggWeights
from rtstyle.style import load_model
from training.data import read_artwork
from training.evaluation import cost
from training.evaluation.clips import read_clip
from training.evaluation.criterion import Criterion
from training.evaluation.grid import PERIODS, flat_amplitudes, relative_scores
from training.evaluation.quality import losses, quality
from training.evaluation.report import ModelReport, Report
from training.evaluation.sharpness import sharpness
from training.evaluation.subject import Subject
from training.evaluation.warping import warping_error
from training.pictures import read_scaled, tensor

COUNTED_AT = Size(640, 480)
Pair = tuple[Image, Image]  # a painting and its photo
MODEL_UNITS = 10.0  # cost measurement, in units of one loss evaluation (for the ETA)
FRAME_UNITS = 0.2  # painting one frame of a clip, in the same units


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How thorough an evaluation is."""

    photos: int = 20
    side: int = 256  # px, short side of the photos
    iterations: int = 200  # of L-BFGS; 0: no quality ratio
    noise: bool = True  # optimise from white noise, too
    frames: int = 60  # of every clip
    clip_side: int = 360  # px, the most that a video's short side has

    @property
    def photo_units(self) -> float:
        """Evaluations of the loss to expect for the quality of one painting."""
        return self.iterations * (1.1 + 0.5 * self.noise)


THOROUGH = Settings()
QUICK = Settings(photos=4, iterations=50, noise=False, frames=24)


@dataclass(frozen=True, slots=True)
class Progress:
    """Handed to the caller as the work goes on."""

    done: float  # of 1
    eta_s: float
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the models are evaluated on."""

    photos: Sequence[Path]
    clips: Sequence[Path]
    artworks: Sequence[Path]  # one for each model, the control's last
    vgg: VggWeights


class _Work:
    """Counts evaluations of the loss, which take nearly all the time."""

    def __init__(self, total: float, progress: Callable[[Progress], None]) -> None:
        self.total = total
        self.progress = progress
        self.done = 0.0
        self.begun = time.monotonic()

    def add(self, units: float, what: str, *, most: float = math.inf) -> None:
        self.done = min(self.done + units, most, self.total)
        taken_s = time.monotonic() - self.begun
        eta_s = taken_s / self.done * (self.total - self.done)
        self.progress(Progress(self.done / self.total, eta_s, what))


def evaluate(
    subjects: Sequence[Subject],
    material: Material,
    settings: Settings = THOROUGH,
    *,
    against: Subject | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> tuple[Report, list[list[Image]]]:
    """The report, and the rows of the contact sheet: a photo and its paintings, the control's last.

    The control is measured like the models, but for its quality ratio. A KeyboardInterrupt ends it early, with what
    was measured until then, if there is anything. Raises SourceError, DeviceError.
    """
    everyone = [*subjects, *([against] if against else [])]
    clip_units = FRAME_UNITS * settings.frames * len(everyone)
    photo_units = settings.photo_units * len(subjects)
    total = MODEL_UNITS * len(everyone) + photo_units * len(material.photos) + clip_units * len(material.clips)
    work = _Work(total, progress)
    photos = [read_scaled(path, settings.side) for path in material.photos]
    for path in material.clips:  # whole they come last, and take much memory; one that cannot be read is told now
        read_clip(path, frames=min(2, settings.frames), side=settings.clip_side)
    reports: list[ModelReport] = []
    paintings: list[list[Image]] = []
    errors: dict[str, float] = {}  # the clips' own
    complete = False
    try:
        for subject, artwork in zip(everyone, material.artworks, strict=True):
            painted = [subject.paint(photo) for photo in photos]
            criterion = Criterion(material.vgg, read_artwork(artwork, subject.origin.style_size))
            pairs = list(zip(painted, photos, strict=True))
            reports.append(_introduced(subject, artwork, criterion, pairs))
            paintings.append(painted)
            work.add(MODEL_UNITS, subject.name)
            if settings.iterations and subject is not against:
                _measure_quality(reports[-1], criterion, pairs, settings, work)
        _measure_flicker(list(zip(everyone, reports, strict=True)), errors, material.clips, settings, work)
        complete = True
    except KeyboardInterrupt:
        if not reports:
            raise
    report = Report(
        complete=complete,
        side=settings.side,
        iterations=settings.iterations,
        photos=[path.name for path in material.photos],
        sharpness=_mean([sharpness(photo) for photo in photos]),
        warping_error=_mean(list(errors.values())),
        warping_errors=errors,
        models=reports[: len(subjects)],
        against=reports[-1] if against and len(reports) == len(everyone) else None,
    )
    return report, [list(row) for row in zip(photos, *paintings, strict=True)]


def _introduced(subject: Subject, artwork: Path, criterion: Criterion, pairs: Sequence[Pair]) -> ModelReport:
    """All that is measured in seconds: no optimisation, and no clip."""
    model = load_model(subject.style)
    gflop = gflop_of(model, COUNTED_AT)
    report = ModelReport(
        name=subject.name,
        network=subject.style.network,
        artwork=artwork.name,
        provider=subject.engine.name,
        parameters=int(subject.style.metadata.get("parameters", 0)) or parameters_of(model),
        gflop=math.nan if gflop is None else gflop,
        megapixels_a_second=cost.megapixels_a_second(subject.engine),
        flat=flat_amplitudes(subject.paint),
    )
    both = [losses(criterion, tensor(painting), tensor(photo)) for painting, photo in pairs]
    report.content_loss = _mean([one.content for one in both])
    report.style_loss = _mean([one.style for one in both])
    report.sharpness = _mean([sharpness(painting) for painting, _ in pairs])
    scores = [relative_scores(painting, photo) for painting, photo in pairs]
    report.grid = {period: _mean([score[period] for score in scores]) for period in PERIODS}
    return report


def _measure_quality(
    report: ModelReport, criterion: Criterion, pairs: Sequence[Pair], settings: Settings, work: _Work
) -> None:
    """Fill in the report photo by photo."""
    begun = work.done
    found = []
    for number, (painting, photo) in enumerate(pairs, start=1):
        what, end = f"{report.name}: quality, photo {number} of {len(pairs)}", begun + number * settings.photo_units
        found.append(
            quality(
                criterion,
                tensor(painting),
                tensor(photo),
                iterations=settings.iterations,
                noise=settings.noise,
                evaluated=partial(work.add, 1, what, most=end),
            )
        )
        report.quality_ratios = [one.ratio for one in found]
        report.quality_ratio = statistics.median(report.quality_ratios)
        report.evaluations_from_photo = statistics.median(one.from_photo or math.inf for one in found)
        if settings.noise:
            report.evaluations_from_noise = statistics.median(one.from_noise or math.inf for one in found)
        work.add(end - work.done, what)


def _measure_flicker(
    models: Sequence[tuple[Subject, ModelReport]],
    own: dict[str, float],
    clips: Sequence[Path],
    settings: Settings,
    work: _Work,
) -> None:
    """Fill in the models' warping errors and the clips' own, clip by clip."""
    for path in clips:
        clip = read_clip(path, frames=settings.frames, side=settings.clip_side)
        own[clip.name] = warping_error(clip.frames, clip.motions)
        for subject, report in models:
            painted = []
            for frame in clip.frames:
                painted.append(subject.paint(frame))
                work.add(FRAME_UNITS, f"{subject.name}: clip {clip.name}")
            report.warping_errors[clip.name] = warping_error(painted, clip.motions)
            report.warping_error = _mean(list(report.warping_errors.values()))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
