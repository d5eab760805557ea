"""What a film keeps, how it is coded, and what happens when something goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import get_args

from rtstyle.choices import DECODER, ON_ERROR, Decoder, OnError
from rtstyle.errors import UsageError
from rtstyle.jobs.defaults import PRECISION, SEGMENT
from rtstyle.jobs.paint_options import PaintOptions
from rtstyle.sinks.encoding import USUAL, Encoding
from rtstyle.sources.streams import ALL, Keep
from rtstyle.twin import check_precision


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmOptions(PaintOptions):
    """Everything about a film but its style. Raises UsageError for impossible values."""

    steady: bool = False  # averaged along the motion, from frame to frame
    crossfade: Fraction = Fraction(0)  # seconds, from one style to the next
    precision: str = PRECISION  # auto: in 8 bits where that is faster; full: as the model is
    encoding: Encoding = USUAL
    keep: Keep = ALL
    start: Fraction = Fraction(0)  # seconds, where the part begins that is wanted
    duration: Fraction | None = None  # seconds; None: to the end
    rate: Fraction | None = None  # frames a second of numbered pictures; None: 25
    decoder: Decoder = DECODER  # auto: NVDEC if it decodes the film; nvdec: NVDEC or an error
    on_error: OnError = ON_ERROR  # what to do with a file that cannot be read in the middle
    resume: bool = False  # go on with what an interrupted run left
    segment: int = SEGMENT  # frames that a kill loses at most
    preview: Fraction | None = None  # seconds from the middle, beside the original

    def __post_init__(self) -> None:
        PaintOptions.__post_init__(self)  # slots make a new class, and `super()` means the old one
        if self.start < 0:
            raise UsageError(f"start: expected 0 s or more, got {float(self.start):g}")
        for name, length in (("duration", self.duration), ("preview", self.preview)):
            if length is not None and length <= 0:
                raise UsageError(f"{name}: expected more than 0 s, got {float(length):g}")
        if self.preview is not None and (self.start or self.duration is not None):
            raise UsageError("preview: takes its part from the middle; expected no start and no duration beside it")
        if self.rate is not None and self.rate <= 0:
            raise UsageError(f"rate: expected more than 0 frames a second, got {self.rate}")
        if self.segment < 1:
            raise UsageError(f"segment: expected 1 frame or more, got {self.segment}")
        for name, kind in (("decoder", Decoder), ("on_error", OnError)):
            if (value := getattr(self, name)) not in get_args(kind):
                raise UsageError(f"{name}: expected one of {', '.join(get_args(kind))}, got {value}")
        check_precision(self.precision)


PLAIN = FilmOptions()
