"""Paints one film in segments, joins them, and checks the result."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from time import perf_counter

from rtstyle.errors import RtstyleError, SourceError, UsageError
from rtstyle.jobs.film.painter import FilmPainter
from rtstyle.jobs.film.prospect import Prospect
from rtstyle.jobs.film.task import Reader, Task
from rtstyle.jobs.film.verification import verify
from rtstyle.jobs.film.warmed_up import WarmedUp
from rtstyle.jobs.film.work_folder import WorkFolder, frames_delivered, tidy
from rtstyle.meter import Progress, Report
from rtstyle.output_file import OutputFile, checked_suffix, identities
from rtstyle.pipeline import run
from rtstyle.protocols import Stage
from rtstyle.sinks.encoding import MUXERS
from rtstyle.sinks.joiner import join
from rtstyle.sinks.segment_writer import SegmentWriter
from rtstyle.sinks.video_writer import VideoWriter
from rtstyle.sources.packet_reader import PacketReader
from rtstyle.stages.side_by_side import SideBySide

_log = logging.getLogger("rtstyle")


def paint_film(task: Task) -> Report:
    """From a file to a file. Raises as ``transcode`` does; whole segments are kept."""
    start = perf_counter()
    checked_suffix(task.output, MUXERS)
    if task.options.resume and (frames := frames_delivered(task.output)):
        tidy(task.output)
        return Report(seconds=perf_counter() - start, frames_resumed=frames)
    check_output(task)
    with ExitStack() as stack, ExitStack() as until_run:
        cut = task.cut()
        source = until_run.enter_context(closing(task.open_source(keep=None, cut=cut)))
        painter = stack.enter_context(task.open_painter(source.format))
        prospect = Prospect.of(task, source, cut, batch=painter.frames_at_once)
        plan, options = prospect.plan(painter.identity), task.options
        work = WorkFolder(task.output, plan, resume=options.resume, overwrite=task.overwrite)
        stack.callback(work.release)
        _warn(prospect)
        opened_s, resumed = perf_counter() - start, work.frames
        report = Report()
        with _kept(work):
            if not work.complete:
                work.create()
                until_run.pop_all()  # `run` closes the source, when its thread has left it
                report = _paint(task, source, painter, work, prospect)
            _deliver(task, source, work, prospect)
        return replace(
            report.as_job(provider=painter.provider, opened_s=opened_s),
            seconds=perf_counter() - start,
            encoder=prospect.encoder.name,
            frames_resumed=resumed,
            frames_skipped=source.skipped,
        )


def check_output(task: Task) -> None:
    """Raise SinkError where nothing can be written, or nothing may be."""
    if task.options.resume and frames_delivered(task.output):
        return
    OutputFile(task.output, overwrite=task.overwrite, keep=identities([task.input]))


def look_at(task: Task) -> list[str]:
    """Say what would be done with each stream of a file, and do nothing.

    Raises what ``paint_film`` would of input, styles and device; the output's place is ``check_output``'s.
    """
    if task.options.resume and frames_delivered(task.output):
        return ["is already complete; its leftover work folder would be removed"]
    cut, keep = task.cut(), None
    if not task.is_file:
        _check_stream(task)
        keep = task.options.keep  # it can be opened but once
    with closing(task.open_source(keep=keep, cut=cut)) as source, task.load_painter(source.format) as painter:
        prospect, options = Prospect.of(task, source, cut, batch=painter.frames_at_once), task.options
        if task.is_file:
            plan = prospect.plan(painter.identity)
            WorkFolder(task.output, plan, resume=options.resume, overwrite=task.overwrite, look=True)
        return prospect.lines


def paint_stream(task: Task) -> Report:
    """Paint a stream, which can be read only once, into a file that is complete or absent."""
    start = perf_counter()
    _check_stream(task)
    checked_suffix(task.output, MUXERS)
    check_output(task)
    with ExitStack() as stack, ExitStack() as until_run:
        source = until_run.enter_context(closing(task.open_source(keep=task.options.keep)))
        painter = stack.enter_context(task.open_painter(source.format))
        prospect = Prospect.of(task, source, None, batch=painter.frames_at_once)
        _warn(prospect)
        sink = VideoWriter(task.output, encoding=prospect.encoder, overwrite=task.overwrite, keep=[task.input])
        opened_s = perf_counter() - start
        until_run.pop_all()
        report = run(source, painter.stages(), sink, batch=prospect.batch, progress=task.progress)
        return replace(
            report.as_job(provider=painter.provider, opened_s=opened_s),
            encoder=prospect.encoder.name,
            frames_skipped=source.skipped,
        )


def _warn(prospect: Prospect) -> None:
    for line in prospect.warnings:
        _log.warning("%s: %s", prospect.task.input, line)


def _check_stream(task: Task) -> None:
    if task.options.preview is not None or task.cut():
        raise UsageError(f"{task.input}: expected a file to cut a part from, got a stream; save it first")
    if task.options.resume:
        raise UsageError(f"{task.input}: expected a file to resume, got a stream, which cannot be read again")


def _paint(task: Task, source: Reader, painter: FilmPainter, work: WorkFolder, prospect: Prospect) -> Report:
    """Fill the work folder with what is missing."""
    resumed = work.frames
    lead = min(prospect.lead, resumed)
    source.skip(resumed - lead)
    sink = SegmentWriter(
        work.path,
        prospect.encoder,
        work.add,
        format=prospect.format,
        length=prospect.segment,
        lead=lead,
        number=len(work.segments),
        after=work.segments[-1] if work.segments else None,
    )
    steady: Stage | None = painter.steady
    if steady is not None:
        steady = WarmedUp(steady, length=prospect.segment, lead=prospect.lead, skipped=resumed - lead)
    stages = painter.stages(steady)
    if task.options.preview is not None:
        stages = [*stages, SideBySide()]
    told = None if task.progress is None else _offset(task.progress, resumed, lead)
    report = run(source, stages, sink, batch=prospect.batch, progress=told)
    if task.fingerprint() != prospect.fingerprint:
        raise SourceError(f"{task.input}: changed while it was read; once it is finished, --resume paints the rest")
    work.complete = True
    work.save()
    return replace(report, frames_in=report.frames_in - lead, frames_out=report.frames_out - lead)


def _deliver(task: Task, source: Reader, work: WorkFolder, prospect: Prospect) -> None:
    """Join, verify, synchronise, rename."""
    options, tick = task.options, prospect.format.time_base
    strict = options.on_error != "skip"
    with closing(PacketReader(task.input, options.keep, cut=prospect.cut, zero=source.zero, strict=strict)) as packets:
        format = replace(prospect.format, streams=packets.streams)
        written = join(work.segments, work.path, packets, target=work.joined, format=format, encoder=prospect.encoder)
    first, last = work.segments[0].first * tick, work.segments[-1].last * tick
    verify(work.joined, written, format, frames=work.frames, first=first, last=last)
    keep = identities([task.input])
    file = OutputFile(task.output, overwrite=task.overwrite, keep=keep, temporary=work.joined)
    work.deliver()
    file.commit()
    work.remove()


def _offset(progress: Callable[[Progress], None], resumed: int, lead: int) -> Callable[[Progress], None]:
    """Count the frames that were there before, and not those that only warm up."""

    def tell(now: Progress) -> None:
        if now.frames > lead:
            progress(replace(now, frames=now.frames - lead + resumed, resumed=resumed))

    return tell


@contextmanager
def _kept(work: WorkFolder) -> Iterator[None]:
    """Tell in an error how much of the work is there to go on with."""
    try:
        yield
    except RtstyleError as error:
        if not work.segments:
            raise
        raise type(error)(f"{error}; {work.frames} frames are kept in {work.path}; continue with --resume") from error
