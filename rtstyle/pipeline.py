"""The whole pipeline: a source thread, a stage thread, and the sink in the caller's thread.

    Source ──► Channel ──► Stages ──► Channel ──► Sink

The channels are bounded, so memory is too; they carry exceptions, so a failure anywhere is raised here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from time import perf_counter

import numpy as np

from rtstyle.channel import Channel
from rtstyle.errors import UsageError
from rtstyle.frames import Batch, Frame, Image, Packet, VideoFormat
from rtstyle.meter import Meter, Progress, Report
from rtstyle.protocols import Sink, Source, Stage

Item = Frame | Packet
Named = tuple[str, Stage]

_log = logging.getLogger(__name__)

_PATIENCE = 1000  # packets without a frame after which a short batch is passed on
_WAKE_S = 0.5  # Windows delivers Ctrl-C only between waits
_IDLE_S = 0.02  # between two calls of `idle`: soon enough for a key press
_JOIN_S = 15.0  # more than a network source waits for its next packet
_LIVE_JOIN_S = 0.3  # a live run has nothing to lose and must end within a second of Ctrl-C


def run(
    source: Source,
    stages: Sequence[Stage],
    sink: Sink,
    *,
    batch: int = 1,
    progress: Callable[[Progress], None] | None = None,
    idle: Callable[[], None] | None = None,
    meter: Meter | None = None,
) -> Report:
    """Send every frame of ``source`` through ``stages`` into ``sink``, in order, and close both ends.

    A failure in any thread, or Ctrl-C, is raised here, and the sink is told (``complete=False``) that its
    file must not appear. No thread is left behind, except a reader that does not respond for 15 s (0.3 s if
    the source is live); its source stays open, with a warning. A live source drops late frames, before and
    after the stages, so that at most one waits anywhere; any other source loses none. ``batch`` frames go
    through the stages at a time, which changes the speed, not the pictures. ``idle`` is called in this
    thread 50 times a second while there is no frame; pass a ``meter`` to read it during the run.
    """
    format = _checked(source, batch)
    meter, names = meter or Meter(), _names(source, *stages, sink)
    decoded, painted = (_channel(batch, live=format.live) for _ in range(2))
    named = list(zip(names[1:-1], stages, strict=True))
    threads = (
        Thread(target=_read, args=(source, decoded, names[0], meter), name="rtstyle-source", daemon=True),
        Thread(target=_paint, args=(named, decoded, painted, batch, meter), name="rtstyle-stages", daemon=True),
    )
    join_s = _LIVE_JOIN_S if format.live else _JOIN_S
    start = perf_counter()
    first_frame_s: float | None = None
    written = 0
    with _closing(source, threads[0], decoded, join_s):
        for stage in stages:
            stage.reset()
        try:
            sink.open(format)
            with _running(threads, (decoded, painted), join_s):
                for item in _items(painted, sink, idle):
                    if isinstance(item, Packet):
                        sink.write(item)
                        continue
                    with meter.timing(names[-1]):
                        sink.write(item)
                    written += 1
                    first_frame_s = first_frame_s or perf_counter() - start
                    if progress is not None:
                        progress(Progress(written, format.frames, perf_counter() - start))
        except BaseException:
            sink.close(complete=False)
            raise
        # Closing the window on a camera completes the run; on a film it cuts it short.
        sink.close(complete=format.live or not sink.closed)
    return Report(
        frames_in=meter.frames(names[0]),
        frames_out=written,
        frames_dropped=decoded.dropped + painted.dropped,
        seconds=perf_counter() - start,
        first_frame_s=first_frame_s,
        stages=meter.times(),
    )


def _channel(batch: int, *, live: bool) -> Channel[Item]:
    """Live, the latest frame wins: only the next one to process waits."""
    return Channel(batch, droppable=_is_frame) if live else Channel(2 * batch + 2)


def _items(painted: Channel[Item], sink: Sink, idle: Callable[[], None] | None) -> Iterator[Item]:
    """Yield what the stages give until the sink is closed; ``idle`` is called while there is nothing."""
    while not sink.closed:
        if idle is not None and not painted.wait_for_item(_IDLE_S):
            idle()
            continue
        item = next(painted, None)
        if item is None or sink.closed:
            return
        yield item


def _checked(source: Source, batch: int) -> VideoFormat:
    """Return the source's format; an error before any thread has started closes the source at once."""
    try:
        if batch < 1:
            raise UsageError(f"batch: expected 1 or more, got {batch}")
        format = source.format
    except BaseException:
        source.close()
        raise
    return format


@contextmanager
def _closing(source: Source, reader: Thread, outbox: Channel[Item], join_s: float) -> Iterator[None]:
    """Close the source at the end of the block, but never under the thread that reads it: FFmpeg would crash."""
    try:
        yield
    finally:
        if _is_busy(reader, outbox):
            _log.warning("the source did not respond for %g s and is left open", join_s)
        else:
            source.close()


@contextmanager
def _running(threads: Sequence[Thread], outboxes: Sequence[Channel[Item]], join_s: float) -> Iterator[None]:
    """Start the threads, and make sure they end, whatever happens in the block."""
    try:
        for thread in threads:
            thread.start()
        yield
    finally:
        _end(threads, outboxes, join_s)


def _end(threads: Sequence[Thread], outboxes: Sequence[Channel[Item]], join_s: float) -> None:
    """Wait for all started threads; a second, impatient Ctrl-C is raised once they have ended."""
    interrupt: BaseException | None = None
    deadline = perf_counter() + join_s
    busy = list(zip(threads, outboxes, strict=True))
    while busy and perf_counter() < deadline:
        try:
            for outbox in outboxes:
                outbox.cancel()
            for thread, outbox in busy:
                wait_s = min(max(deadline - perf_counter(), 0), _WAKE_S)
                if _is_busy(thread, outbox):
                    outbox.wait_for_end(wait_s)
                elif thread.ident is not None:
                    thread.join(wait_s)
            busy = [pair for pair in busy if pair[0].is_alive() or _is_busy(*pair)]
        except BaseException as error:  # noqa: BLE001 - a signal's, raised below
            interrupt = error
    if interrupt is not None:
        raise interrupt


def _is_busy(thread: Thread, outbox: Channel[Item]) -> bool:
    """Whether the thread was started and has not finished its work.

    Before Python 3.13, ``is_alive`` is False once a signal has interrupted ``join``, true or not.
    """
    return thread.ident is not None and not outbox.wait_for_end(0)


def _read(source: Source, outbox: Channel[Item], name: str, meter: Meter) -> None:
    """Body of the source thread."""
    with outbox.feeding():
        if outbox.cancelled:  # interrupted during start-up, and nobody waits for it
            return
        start = perf_counter()
        for item in source:
            if isinstance(item, Frame):
                meter.add(name, perf_counter() - start)
            outbox.put(item)
            start = perf_counter()


def _paint(stages: Sequence[Named], inbox: Channel[Item], outbox: Channel[Item], batch: int, meter: Meter) -> None:
    """Body of the stage thread: frames go through the stages, packets bypass them in order."""
    with outbox.feeding():
        for items in _gather(inbox, batch):
            images = iter(_apply(stages, [item for item in items if isinstance(item, Frame)], meter))
            for item in items:
                outbox.put(replace(item, image=next(images)) if isinstance(item, Frame) else item)


def _gather(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Groups of up to ``size`` frames of one shape, with the packets between them."""
    held: list[Item] = []
    shapes: list[tuple[int, ...]] = []
    for item in items:
        if isinstance(item, Frame):
            if shapes and shapes[-1] != item.image.shape:
                yield held
                held, shapes = [], []
            shapes.append(item.image.shape)
        held.append(item)
        if len(shapes) in {0, size} or len(held) > _PATIENCE:
            yield held
            held, shapes = [], []
    if held:
        yield held


def _apply(stages: Sequence[Named], frames: Sequence[Frame], meter: Meter) -> list[Image]:
    if not frames:
        return []
    content = frames[0].image[None] if len(frames) == 1 else np.stack([frame.image for frame in frames])
    batch = Batch(content=content, images=content, times=[frame.time for frame in frames])
    for name, stage in stages:
        with meter.timing(name, frames=len(frames)):
            batch = stage(batch)
        if len(batch.images) != len(frames):
            raise UsageError(f"{name}: expected {len(frames)} images, got {len(batch.images)}")
    return list(batch.images)


def _is_frame(item: Item) -> bool:
    return isinstance(item, Frame)


def name_of(part: object) -> str:
    """What the report calls a source, stage or sink: its ``name`` or class."""
    return str(getattr(part, "name", type(part).__name__))


def _names(*parts: object) -> list[str]:
    """The parts' names in the report, numbered where they repeat."""
    kinds = list(map(name_of, parts))
    counts = [kinds[: index + 1].count(kind) for index, kind in enumerate(kinds)]
    return [kind if count == 1 else f"{kind} {count}" for kind, count in zip(kinds, counts, strict=True)]
