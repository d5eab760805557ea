"""How the packets of streams that are not painted get into a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
import av.error
from av.audio.format import AudioFormat
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.codec import Codec

from rtstyle.sinks.layouts import has_own_order, usual_layout

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.container import OutputContainer
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream

_DOLBY = (b"\x0b\x77", b"\x77\x0b")  # what a packet of AC-3 begins with
_BITS_PER_CHANNEL = 128_000
_OPUS_HZ = 48_000
_MUXERS = ("encoder", "duration", "vendor_id", "bps", "number_of_", "_statistics_")  # tags: the muxer's to say
_PICTURES = {"mjpeg": "jpg"}  # extensions of cover pictures, where they are not the codec's name


class DamagedPacketError(Exception):
    """What ``packets`` is given cannot be read."""


class Copied:
    """A stream whose packets are passed on, bit for bit."""

    def __init__(self, container: OutputContainer, template: Stream) -> None:
        self.stream: Stream = container.add_stream_from_template(template, opaque=True)
        self._last: int | None = None  # time of the packet before, in its ticks
        self._is_dolby = codec_name(template) in {"ac3", "eac3"}
        if isinstance(self.stream, AudioStream):  # some files tell the number of channels only, and MP4 wants more
            layout = usual_layout(self.stream.codec_context)
            if not has_own_order(layout):
                self.stream.codec_context.layout = layout

    def packets(self, packet: av.Packet[Any]) -> Iterator[av.Packet[Any]]:
        if self._is_dolby and not bytes(packet).startswith(_DOLBY):  # which ends MP4's muxer
            raise DamagedPacketError
        packet.stream = self.stream
        if self.stream.type in {"audio", "data"} and packet.pts is not None:
            if not packet.duration:  # or MP4 ends before its last packet, and hides it
                packet.duration = 1 if self._last is None else packet.pts - self._last
            self._last = packet.pts
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
    """A sound track decoded, and encoded as something that the container holds, in a layout that the codec knows.

    Raises FFmpegError where it does not know it.
    """

    def __init__(self, container: OutputContainer, template: Stream, codec: str, layout: str) -> None:
        if not isinstance(template, AudioStream):
            raise TypeError("expected a sound track")
        self._decoder = template.codec_context
        stream = container.add_stream(codec, rate=_rate(codec, self._decoder.sample_rate))
        if not isinstance(stream, AudioStream):
            raise TypeError(f"{codec}: expected a sound encoder")
        self.stream = stream
        self._encoder = stream.codec_context
        self._encoder.layout = AudioLayout(layout)
        self._encoder.format = _format(self._decoder, self._encoder)
        self._encoder.bit_rate = _BITS_PER_CHANNEL * self._encoder.layout.nb_channels
        self._encoder.open(strict=False)
        self._mixer: AudioResampler | None = None
        self._mixes: tuple[str, str, int] | None = None  # its input's format, layout and rate
        self._cutter = AudioResampler(*self._wanted, self._encoder.frame_size)
        self._base = Fraction(1)  # seconds, of the last packet's times
        self._next = 0  # where the sound so far ends, in its ticks

    def try_mixing(self) -> None:
        """Raise FFmpegError where the decoder's channels cannot be mixed to the encoder's."""
        frame = AudioFrame(self._decoder.format, self._decoder.layout, 1)
        frame.sample_rate = self._decoder.sample_rate
        AudioResampler(*self._wanted).resample(frame)

    @property
    def _wanted(self) -> tuple[AudioFormat, AudioLayout, int]:
        return self._encoder.format, self._encoder.layout, self._encoder.sample_rate

    def packets(self, packet: av.Packet[Any]) -> Iterator[av.Packet[Any]]:
        self._base = packet.time_base
        try:
            frames = self._decoder.decode(packet)
        except av.error.FFmpegError as error:
            raise DamagedPacketError from error
        yield from self._encode(frames)

    def flush(self) -> Iterator[av.Packet[Any]]:
        """The end, which is in the decoder, the resampler and the encoder."""
        yield from self._encode(self._decoder.decode(None))
        if self._mixer is not None:
            yield from self._cut([*self._rest(), None])
            yield from self._mine(self._encoder.encode(None))

    def _encode(self, frames: list[AudioFrame]) -> Iterator[av.Packet[Any]]:
        for frame in frames:
            base = frame.time_base or self._base
            if frame.pts is None:  # at the very end, from some decoders
                frame.pts = self._next
            self._next = (frame.pts or 0) + round(Fraction(frame.samples, frame.sample_rate) / base)
            tick = frame.time_base = Fraction(1, self._encoder.sample_rate)  # which a mixer gives, needed or not
            frame.pts = round(frame.pts * base / tick)
            yield from self._cut(self._mixed(frame))

    def _mixed(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """In the encoder's format, layout and rate; those of a broadcast change at every break for advertising."""
        kind = frame.format.name, frame.layout.name, frame.sample_rate
        if self._mixer is None or kind != self._mixes:
            yield from self._rest()
            self._mixer, self._mixes = AudioResampler(*self._wanted), kind
        yield from self._mixer.resample(frame)

    def _rest(self) -> list[AudioFrame]:
        """What the mixer holds at its end."""
        return [] if self._mixer is None else [part for part in self._mixer.resample(None) if part is not None]

    def _cut(self, frames: Iterable[AudioFrame | None]) -> Iterator[av.Packet[Any]]:
        """Encoded, in pieces of the size that the encoder wants."""
        for frame in frames:
            for part in self._cutter.resample(frame):
                yield from self._mine(self._encoder.encode(part))

    def _mine(self, packets: list[av.Packet[Any]]) -> Iterator[av.Packet[Any]]:
        for packet in packets:
            if packet.size:  # FLAC and ALAC end with an empty one
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
        # With any time base but FFmpeg's own, MP4's muxer ends a text too early, and delays those that overlap it.
        self._encoder.time_base = Fraction(1, av.time_base)

    def packets(self, packet: av.Packet[Any]) -> Iterator[av.Packet[Any]]:
        try:
            text = self._decoder.decode2(packet)
            if text is None or not len(text):
                return
            converted = self._encoder.encode_subtitle(text)
        except av.error.FFmpegError as error:
            raise DamagedPacketError from error
        converted.time_base = packet.time_base
        converted.pts, converted.dts, converted.duration = packet.pts, packet.pts, packet.duration
        converted.stream = self.stream
        yield converted

    def flush(self) -> Iterator[av.Packet[Any]]:
        """Nothing is held."""
        yield from ()


Carried = Copied | Cover | Sound | Text


def _format(source: AudioCodecContext, encoder: AudioCodecContext) -> AudioFormat:
    """The encoder's format that has as many bits as the source, or the encoder's first."""
    formats = encoder.codec.audio_formats or [encoder.format]
    return next((format for format in formats if format.bits == source.format.bits), formats[0])


def _rate(codec: str, rate: int) -> int:
    """The encoder's next higher rate, or its highest."""
    rates = [_OPUS_HZ] if codec == "libopus" else Codec(codec, "w").audio_rates or [rate]
    return min((known for known in rates if known >= rate), default=max(rates))


def codec_name(stream: Stream) -> str:
    """FFmpeg's short name of what is in a stream."""
    unknown = stream.metadata.get("mimetype") or stream.metadata.get("handler_name") or "?"
    return stream.codec_context.name if stream.codec_context is not None else unknown


def named(stream: Stream) -> str:
    """A stream in words."""
    return f"stream {stream.index} ({stream.type}, {codec_name(stream)})"


def own_words(tags: Mapping[str, str]) -> dict[str, str]:
    """A stream's tags without those in which a muxer counts, or names itself."""
    return {key: value for key, value in tags.items() if not key.lower().startswith(_MUXERS)}
