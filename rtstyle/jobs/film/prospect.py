"""What a task involves, once its input has been inspected: what happens to every stream."""

from __future__ import annotations

from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from rtstyle.captions import WRITERS
from rtstyle.engines.lanes import MAX_BATCH
from rtstyle.frames import Cut, VideoFormat, is_cover
from rtstyle.jobs.film.painter import read_schedule
from rtstyle.jobs.film.task import Reader, Task
from rtstyle.jobs.film.work_folder import Plan
from rtstyle.output_file import checked_suffix
from rtstyle.sinks.carried import named
from rtstyle.sinks.carrier import TIMECODE, Fate, fate_of
from rtstyle.sinks.container import keeps_stereo, lost_tags
from rtstyle.sinks.encoding import MUXERS, Encoder, choose_encoder
from rtstyle.sinks.languages import lost_language
from rtstyle.sources.packet_reader import PacketReader
from rtstyle.times import exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av.container.core import Chapter
    from av.stream import Stream

_LEAD = 8  # frames after which nothing is left to see of what a steadied film began with


@dataclass(frozen=True, slots=True)
class Prospect:
    """Everything that is settled before the first frame is painted."""

    task: Task
    cut: Cut | None  # the part that is painted; None: all
    format: VideoFormat  # of the output, but for the other streams
    encoder: Encoder
    batch: int  # frames
    segment: int  # frames
    lead: int  # frames that a segment needs to see of the one before
    picture: tuple[str, ...]  # what is done to the pictures besides painting, a phrase each
    others: tuple[tuple[str, Fate], ...]  # every other stream in words, and what becomes of it
    fingerprint: tuple[int, int] | None  # the input's size and date of change

    @classmethod
    def of(cls, task: Task, source: Reader, cut: Cut | None, *, batch: int) -> Prospect:
        """Look at the input's other streams, and try the encoder. Raises SinkError, SourceError or DeviceError.

        ``batch``: frames that the painter likes to be given.
        """
        suffix, options, format = checked_suffix(task.output, MUXERS), task.options, source.format
        if options.preview is not None:  # beside the original
            format = replace(format, width=2 * format.width)
        with closing(PacketReader(task.input, options.keep)) if task.is_file else nullcontext() as packets:
            streams = source.format.streams if packets is None else packets.streams
            fates = [fate_of(stream, suffix) for stream in streams]
            others = tuple((fate.words(stream), fate) for stream, fate in zip(streams, fates, strict=True))
            lost = [] if packets is None else packets.lost
            if not options.keep.metadata:
                format = replace(format, metadata={}, stream_metadata={}, chapters=())
            kept = [stream for stream, fate in zip(streams, fates, strict=True) if fate.kind != "leave"]
            lost += _lost_languages(format, kept, suffix)
            tags = lost_tags(format, suffix, cover=any(map(is_cover, streams)))
            lost += [f"{', '.join(tags)}: {suffix} cannot hold these tags beside a cover; .mkv can"] if tags else []
        if cut is not None and cut.start and (timecode := _timecode(format)):
            lost.append(f"the timecode {timecode} is left out: a part of the film has another")
            others = tuple((line, fate) for line, fate in others if fate.kind != "tag")
            format = _without_timecode(format)
        encoder = choose_encoder(options.encoding, suffix, format.width, format.height)
        if source.has_captions and encoder.name not in WRITERS:
            lost.append(f"closed captions are left out: {encoder.name} does not write them; --codec h264 and hevc do")
        if source.is_stereo and not keeps_stereo(format, suffix):
            lost.append("the 3D layout is left out; it is kept from .mkv or .webm to .mkv or .webm with square pixels")
        lost += _never_seen(task, source.format)
        batch = task.batch or batch
        # The GPU's memory may be another when a film is resumed.
        whole = batch if task.batch or batch == 1 else MAX_BATCH
        return cls(
            task=task,
            cut=cut,
            format=format if cut is None else replace(format, chapters=_cut_chapters(format, cut, source.zero)),
            encoder=encoder,
            batch=batch,
            segment=-(-options.segment // whole) * whole,  # batches end where segments do
            lead=-(-_LEAD // whole) * whole if options.steady else 0,
            picture=tuple(source.notes),
            others=(*others, *((line, Fate("leave")) for line in lost)),
            fingerprint=task.fingerprint(),
        )

    @property
    def warnings(self) -> list[str]:
        """What is not as it was in the input and not what was asked for, a line each."""
        odd = self.encoder.pix_fmt_for(self.format.width, self.format.height) != self.encoder.pix_fmt
        size = f"{self.format.width}×{self.format.height}"
        why = f"{size} is odd and is coded in 4:4:4, which not every player takes; --codec av1 or vp9 keeps 4:2:0"
        return [*self.picture, *([why] if odd else []), *(line for line, fate in self.others if fate.is_change)]

    @property
    def lines(self) -> list[str]:
        """What would be done with each stream, for people."""
        format = self.format
        rate = "variable rate" if format.rate is None else f"{float(format.rate):.3f} fps"
        frames = "an unknown number of" if format.frames is None else f"about {format.frames}"
        painted = f"video is painted: {format.width}×{format.height}, {rate}, {frames} frames"
        chapters = [f"{len(format.chapters)} chapters are copied"] if format.chapters else []
        segments = f" in segments of {self.segment} frames" if self.task.is_file else ""
        coded = f"{painted}; {self.encoder.name}{segments}"
        return [coded, *self.picture, *(line for line, _ in self.others), *chapters]

    def plan(self, styles: str) -> Plan:
        """Everything that the painted frames depend on; ``styles`` with their models' digests."""
        task, options = self.task, self.task.options
        size, changed = self.fingerprint or (None, None)
        return {
            "input": task.input,
            "input_bytes": size,
            "input_changed": changed,
            "style": styles,
            "precision": options.precision,
            "strength": options.strength,
            "keep_colors": options.keep_colors,
            "steady": options.steady,
            "scale": options.scale,
            "brushwork": options.brushwork,
            "crossfade": str(options.crossfade),
            "cut": str(self.cut),
            "preview": str(options.preview),
            "rate": str(options.rate),
            "on_error": options.on_error,
            "batch": task.batch,
            "segment": self.segment,
            "encoder": f"{self.encoder.name} {dict(self.encoder.options)} {self.encoder.bit_rate}",
            "ffmpeg": str(av.library_versions["libavcodec"]),
        }


def _never_seen(task: Task, format: VideoFormat) -> list[str]:
    """A line for every style that would begin after the end, where that is known."""
    if not (format.frames and format.rate):
        return []
    length = format.frames / format.rate
    late = [(time, style) for time, style in read_schedule(task.style) if time >= length]
    return [
        f"{style}@{float(time):g} never appears: the painted part ends at {float(length):g} s" for time, style in late
    ]


def _lost_languages(format: VideoFormat, streams: Sequence[Stream], suffix: str) -> list[str]:
    told = [("video", format.stream_metadata), *((named(stream), stream.metadata) for stream in streams)]
    lost = [(who, language) for who, tags in told if (language := lost_language(tags, suffix))]
    return [f"{who}: {suffix} cannot say its language, {language}; .mp4 and .mkv can" for who, language in lost]


def _timecode(format: VideoFormat) -> str | None:
    tags = {**format.metadata, **format.stream_metadata}
    return next((value for key, value in tags.items() if key.lower() == TIMECODE), None)


def _without_timecode(format: VideoFormat) -> VideoFormat:
    film, stream = (
        {key: value for key, value in tags.items() if key.lower() != TIMECODE}
        for tags in (format.metadata, format.stream_metadata)
    )
    return replace(format, metadata=film, stream_metadata=stream)


def _cut_chapters(format: VideoFormat, cut: Cut, zero: Fraction) -> tuple[Chapter, ...]:
    """The chapters that the cut meets, on its clock."""
    kept = []
    for chapter in format.chapters:
        if chapter["time_base"] is None:
            continue
        base = exact(chapter["time_base"])
        start, end = (max(ticks * base - zero, Fraction(0)) for ticks in (chapter["start"], chapter["end"]))
        if cut.duration is not None:
            start, end = min(start, cut.duration), min(end, cut.duration)
        if start < end:
            changed: Chapter = {**chapter, "start": round(start / base), "end": round(end / base)}
            kept.append(changed)
    return tuple(kept)
