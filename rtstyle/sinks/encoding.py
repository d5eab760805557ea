"""How pictures are compressed: codec, quality and the program or chip that does it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from typing import get_args

import av
import av.codec.codec
import av.codec.hwaccel
import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from rtstyle import choices
from rtstyle.errors import DeviceError, SinkError, UsageError, reason_of

_log = logging.getLogger("rtstyle")

MUXERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
CODECS, ENCODERS = get_args(choices.Codec), get_args(choices.Encoder)


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the caller asks for; None: what suits the rest."""

    codec: str | None = None  # one of CODECS; VP9 in .webm, else H.264
    crf: int | None = None  # quality, lower is better; the codec's own scale
    preset: str | None = None  # the encoder's own word or number for speed
    bitrate: int | None = None  # bits/s, in place of crf
    encoder: str = choices.ENCODER  # one of ENCODERS

    def __post_init__(self) -> None:
        """Raise UsageError for what no encoder knows."""
        for name, value, allowed in (("codec", self.codec, (None, *CODECS)), ("encoder", self.encoder, ENCODERS)):
            if value not in allowed:
                raise UsageError(f"{name}: expected one of {', '.join(filter(None, allowed))}, got {value}")
        if self.bitrate is not None and self.bitrate < 1:
            raise UsageError(f"bitrate: expected bits a second, got {self.bitrate}")
        if self.crf is not None and self.bitrate is not None:
            raise UsageError("crf and bitrate: expected one of them, got both")


USUAL = Encoding()


@dataclass(frozen=True, slots=True)
class Encoder:
    """One of FFmpeg's encoders with its options."""

    name: str  # libx264, h264_nvenc, ...
    options: Mapping[str, str]
    bit_rate: int = 0
    pix_fmt: str = "yuv420p"
    odd_pix_fmt: str = "yuv444p"  # for widths and heights that are odd

    def pix_fmt_for(self, width: int, height: int) -> str:
        """The pixel format that loses no line."""
        return self.odd_pix_fmt if width % 2 or height % 2 else self.pix_fmt


@dataclass(frozen=True, slots=True)
class _Software:
    name: str
    quality: int  # the default crf
    speed: tuple[str, str]  # the option that sets the speed, and its default
    speeds: Sequence[str]  # all that it takes
    more: Mapping[str, str]
    odd_pix_fmt: str = "yuv444p"


_WORDS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo")
_PRESETS = [*_WORDS, *map(str, range(len(_WORDS)))]
_X265_NARROW = 48  # pixels; with frames that are no wider x265 writes beyond its memory
# It would write its options and the CPU's into the header, and segments from another machine would not join.
_X265 = {"x265-params": "log-level=error:info=0"}
# crf 20: paint strokes are fine detail everywhere, which x264's default 23 smears; the others alike.
_SOFTWARE = {
    "h264": _Software("libx264", 20, ("preset", "superfast"), _PRESETS, {}),
    "hevc": _Software("libx265", 23, ("preset", "veryfast"), _PRESETS, _X265),
    "av1": _Software("libsvtav1", 30, ("preset", "8"), [*map(str, range(-2, 14))], {}, "yuv420p"),
    "vp9": _Software(
        "libvpx-vp9",
        31,
        ("cpu-used", "7"),
        [*map(str, range(-8, 9))],
        {"deadline": "realtime", "row-mt": "1"},
        "yuv420p",
    ),
}
_HARDWARE = {  # the option that means quality, its default for H.264, and what else is needed
    "nvenc": ("cq", 23, {"rc": "vbr"}),
    "videotoolbox": ("global_quality", 65, {"flags": "+qscale"}),
    "qsv": ("global_quality", 23, {}),
    "vaapi": ("qp", 23, {"rc_mode": "CQP"}),
}
_CHIPS = ("videotoolbox",) if sys.platform == "darwin" else ("nvenc", "qsv", "vaapi")


def parse_bitrate(text: str) -> int:
    """Read ``800k``, ``4M`` or ``64000`` as bits a second. Raises UsageError."""
    number, unit = (text[:-1], text[-1].lower()) if text[-1:].isalpha() else (text, "")
    try:
        return round(float(number) * {"": 1, "k": 1_000, "m": 1_000_000}[unit])
    except (ValueError, KeyError, OverflowError):
        raise UsageError(f"{text}: expected a bit rate as in 800k or 4M") from None


def choose_encoder(encoding: Encoding, suffix: str, width: int, height: int) -> Encoder:
    """Pick the encoder for frames of this size in a file with this extension.

    A hardware encoder is trusted once it has encoded a frame. With ``auto`` the first that does is
    used, or software, with one line that says why, if none does. Raises DeviceError if a
    particular one does not, SinkError for a codec that the container cannot hold or that cannot code
    frames so narrow, UsageError for a preset, a crf or a bit rate that the encoder refuses.
    """
    codec = encoding.codec or ("vp9" if suffix.lower() == ".webm" else "h264")
    _check_container(codec, suffix)
    if encoding.encoder == "software":
        software = _software(codec, encoding, width)
        asked = encoding.bitrate is not None or encoding.crf is not None
        if asked and (reason := try_encoder(software, width, height)) is not None:
            name, got = ("crf", encoding.crf) if encoding.bitrate is None else ("bitrate", f"{encoding.bitrate} bits/s")
            raise UsageError(f"{name}: {software.name} does not accept {got} ({reason}); give another value")
        return software
    reasons = []
    for chip in _CHIPS if encoding.encoder == "auto" else (encoding.encoder,):
        encoder = _hardware(codec, chip, encoding)
        reason = try_encoder(encoder, width, height)
        if reason is None:
            return encoder
        reasons.append(f"{encoder.name}: {reason}")
    if encoding.encoder != "auto":
        raise DeviceError(f"{'; '.join(reasons)}; use --encoder auto or software")
    software = _software(codec, encoding, width)
    _log.warning("no hardware encoder is available (%s); encoding with %s", "; ".join(reasons), software.name)
    return software


def try_encoder(encoder: Encoder, width: int, height: int) -> str | None:
    """Code one grey frame for real; None if a packet came out, else the reason."""
    try:
        context = av.CodecContext.create(encoder.name, "w", hwaccel_for(encoder.name))
        if not isinstance(context, VideoCodecContext):
            raise TypeError(f"{encoder.name}: expected a video encoder")
        context.width, context.height, context.pix_fmt = width, height, encoder.pix_fmt_for(width, height)
        context.time_base, context.bit_rate = Fraction(1, 25), encoder.bit_rate
        context.options = dict(encoder.options)
        grey = VideoFrame.from_ndarray(np.full((height, width, 3), 128, np.uint8), "rgb24")
        frame = grey.reformat(format=encoder.pix_fmt_for(width, height))
        frame.pts = 0
        return None if [*context.encode(frame), *context.encode(None)] else "gives no packet"
    except av.codec.codec.UnknownCodecError:
        return "not in this build of FFmpeg"
    except (av.error.FFmpegError, ValueError, NotImplementedError, RuntimeError) as error:
        return reason_of(error)


def hwaccel_for(name: str) -> av.codec.hwaccel.HWAccel | None:
    """What PyAV must be given so that the encoder takes frames from ordinary memory."""
    return av.codec.hwaccel.HWAccel(device_type="vaapi") if name.endswith("_vaapi") else None


def _software(codec: str, encoding: Encoding, width: int) -> Encoder:
    if codec == "hevc" and width <= _X265_NARROW:
        raise SinkError(f"libx265 expects frames wider than {_X265_NARROW} pixels, got {width}; use --codec h264")
    if codec == "av1":
        os.environ.setdefault("SVT_LOG", "0")  # SVT-AV1 prints its whole configuration, and knows no other way
    plain = _SOFTWARE[codec]
    option, speed = plain.speed
    if encoding.preset is not None and encoding.preset not in plain.speeds:  # x264 would print an error
        raise UsageError(f"preset: {plain.name} expects one of {', '.join(plain.speeds)}, got {encoding.preset}")
    options = {option: encoding.preset or speed, **plain.more}
    if encoding.bitrate is None:
        options["crf"] = str(plain.quality if encoding.crf is None else encoding.crf)
        if codec == "vp9":
            options["b"] = "0"
    return Encoder(plain.name, options, encoding.bitrate or 0, odd_pix_fmt=plain.odd_pix_fmt)


def _hardware(codec: str, chip: str, encoding: Encoding) -> Encoder:
    option, quality, more = _HARDWARE[chip]
    options = {**more} if encoding.bitrate is None else {}
    if encoding.bitrate is None:
        options[option] = str(quality if encoding.crf is None else encoding.crf)
    if encoding.preset is not None:
        options["preset"] = encoding.preset
    return Encoder(f"{codec}_{chip}", options, encoding.bitrate or 0)


def _check_container(codec: str, suffix: str) -> None:
    holders = [name for name in MUXERS if codec in _codecs_of(name)]
    if suffix.lower() not in holders:
        raise SinkError(f"{suffix} cannot hold {codec}; expected a name that ends in {', '.join(holders)}")


def _codecs_of(suffix: str) -> Iterator[str]:
    with av.open(BytesIO(), "w", format=MUXERS[suffix]) as container:
        known = container.supported_codecs
    refused = {".mov": {"vp9", "av1"}}.get(suffix, set())  # FFmpeg says yes, and then fails
    yield from (codec for codec in CODECS if _SOFTWARE[codec].name in known and codec not in refused)
