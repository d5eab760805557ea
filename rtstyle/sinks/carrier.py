"""Carries the streams that are not painted into a file: as packets where it can hold them, else converted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import av
import av.error
from av.audio.stream import AudioStream
from av.codec.codec import Properties
from av.stream import Disposition

from rtstyle.errors import SinkError
from rtstyle.frames import is_cover
from rtstyle.sinks.carried import Carried, Copied, Cover, Sound, Text, codec_name, named, own_words
from rtstyle.sinks.encoding import MUXERS
from rtstyle.sinks.languages import spelt
from rtstyle.sinks.layouts import has_own_order, layout_of, mixes, same_layouts

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.stream import Stream

_SOUND = {".mkv": "flac", ".webm": "libopus"}  # what sound becomes that cannot stay as it is; elsewhere AAC
_TEXT = {".mkv": "srt", ".webm": "webvtt"}  # what subtitles become; elsewhere mov_text
_DATA_FROM = {"mov,mp4,m4a,3gp,3g2,mj2"}  # of all others FFmpeg forgets what they mean
TIMECODE = "timecode"  # the tag by which FFmpeg reads and writes it
# MP4 has PCM since ISO 23003-5 (2020), which few players know: FFmpeg 5 takes 24 bits for 16, and plays noise.
_ISO = {".mp4", ".m4v"}
_PCM = "pcm_"
_APPLE_LOSSLESS = "alac"  # what lossless sound becomes elsewhere
_BITMAPS = {"dvdsub", "dvd_subtitle", "pgssub", "hdmv_pgs_subtitle", "dvbsub", "dvb_subtitle", "xsub"}


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to a stream in a file with a given extension."""

    kind: Literal["copy", "convert", "leave", "tag"]  # tag: of the video; becomes what the container has for it
    codec: str = ""  # what it is converted to
    layout: str = ""  # of sound that is converted
    mixed: bool = False  # whether the layout is another than the input's
    reason: str = ""  # why it is left behind

    @property
    def is_change(self) -> bool:
        """Whether the output will not have what the input has."""
        return self.kind in {"convert", "leave"}

    def words(self, stream: Stream) -> str:
        """One phrase for people."""
        ends = {
            "copy": "is copied",
            "convert": f"is converted to {self.codec}",
            "mix": f"is converted to {self.codec}, its channels mixed to {self.layout}",
            "leave": f"is left out: {self.reason}",
            "tag": f"is the timecode {stream.metadata.get(TIMECODE)} of the video, which is kept",
        }
        return f"{named(stream)} {ends['mix' if self.mixed else self.kind]}"


def fate_of(stream: Stream, suffix: str) -> Fate:
    """Ask FFmpeg whether a file with this extension can hold the stream, and decide."""
    suffix = suffix.lower()
    special = _fate_of_extras(stream, suffix)
    if special is not None:
        return special
    if suffix in _ISO and isinstance(stream, AudioStream) and codec_name(stream).startswith(_PCM):
        return _fate_of_sound(stream, suffix)
    return Fate("copy") if _can_hold(suffix, stream) else _other_fate(stream, suffix)


def _fate_of_extras(stream: Stream, suffix: str) -> Fate | None:
    """Covers, attachments, data and sound that is not there; None for what FFmpeg is to be asked about."""
    if isinstance(stream, AudioStream) and not (stream.sample_rate and layout_of(stream.codec_context).nb_channels):
        return Fate("leave", reason="no packet at the beginning of the film says what kind of sound it is")
    if stream.type == "attachment":
        return Fate("copy") if suffix == ".mkv" else Fate("leave", reason="only .mkv holds attachments")
    if stream.type == "data" and TIMECODE in stream.metadata:
        return Fate("tag")
    if stream.type == "data" and stream.container.format.name not in _DATA_FROM:
        return Fate("leave", reason="data are only carried from .mp4 and .mov")
    if not is_cover(stream) or suffix in _ISO:
        return None
    return _fate_of_cover(stream, suffix)


def _fate_of_cover(stream: Stream, suffix: str) -> Fate:
    source = Path(stream.container.name)
    if suffix != ".mkv":
        return Fate("leave", reason="covers are only written into .mp4 and .mkv")
    if source.exists() and not source.is_file():
        return Fate(
            "leave", reason=".mkv stores covers before the film, and a pipe delivers them too late; read from a file"
        )
    return Fate("copy")


def carry(container: OutputContainer, stream: Stream, suffix: str) -> Carried | None:
    """Add what becomes of ``stream`` to the container; None where it stays behind. Raises SinkError."""
    fate = fate_of(stream, suffix)
    if fate.kind in {"leave", "tag"}:
        return None
    try:
        carried: Carried
        if fate.kind == "copy":
            carried = (Cover if suffix == ".mkv" and is_cover(stream) else Copied)(container, stream)
        elif stream.type == "audio":
            carried = Sound(container, stream, fate.codec, fate.layout)
        else:
            carried = Text(container, stream, fate.codec)
    except (av.error.FFmpegError, ValueError) as error:
        raise SinkError(f"{suffix} cannot hold stream {stream.index} ({codec_name(stream)}): {error}") from error
    carried.stream.metadata.update(spelt(own_words(stream.metadata), suffix))
    carried.stream.disposition = Disposition(int(stream.disposition))
    return carried


def _can_hold(suffix: str, stream: Stream) -> bool:
    """Write a header for real: of some codecs FFmpeg says that a container holds them, and then fails."""
    file = BytesIO()
    scratch = av.open(file, "w", format=MUXERS[suffix])
    try:
        copied = Copied(scratch, stream)
        scratch.start_encoding()
        if stream.type == "data":
            _write_something(scratch, copied)
    except (av.error.FFmpegError, ValueError):
        return False
    finally:
        with suppress(av.error.FFmpegError):  # some want packets before the trailer
            scratch.close()
    if stream.type != "data":
        return True
    file.seek(0)
    with av.open(file) as again:  # of some data nothing is left but a header
        return bool(again.streams.data)


def _write_something(container: OutputContainer, copied: Copied) -> None:
    packet = av.Packet(b"something")
    packet.time_base = Fraction(1, 1000)
    packet.pts = packet.dts = 0
    packet.duration = 1
    container.mux(list(copied.packets(packet)))


def _other_fate(stream: Stream, suffix: str) -> Fate:
    if isinstance(stream, AudioStream):
        return _fate_of_sound(stream, suffix)
    if stream.type == "subtitle" and codec_name(stream) not in _BITMAPS:
        return Fate("convert", _TEXT.get(suffix, "mov_text"))
    hint = "" if suffix == ".mkv" or stream.type == "data" else "; .mkv can"
    return Fate("leave", reason=f"{suffix} cannot hold it{hint}")


def _fate_of_sound(stream: AudioStream, suffix: str) -> Fate:
    """The first codec that takes all channels as they are, else whichever takes the most of them, mixed."""
    context = stream.codec_context
    if has_own_order(layout := layout_of(context)):
        return Fate(
            "leave", reason=f"{suffix} cannot hold it, and its channel order ({layout.name}) cannot be converted"
        )
    codecs = [*dict.fromkeys((_SOUND.get(suffix, _APPLE_LOSSLESS if _is_lossless(stream) else "aac"), "aac"))]
    whole = [Fate("convert", codec, layout) for codec in codecs for layout in same_layouts(context)]
    mixed = [Fate("convert", codec, layout, mixed=True) for layout in mixes(context) for codec in codecs]
    for fate in (*whole, *mixed):
        if _can_encode(suffix, stream, fate):
            return fate
    return Fate(
        "leave", reason=f"no encoder for {suffix} takes its channels ({layout.name}); tried: {', '.join(codecs)}"
    )


def _can_encode(suffix: str, stream: Stream, fate: Fate) -> bool:
    """Open the encoder and write a header for real."""
    scratch = av.open(BytesIO(), "w", format=MUXERS[suffix])
    try:
        Sound(scratch, stream, fate.codec, fate.layout).try_mixing()
        scratch.start_encoding()
    except (av.error.FFmpegError, ValueError):
        return False
    finally:
        with suppress(av.error.FFmpegError):
            scratch.close()
    return True


def _is_lossless(stream: Stream) -> bool:
    properties = Properties(stream.codec_context.codec.properties)
    return Properties.LOSSLESS in properties and Properties.LOSSY not in properties


def kind_of(stream: Stream) -> str:
    """A stream's type; covers are attachments in some containers and streams in others, and so one kind with them."""
    return "attachment" if is_cover(stream) else str(stream.type)
