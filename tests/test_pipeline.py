"""The whole pipeline, on fakes: nothing lost, nothing left behind, nothing hanging."""

import signal
import threading
import time
import tracemalloc
from fractions import Fraction

import av
import numpy as np
import pytest

import rtstyle.pipeline
from rtstyle.errors import UsageError
from rtstyle.frames import Frame, Packet, VideoFormat
from rtstyle.pipeline import run
from rtstyle.sinks.null import Null
from tests.ending import stopwatch
from tests.fakes import ColorBars, Invert, Memory
from tests.screen import PATIENCE_S, wait_for


def test_every_frame_once_and_in_order():
    """What the source gives is what the sink gets, with its times, and the report says so."""
    sink, stage = Memory(), Invert()
    source = ColorBars(100)
    report = run(source, [stage], sink)
    assert sink.numbers == [255 - n for n in range(100)]
    assert [frame.time for frame in sink.frames] == [Fraction(n, 25) for n in range(100)]
    assert all(frame.duration == Fraction(1, 25) for frame in sink.frames)
    assert (report.frames_in, report.frames_out, report.frames_dropped) == (100, 100, 0)
    assert set(report.stages) == {"ColorBars", "Invert", "Memory"}
    assert 0 < report.first_frame_s < report.seconds
    assert (stage.resets, sink.complete, source.closed) == (1, True, True)


@pytest.mark.parametrize("batch", [2, 4, 7, 100, 1000])
def test_batching_is_invisible(batch):
    """Any batch size gives the frames that one at a time gives; only the last batch may be short."""
    sink, stage = Memory(), Invert()
    run(ColorBars(100), [stage], sink, batch=batch)
    assert sink.numbers == [255 - n for n in range(100)]
    assert set(stage.batches[:-1]) <= {batch}
    assert sum(stage.batches) == 100


def test_a_failing_source_reaches_the_caller():
    """The source's own exception is raised, after the frames before it, and the sink knows."""
    sink = Memory()
    with pytest.raises(OSError, match="the source broke"):
        run(ColorBars(100, fail_at=30), [Invert()], sink)
    assert sink.numbers == [255 - n for n in range(30)]
    assert sink.complete is False


def test_a_failing_stage_reaches_the_caller():
    """A stage's exception is raised, the sink knows, and the source is closed."""
    sink, source = Memory(), ColorBars(10_000)
    with pytest.raises(RuntimeError, match="the stage broke"):
        run(source, [Invert(fail_at=5)], sink)
    assert (len(sink.frames), sink.complete, source.closed) == (5, False, True)


def test_a_failing_sink_reaches_the_caller():
    """A sink's exception is raised and ends both threads, though their channels are full."""
    sink, source = Memory(fail_at=5), ColorBars(10_000)
    with pytest.raises(OSError, match="the sink broke"):
        run(source, [Invert()], sink, batch=3)
    assert (sink.complete, source.closed) == (False, True)


def test_a_failing_progress_callback_reaches_the_caller():
    """Nor does a broken callback leave anything running."""

    def progress(_):
        raise ZeroDivisionError

    sink = Memory()
    with pytest.raises(ZeroDivisionError):
        run(ColorBars(1000), [], sink, progress=progress)
    assert sink.complete is False


def test_ctrl_c_in_the_middle():
    """KeyboardInterrupt, raised where a signal raises it, ends the run at once."""

    class Interrupted(Memory):
        def write(self, item, /):
            raise KeyboardInterrupt

    sink = Interrupted()
    with stopwatch() as watch, pytest.raises(KeyboardInterrupt):
        run(ColorBars(10_000), [Invert()], sink)
    assert watch.seconds < 5
    assert sink.complete is False


def test_an_impatient_second_ctrl_c_does_not_close_a_source_that_is_being_read():
    """However often it is interrupted, the run ends when its threads have, and the source is closed after that."""
    reading, go_on, interrupted = threading.Event(), threading.Event(), []

    class Slow(ColorBars):
        def __iter__(self):
            for number, frame in enumerate(super().__iter__()):
                if number == 50:
                    reading.set()
                    go_on.wait(PATIENCE_S)  # as a decoder or a network that takes its time
                    reading.clear()
                yield frame

        def close(self):
            assert not reading.is_set(), "closed under its own thread"
            super().close()

    def interrupted_at(_number, _stack):
        interrupted.append(None)
        raise KeyboardInterrupt

    def interrupt():
        reading.wait(PATIENCE_S)
        for number in range(2):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            wait_for(lambda number=number: len(interrupted) > number)
        time.sleep(0.1)  # in which the source could be closed
        go_on.set()

    before = signal.signal(signal.SIGINT, interrupted_at)
    source, sink = Slow(1000), Memory()
    impatient = threading.Thread(target=interrupt)
    impatient.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(source, [Invert()], sink)
        assert len(interrupted) == 2
        assert (source.closed, sink.complete) == (True, False)
    finally:
        impatient.join()
        signal.signal(signal.SIGINT, before)


def test_a_source_that_never_answers_is_left_open(monkeypatch, caplog):
    """The run ends all the same, within the time a network source may take."""
    monkeypatch.setattr(rtstyle.pipeline, "_JOIN_S", 0.2)
    answer = threading.Event()
    source = ColorBars(10, tick=lambda index: index == 1 and answer.wait(PATIENCE_S))
    with pytest.raises(OSError, match="the sink broke"):
        run(source, [], Memory(fail_at=0))
    assert not source.closed
    assert "left open" in caplog.text
    answer.set()


def test_a_slow_sink_loses_nothing_and_holds_the_source_back():
    """The source runs ahead by no more than the queues hold."""
    ahead = []
    sink = Memory(wait_s=0.005)
    source = ColorBars(60, tick=lambda index: ahead.append(index - len(sink.items)))
    run(source, [Invert()], sink)
    assert sink.numbers == [255 - n for n in range(60)]
    assert max(ahead) <= 12


def test_a_live_source_drops_what_is_late_and_keeps_the_order():
    """A camera that is faster than the sink loses frames, never the newest, and the report counts them."""
    ahead = threading.Event()

    class Late(Memory):
        def write(self, item, /):
            ahead.wait(PATIENCE_S)
            super().write(item)

    sink = Late()
    report = run(ColorBars(200, live=True, tick=lambda index: index == 100 and ahead.set()), [], sink)
    assert sink.numbers == sorted(sink.numbers)
    assert sink.numbers[-1] == 199
    assert report.frames_dropped > 0
    assert report.frames_in == report.frames_out + report.frames_dropped == 200


@pytest.mark.parametrize(("live", "complete"), [(False, False), (True, True)])
def test_a_sink_that_closes_ends_the_run(live, complete):
    """A window that is shut ends the run: of a camera that is all there is, of a film a part."""
    sink = Memory(close_after=10)
    run(ColorBars(100_000, live=live), [Invert()], sink)
    assert len(sink.frames) == 10
    assert sink.complete is complete


def test_packets_pass_the_stages_by_in_their_place():
    """Sound keeps its place among the frames, whatever the batch."""

    class WithSound(ColorBars):
        def __iter__(self):
            for frame in super().__iter__():
                yield Packet(av.Packet(bytes([int(frame.image[0, 0, 0])])))
                yield frame
            yield Packet(av.Packet(b"end"))

    for batch in (1, 3):
        sink = Memory()
        run(WithSound(10), [Invert()], sink, batch=batch)
        assert [type(item) for item in sink.items] == [Packet, Frame] * 10 + [Packet]
        assert [bytes(p.packet) for p in sink.packets] == [bytes([n]) for n in range(10)] + [b"end"]


def test_frames_of_several_sizes_never_share_a_batch():
    """Photos of any size can follow each other."""

    class Photos:
        format = VideoFormat(width=20, height=10, rate=None)

        def __iter__(self):
            for index, size in enumerate([(10, 20), (10, 20), (30, 20), (10, 20)]):
                yield Frame(np.zeros((*size, 3), np.uint8), Fraction(index))

        def close(self):
            pass

    stage, sink = Invert(), Memory()
    run(Photos(), [stage], sink, batch=4)
    assert stage.batches == [2, 1, 1]
    assert [frame.image.shape[0] for frame in sink.frames] == [10, 10, 30, 10]


def test_a_stage_that_loses_a_frame_is_found_out():
    """A batch that comes back shorter is an error, not a shorter film."""

    class Lossy(Invert):
        def __call__(self, batch, /):
            inverted = super().__call__(batch)
            return type(batch)(batch.content, inverted.images[1:], batch.times)

    with pytest.raises(UsageError, match="Lossy: expected 4 images, got 3"):
        run(ColorBars(8), [Lossy()], Memory(), batch=4)


def test_parts_of_one_class_are_told_apart_in_the_report():
    """Two stages alike have a line each, and a source that is also a sink is counted once for each."""

    class Both(ColorBars, Memory):
        def __init__(self, frames):
            Memory.__init__(self)
            ColorBars.__init__(self, frames)
            self.close = lambda **_: None

        def open(self, format, /):
            pass

    sink = Both(3)
    report = run(Both(8), [Invert(), Invert(), Invert()], sink)
    assert set(report.stages) == {"Both", "Invert", "Invert 2", "Invert 3", "Both 2"}
    assert (report.frames_in, report.frames_out) == (8, 8)
    assert sink.numbers == [255 - n for n in range(8)]


def test_a_batch_of_nothing_is_refused():
    """batch=0 is a sentence, not an endless loop, and the source is closed."""
    source = ColorBars(8)
    with pytest.raises(UsageError, match="expected 1 or more, got 0"):
        run(source, [], Memory(), batch=0)
    assert source.closed


def test_a_source_without_a_format_is_closed():
    """A format that fails when it is asked for is raised, and nothing stays open."""

    class Shapeless(ColorBars):
        def __getattribute__(self, name):
            if name == "format":
                raise OSError("no format")
            return super().__getattribute__(name)

    source = Shapeless(8)
    with pytest.raises(OSError, match="no format"):
        run(source, [], Memory())
    assert source.closed


def test_memory_is_flat_over_three_thousand_frames():
    """The peak over 3,000 frames is what the two channels and the batches between them hold."""

    def peak(frames):
        tracemalloc.start()
        run(ColorBars(frames, size=(120, 160)), [Invert()], Null(), batch=2)
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak_bytes

    assert peak(3000) < 30 * 120 * 160 * 3


def test_progress_counts_every_frame():
    """The callback hears of each frame, with the total that the source promises."""
    seen = []
    run(ColorBars(12), [], Memory(), progress=seen.append)
    assert [now.frames for now in seen] == list(range(1, 13))
    assert {now.total for now in seen} == {12}
