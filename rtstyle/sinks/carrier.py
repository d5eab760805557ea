"""Carries the streams that are not painted into a file: as packets where it can hold them, else converted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import av
import av.error
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.stream import Disposition

from rtstyle.errors import SinkError
from rtstyle.sinks.encoding import MUXERS

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.container import OutputContainer
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream

_SOUND = {".mkv": "flac", ".webm": "libopus"}  # what sound becomes that cannot stay as it is; elsewhere AAC
_TEXT = {".mkv": "srt", ".webm": "webvtt"}  # what subtitles become; elsewhere mov_text
_BITS_PER_CHANNEL = 128_000
_OPUS_HZ = 48_000
_PICTURES = {"mjpeg": "jpg"}  # endings of cover pictures, where they are not the codec's name
_BITMAPS = {"dvdsub", "dvd_subtitle", "pgssub", "hdmv_pgs_subtitle", "dvbsub", "dvb_subtitle", "xsub"}


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a stream in a file with a certain ending."""

    kind: str  # copy, convert, leave
    codec: str = ""  # what it is converted to
    reason: str = ""  # why it is left behind

    def words(self, stream: Stream) -> str:
        """One phrase for people."""
        what = f"stream {stream.index} ({stream.type}, {codec_name(stream)})"
        if self.kind == "copy":
            return f"{what} is copied"
        return (
            f"{what} is converted to {self.codec}" if self.kind == "convert" else f"{what} is left out: {self.reason}"
        )


def fate_of(stream: Stream, suffix: str) -> Fate:
    """Ask FFmpeg whether a file with this ending can hold the stream, and decide."""
    suffix = suffix.lower()
    if suffix == ".mkv" and is_cover(stream):
        return Fate("copy")
    if suffix == ".mov" and is_cover(stream):
        return Fate("leave", reason="FFmpeg writes covers into .mp4 and .mkv alone")
    if stream.type == "attachment":
        return Fate("copy") if suffix == ".mkv" else Fate("leave", reason="only .mkv holds attachments")
    with av.open(BytesIO(), "w", format=MUXERS[suffix]) as scratch:
        try:
            scratch.add_stream_from_template(stream, opaque=True)
        except ValueError:
            return _other_fate(stream, suffix)
    return Fate("copy")


def carry(container: OutputContainer, stream: Stream, suffix: str) -> Carried | None:
    """Add what becomes of ``stream`` to the container; None where it stays behind. Raises SinkError."""
    fate = fate_of(stream, suffix)
    if fate.kind == "leave":
        return None
    try:
        carried: Carried
        if fate.kind == "copy":
            carried = (Cover if suffix == ".mkv" and is_cover(stream) else Copied)(container, stream)
        else:
            carried = (Sound if stream.type == "audio" else Text)(container, stream, fate.codec)
    except (av.error.FFmpegError, ValueError) as error:
        raise SinkError(f"{suffix} cannot hold stream {stream.index} ({codec_name(stream)}): {error}") from error
    carried.stream.metadata.update(_tags(stream))
    carried.stream.disposition = Disposition(int(stream.disposition))
    return carried


class Copied:
    """A stream whose packets are passed on, bit for bit."""

    def __init__(self, container: OutputContainer, template: Stream) -> None:
        self.stream: Stream = container.add_stream_from_template(template, opaque=True)
        if isinstance(self.stream, AudioStream):  # some files tell the number of channels only, and MP4 wants more
            self.stream.codec_context.layout = _layout(self.stream.codec_context)

    def packets(self, packet: av.Packet[Any]) -> Iterator[av.Packet[Any]]:
        packet.stream = self.stream
        yield packet

    def flush(self) -> Iterator[av.Packet[Any]]:
        """Nothing is held."""
        yield from ()


class Cover:
    """A cover picture, which Matroska has as an attachment and not as a stream."""

    def __init__(self, container: OutputContainer, template: Stream) -> None:
        with av.open(template.container.name) as again:  # the picture must be there before the header is written
            data = next((bytes(p) for p in again.demux(again.streams[template.index]) if p.size), b"")
        kind = _PICTURES.get(codec_name(template), codec_name(template))
        name = template.metadata.get("filename", f"cover.{kind}")
        mime = template.metadata.get("mimetype", f"image/{'jpeg' if kind == 'jpg' else kind}")
        self.stream: Stream = container.add_attachment(name, mime, data)

    def packets(self, packet: av.Packet[Any]) -> Iterator[av.Packet[Any]]:
        """It is in the header."""
        del packet
        yield from ()

    def flush(self) -> Iterator[av.Packet[Any]]:
        """Nothing is held."""
        yield from ()


class Sound:
    """A sound track decoded, and encoded as something that the container holds."""

    def __init__(self, container: OutputContainer, template: Stream, codec: str) -> None:
        if not isinstance(template, AudioStream):
            raise TypeError("expected a sound track")
        self._decoder = template.codec_context
        rate = _OPUS_HZ if codec == "libopus" else self._decoder.sample_rate
        stream = container.add_stream(codec, rate=rate)
        if not isinstance(stream, AudioStream):
            raise TypeError(f"{codec}: expected a sound encoder")
        self.stream = stream
        self._encoder = stream.codec_context
        self._encoder.layout = _layout(self._decoder)
        self._encoder.bit_rate = _BITS_PER_CHANNEL * self._decoder.layout.nb_channels
        self._resampler: AudioResampler | None = None

    def packets(self, packet: av.Packet[Any]) -> Iterator[av.Packet[Any]]:
        base = packet.time_base
        for frame in self._decoder.decode(packet):
            frame.time_base = frame.time_base or base
            if self._resampler is None:
                self._encoder.open(strict=False)
                self._resampler = AudioResampler(
                    self._encoder.format, self._encoder.layout, self._encoder.sample_rate, self._encoder.frame_size
                )
            for part in self._resampler.resample(frame):
                yield from self._mine(self._encoder.encode(part))

    def flush(self) -> Iterator[av.Packet[Any]]:
        """The end, which is in the decoder, the resampler and the encoder."""
        if self._resampler is not None:
            for part in [*self._resampler.resample(None)]:
                yield from self._mine(self._encoder.encode(part))
            yield from self._mine(self._encoder.encode(None))

    def _mine(self, packets: list[av.Packet[Any]]) -> Iterator[av.Packet[Any]]:
        for packet in packets:
            packet.stream = self.stream
            yield packet


class Text:
    """Subtitles of text, in another notation."""

    def __init__(self, container: OutputContainer, template: Stream, codec: str) -> None:
        self._decoder = cast("Any", template.codec_context)
        self._decoder.open(strict=False)
        self.stream: SubtitleStream = container.add_stream(codec)  # type: ignore[assignment]  # by its codec
        self._encoder = cast("Any", self.stream.codec_context)  # PyAV's types do not say of which kind
        self._encoder.subtitle_header = self._decoder.subtitle_header
        self._encoder.time_base = template.time_base

    def packets(self, packet: av.Packet[Any]) -> Iterator[av.Packet[Any]]:
        text = self._decoder.decode2(packet)
        if text is None or not len(text):
            return
        converted = self._encoder.encode_subtitle(text)
        converted.time_base = packet.time_base
        converted.pts, converted.dts, converted.duration = packet.pts, packet.pts, packet.duration
        converted.stream = self.stream
        yield converted

    def flush(self) -> Iterator[av.Packet[Any]]:
        """Nothing is held."""
        yield from ()


Carried = Copied | Cover | Sound | Text


def codec_name(stream: Stream) -> str:
    """FFmpeg's short name of what is in a stream."""
    return stream.codec_context.name if stream.codec_context is not None else stream.metadata.get("mimetype", "?")


def _other_fate(stream: Stream, suffix: str) -> Fate:
    if stream.type == "audio":
        return Fate("convert", _SOUND.get(suffix, "aac"))
    if stream.type == "subtitle" and codec_name(stream) not in _BITMAPS:
        return Fate("convert", _TEXT.get(suffix, "mov_text"))
    hint = "" if suffix == ".mkv" else "; .mkv can"
    return Fate("leave", reason=f"{suffix} cannot hold it{hint}")


def is_cover(stream: Stream) -> bool:
    """Whether a video stream is but one picture, to go with the file."""
    return stream.type == "video" and bool(stream.disposition & Disposition.attached_pic)


def kind_of(stream: Stream) -> str:
    """A stream's type; covers are attachments in some containers and streams in others, and so one kind with them."""
    return "attachment" if is_cover(stream) else str(stream.type)


def _layout(context: AudioCodecContext) -> AudioLayout:
    """Which channel is which; where only their number is known, what that number usually means."""
    layout = context.layout
    usual = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
    unknown = layout.name.endswith("channels") and layout.nb_channels in usual
    return AudioLayout(usual[layout.nb_channels]) if unknown else layout


def _tags(stream: Stream) -> dict[str, str]:
    """The stream's own words, without what an earlier muxer counted."""
    counted = ("encoder", "duration", "bps", "number_of_", "_statistics_")
    return {key: value for key, value in stream.metadata.items() if not key.lower().startswith(counted)}
