"""The output's container: its header, its streams and its tags, for those who write frames or packets into it."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import av
import av.error

from rtstyle.frames import VideoFormat, is_cover
from rtstyle.sinks.carried import Carried, DamagedPacketError, named
from rtstyle.sinks.carrier import carry, kind_of
from rtstyle.sinks.encoding import MUXERS
from rtstyle.sinks.matroska_aspect import PLAIN, STEREO, STEREO_MODE, set_aspect
from rtstyle.times import exact

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.container.core import Chapter
    from av.stream import Stream

_log = logging.getLogger("rtstyle")

_OWN_METADATA = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}  # the muxer's to say
# What FFmpeg writes into an MP4 without being asked to write keys of any name.
_MP4_KEYS = {
    *("title", "artist", "album_artist", "composer", "album", "date", "comment", "genre", "copyright", "grouping"),
    *("lyrics", "description", "synopsis", "show", "episode_id", "network", "keywords", "episode_sort", "track"),
    *("season_number", "media_type", "hd_video", "gapless_playback", "compilation", "disc", "location"),
    *("creation_time", "sort_name", "sort_artist", "sort_album", "sort_album_artist", "sort_composer", "sort_show"),
}
_SAY_THEIR_ASPECT = {"libx264", "libx265", "h264", "hevc"}  # in their own header, and more exactly than Matroska
# Of a packet that is damaged; the latter two are the muxer's.
_REFUSALS = (DamagedPacketError, av.error.InvalidDataError, av.error.ArgumentError)
_RUN_IN_S = Fraction(1, 10)  # what a decoder of sound may want to have heard before the first sound
_MOV_LIKE, _MATROSKA = {"mp4", "mov"}, {"matroska", "webm"}
_FFMPEGS_OWN, _LARGEST = 1000, 1_000_000  # movie time scales, ticks/s


class Written(NamedTuple):
    """What went into a stream."""

    kind: str  # audio, video, ...
    packets: int
    bytes: int


class Container:
    """An open output file; the caller adds the video stream between ``open`` and ``start``."""

    def __init__(self, temporary: Path, suffix: str, format: VideoFormat) -> None:
        self._suffix = suffix.lower()
        muxer = MUXERS[self._suffix]
        kept = {key: value for key, value in format.metadata.items() if key.lower() not in _OWN_METADATA}
        options = _mov_options(format, kept) if muxer in _MOV_LIKE else {}
        self._path, self._format = temporary, format
        self._is_matroska, self._is_squeezed = muxer in _MATROSKA, False
        if self._is_matroska and format.sample_aspect != 1:
            options = PLAIN
        self.av: OutputContainer = av.open(str(temporary), "w", format=muxer, options=options)
        self.av.metadata.update(kept)
        self._carried: dict[int, Carried] = {}  # by the index in the input
        self._muxed: Counter[int] = Counter()  # packets, by the index in this file
        self._bytes: Counter[int] = Counter()  # the same
        self._refused: Counter[str] = Counter()  # damaged packets, by the stream in words

    def start(self, streams: Iterable[Stream], chapters: Iterable[Chapter]) -> None:
        """Add what becomes of the other streams, and write the header. Raises SinkError."""
        for stream in streams:
            if (carried := carry(self.av, stream, self._suffix)) is not None:
                self._carried[stream.index] = carried
        if found := list(chapters):
            self.av.set_chapters(found)
        video = self.av.streams.video[0]
        if self._is_matroska and self._format.sample_aspect != 1:
            self._is_squeezed = video.codec_context.codec.name not in _SAY_THEIR_ASPECT
            video.metadata.pop(STEREO_MODE, None)  # FFmpeg would write a size without the aspect
            video.metadata.update(STEREO if self._is_squeezed else {})
        self.av.start_encoding()

    def carry(self, packet: av.Packet[Stream]) -> None:
        """Pass a packet of one of the other streams on; those that were left behind are dropped."""
        stream = packet.stream
        carried = self._carried.get(stream.index)
        if carried is None or (self._is_matroska and _is_hidden(packet)):
            return
        try:
            self.mux(carried.packets(packet))
        except _REFUSALS:
            name = named(stream)
            self._refused[name] += 1
            if self._refused[name] == 1:
                at_s = float((packet.pts or packet.dts or 0) * packet.time_base)
                _log.warning("%s: a damaged packet at %.3f s is left out", name, at_s)

    def mux(self, packets: Iterable[av.Packet[Any]]) -> None:
        for packet in packets:
            index, size = packet.stream_index, packet.size  # which the muxer takes away
            self.av.mux(packet)
            self._muxed[index] += 1
            self._bytes[index] += size

    def finish(self) -> list[Written]:
        """Write what is still inside, and the trailer; tell what went into the streams, in their order."""
        for carried in self._carried.values():
            self.mux(carried.flush())
        for name, count in self._refused.items():
            if count > 1:
                _log.warning("%s: %d damaged packets were left out", name, count)
        written = [Written(kind_of(s), self._muxed[s.index], self._bytes[s.index]) for s in self.av.streams]
        self.av.close()
        if self._is_squeezed:
            set_aspect(self._path, self._format.width, self._format.height, self._format.sample_aspect)
        return written

    def close(self) -> None:
        """Let go of the file, whatever is in it."""
        self.av.close()


def _is_hidden(packet: av.Packet[Stream]) -> bool:
    """Whether MP4's edit list keeps it from being heard, which Matroska cannot: there it would begin the film."""
    if not packet.is_discard or packet.pts is None or packet.time_base is None:
        return False
    return (packet.pts + (packet.duration or 0)) * exact(packet.time_base) < -_RUN_IN_S


def lost_tags(format: VideoFormat, suffix: str, *, cover: bool) -> list[str]:
    """The keys of the film's metadata that a file with this extension does not take; ``cover``: beside a picture."""
    if MUXERS[suffix.lower()] not in _MOV_LIKE or not cover:
        return []
    return sorted(key for key in format.metadata if key.lower() not in _MP4_KEYS | _OWN_METADATA)


def keeps_stereo(format: VideoFormat, suffix: str) -> bool:
    """Whether a file with this extension says which part of a 3D film's pictures is for which eye."""
    is_square = format.sample_aspect == 1
    return MUXERS[suffix.lower()] in _MATROSKA and STEREO_MODE in format.stream_metadata and is_square


def _mov_options(format: VideoFormat, metadata: dict[str, str]) -> dict[str, str]:
    """Exact beginnings, and keys of any name.

    An edit list counts in the movie's time scale, and FFmpeg's own, 1/1000 s, would round when the film
    begins. Keys of any name are written in a way that leaves no room for a cover.
    """
    clocks = [stream.time_base.denominator for stream in format.streams if stream.time_base]
    ticks = math.lcm(format.time_base.denominator, *clocks)
    if ticks > _LARGEST:
        ticks = format.time_base.denominator
    scale = {"movie_timescale": str(ticks)} if _FFMPEGS_OWN < ticks <= _LARGEST else {}
    usual = _MP4_KEYS.issuperset(key.lower() for key in metadata) or any(map(is_cover, format.streams))
    return scale if usual else {"movflags": "use_metadata_tags", **scale}
