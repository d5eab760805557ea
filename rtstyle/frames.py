"""The nouns that travel down the pipeline: frames, packets, batches and the format of a video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import av.stream
    from av.container.core import Chapter
    from av.video.frame import VideoFrame

BT709 = 1  # AVCOL_SPC_BT709
SMPTE170M = 6  # AVCOL_SPC_SMPTE170M, BT.601
SWS_MATRIX = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}  # AVCOL_SPC_* to SWS_CS_*, as far as swscale converts
ALPHA_MODE = "alpha_mode"  # Matroska's word, a tag for FFmpeg, for pictures that have transparent places
_STILL_S = Fraction(1, 10)  # a picture that stays longer than this after a part begins is in it
_HD_WIDTH, _SD_HEIGHT = 1280, 576  # as in mpv's mp_csp_guess_colorspace

Images = NDArray[np.uint8]  # (N, H, W, 3) RGB
Image = NDArray[np.uint8]  # (H, W, 3) RGB
I420 = NDArray[np.uint8]  # (3/2 H, W) YUV in 4:2:0: H lines of Y, then all U, then all V


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture and the moment it belongs to."""

    image: Image | I420  # upright; planes only just before an encoding sink
    time: Fraction  # seconds from the start of the stream, exact
    duration: Fraction | None = None  # seconds
    captions: VideoFrame | None = None  # closed captions; see captions.py
    captured: float | None = None  # time.perf_counter() when a live source captured it


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """A compressed packet of another stream (sound, subtitles); it bypasses the stages untouched."""

    packet: av.Packet[av.stream.Stream]


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a video, in seconds on its own clock, as a player shows it."""

    start: Fraction = Fraction(0)
    duration: Fraction | None = None  # None: to the end

    @property
    def end(self) -> Fraction | None:
        """Where it ends; None: where the video does."""
        return None if self.duration is None else self.start + self.duration

    def shows(self, first: Fraction, until: Fraction) -> bool:
        """Whether a picture that is on screen between those seconds is in it: begins there, or stays for a while."""
        is_over = self.end is not None and first >= self.end
        return not is_over and (first >= self.start or until - self.start > _STILL_S)

    def why_empty(self, start: Fraction, end: Fraction) -> str:
        """Why it contains nothing of a video that lasts from ``start`` to ``end`` (0: unknown), in seconds."""
        if 0 < end <= self.start:
            return f"expected --start before its end at {float(end):g} s, got {float(self.start):g} s"
        if self.end is not None and self.end <= start:
            return f"expected a part that ends after {float(start):g} s, where it begins, got {float(self.end):g} s"
        return "has a video stream, but no frame in that part"


@dataclass(frozen=True, slots=True)
class Color:
    """What the RGB values mean, and how the stream encoded them.

    In FFmpeg's numbers (AVColorRange, AVColorSpace, ...); 2 (0 for the range): unspecified.
    """

    range: int = 0
    matrix: int = 2
    primaries: int = 2
    transfer: int = 2

    def matrix_for(self, width: int, height: int) -> int:
        """The matrix between RGB and YUV: the stream's own, or the one that players assume for this size."""
        if self.matrix in SWS_MATRIX:
            return self.matrix
        return BT709 if width >= _HD_WIDTH or height > _SD_HEIGHT else SMPTE170M


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFormat:
    """What a sink must know before the first frame."""

    width: int  # pixels, upright
    height: int  # pixels, upright
    rate: Fraction | None  # frames/s, exact, as in 30000/1001; None: variable or unknown
    time_base: Fraction = Fraction(1, 90_000)  # seconds
    start: Fraction = Fraction(0)  # seconds, where the source's own clock stood at time 0
    sample_aspect: Fraction = Fraction(1)
    color: Color = Color()
    live: bool = False  # a live source drops late frames; a file loses none
    frames: int | None = None  # as the container promises, which may be wrong
    streams: tuple[av.stream.Stream, ...] = ()  # whose packets travel along, to be copied
    metadata: Mapping[str, str] = field(default_factory=dict)  # title, artist, ...
    stream_metadata: Mapping[str, str] = field(default_factory=dict)  # the video stream's own: language, title, ...
    disposition: int = 0  # the video stream's; FFmpeg's AV_DISPOSITION_*
    chapters: tuple[Chapter, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Consecutive frames on their way through the stages."""

    content: Images  # (N, H, W, 3) uint8 RGB, what the source gave
    images: Images  # (N, H, W, 3) uint8 RGB, as painted so far; the last stage may give (N, 3/2 H, W) I420
    times: Sequence[Fraction]  # N, seconds

    def __len__(self) -> int:
        return len(self.times)


def is_cover(stream: av.stream.Stream) -> bool:
    """Whether a stream is a single picture, the file's cover."""
    from av.stream import Disposition

    return stream.type == "video" and bool(stream.disposition & Disposition.attached_pic)
