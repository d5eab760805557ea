"""Several outputs, none of which waits for another."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from rtstyle.errors import SinkError
from rtstyle.frames import Frame, VideoFormat
from rtstyle.sinks.outputs import Outputs
from tests.ending import stopwatch
from tests.fakes import Memory, Stuck
from tests.screen import wait_for

FORMAT = VideoFormat(width=64, height=48, rate=Fraction(25), live=True)
FRAME = Frame(np.zeros((48, 64, 3), np.uint8), Fraction(0))


def frames(count):
    return [replace(FRAME, time=Fraction(n, 25)) for n in range(count)]


def test_all_get_every_frame():
    """Window and file alike; the end waits until what was queued is written."""
    window, file = Memory(), Memory(wait_s=0.01)
    outputs = Outputs(window)
    outputs.attach("file", file, queue=100, patience_s=10)
    outputs.open(FORMAT)
    for frame in frames(50):
        outputs.write(frame)
    outputs.close(complete=False)
    assert [f.time for f in file.frames] == [f.time for f in window.frames] == [Fraction(n, 25) for n in range(50)]
    assert (window.complete, file.complete) == (False, True)


def test_a_dead_output_holds_nobody_up_and_is_told_once(caplog):
    """Neither while frames flow nor in the end."""
    window, dead, file = Memory(), Stuck(), Memory()
    outputs = Outputs(window)
    outputs.attach("publishing", dead, patience_s=0.2)
    outputs.attach("recording", file, queue=200, patience_s=10)
    outputs.open(FORMAT)
    with stopwatch() as watch:
        for frame in frames(100):
            outputs.write(frame)
        outputs.close()
    assert watch.seconds < 5
    assert (len(window.frames), len(file.frames)) == (100, 100)
    assert [record.message for record in caplog.records] == [
        "publishing cannot keep up and loses frames",
        "publishing did not finish within 0.2 s and is left behind",
    ]
    dead.let_go.set()


def test_a_failing_output_is_given_up(caplog):
    """With one warning; the others continue; without a window the run ends when nothing is left."""
    good, bad = Memory(), Memory(fail_at=3)
    outputs = Outputs()
    outputs.attach("good", good, queue=100, patience_s=5)
    outputs.attach("bad", bad, queue=5)
    outputs.open(FORMAT)
    for frame in frames(5):
        outputs.write(frame)
    wait_for(lambda: "bad" not in outputs)
    assert not outputs.closed
    for frame in frames(20):
        outputs.write(frame)
    outputs.detach("good")
    assert outputs.closed
    outputs.close()
    assert (len(good.frames), bad.complete) == (25, True)
    assert outputs.failures == ["bad: the sink broke"]
    assert [record.message for record in caplog.records] == ["bad: the sink broke; the others continue"]


def test_one_that_cannot_be_opened(caplog):
    """Is told, too, and no frame waits for it."""

    class Refused(Memory):
        def open(self, format, /):
            raise SinkError("rtmp://nobody: cannot be opened: Connection refused")

    outputs = Outputs()
    outputs.attach("publishing", Refused())
    outputs.open(FORMAT)
    wait_for(lambda: outputs.closed)
    outputs.write(FRAME)
    outputs.close()
    assert "publishing: rtmp://nobody: cannot be opened" in outputs.failures[0]
    assert caplog.text == ""  # no others go on, and who ran it raises what failed


def test_attached_while_frames_flow():
    """What is attached in mid-run gets the frames from then on; detached, it is finished."""
    outputs, late = Outputs(Memory()), Memory()
    outputs.open(FORMAT)
    for number, frame in enumerate(frames(10)):
        if number == 4:
            outputs.attach("late", late, queue=10, patience_s=5)
            assert "late" in outputs
            assert "late" not in outputs.known  # nothing was given to it yet
        outputs.write(frame)
    outputs.detach("late")
    outputs.detach("never there")
    outputs.close()
    assert [frame.time for frame in late.frames] == [Fraction(n, 25) for n in range(4, 10)]
    assert late.complete


def test_what_is_detached_finishes_on_its_own():
    """A recording that is stopped does not hold the picture up while it is finished; the end of the run waits."""
    outputs, slow = Outputs(Memory()), Stuck()
    outputs.open(FORMAT)
    outputs.attach("recording", slow, queue=30, patience_s=60)
    for frame in frames(20):
        outputs.write(frame)
    outputs.detach("recording")
    assert slow.items == []
    assert "recording" not in outputs
    assert outputs.unfinished == outputs.known == {"recording"}
    slow.let_go.set()
    outputs.close()
    assert outputs.unfinished == set()
    assert (len(slow.frames), slow.complete) == (20, True)


def test_the_slowest_sets_the_time():
    """Several dead outputs are waited for together, not one after the other."""
    outputs, dead = Outputs(Memory()), [Stuck() for _ in range(4)]
    for number, sink in enumerate(dead):
        outputs.attach(f"dead {number}", sink, patience_s=0.3)
    outputs.open(FORMAT)
    outputs.write(FRAME)
    with stopwatch() as watch:
        outputs.close()
    assert watch.seconds < 0.9
    for sink in dead:
        sink.let_go.set()
