"""Recordings survive everything, and say when what happened."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from rtstyle.errors import SinkError, UsageError
from rtstyle.frames import Frame, VideoFormat
from rtstyle.sinks.recorder import Recorder
from tests.clips import frame_times
from tests.screen import wait_for

FORMAT = VideoFormat(width=65, height=49, rate=Fraction(30), live=True)
CRASH = """
import os, sys, time
from fractions import Fraction
import numpy as np
from rtstyle.frames import Frame, VideoFormat
from rtstyle.sinks.recorder import Recorder

recorder = Recorder(sys.argv[1])
recorder.open(VideoFormat(width=64, height=48, rate=Fraction(30), live=True))
for n in range(100):
    recorder.write(Frame(np.full((48, 64, 3), 2 * n, np.uint8), Fraction(n, 30)))
os.kill(os.getpid(), 9)
"""


def test_the_times_are_those_of_capture(tmp_path):
    """Irregular as they are, from 0 on; an odd size loses its last row and column."""
    path, times = tmp_path / "a.mp4", [Fraction(n, 30) for n in (90, 91, 95, 95, 300)]
    recorder = Recorder(path)
    recorder.open(FORMAT)
    for n, time in enumerate(times):
        recorder.write(Frame(np.full((49, 65, 3), 40 * n, np.uint8), time))
    recorder.close(complete=False)
    got = frame_times(path)
    assert [round(float(t), 3) for t in got] == [0, 0.033, 0.167, 0.167, 7]
    with av.open(str(path)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (64, 48)


def test_without_a_frame_there_is_no_file(tmp_path):
    """Ended before anything came, a recording leaves all as it was, and closing it again is allowed."""
    old = tmp_path / "old.mp4"
    old.write_bytes(b"mine")
    for recorder in (Recorder(tmp_path / "new.mp4"), Recorder(old, overwrite=True)):
        recorder.open(FORMAT)
        recorder.close()
        recorder.close()
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_bytes() == b"mine"


def test_killed_it_has_lost_at_most_the_frame_at_hand(tmp_path):
    """After kill -9 the file is there under its name and plays."""
    path = tmp_path / "killed.mp4"
    done = subprocess.run([sys.executable, "-c", CRASH, path], check=False)
    assert done.returncode == -9
    times = frame_times(path)
    assert len(times) >= 99
    assert times[-1] >= Fraction(98, 30)


def test_a_whole_program_that_is_killed(tmp_path, invert_model):
    """The same of ``rtstyle live``, killed in mid-recording."""
    path = tmp_path / "live.mp4"
    command = [sys.executable, "-m", "rtstyle", "live", "test", "--no-window", "--camera-size", "160x120"]
    process = subprocess.Popen([*command, "--style", invert_model, "--record", path])
    wait_for(lambda: path.exists() and path.stat().st_size > 20_000)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert len(frame_times(path)) > 10


def test_what_is_there_stays(tmp_path):
    """Without ``overwrite``; and nothing but an mp4 or its kin can be played up to where it was cut."""
    path = tmp_path / "a.mp4"
    path.write_bytes(b"mine")
    with pytest.raises(SinkError, match="exists already; pass --overwrite"):
        Recorder(path)
    with pytest.raises(UsageError, match=r"expected a name that ends in .mp4, .m4v, .mov, got .mkv"):
        Recorder(tmp_path / "a.mkv")
    with pytest.raises(SinkError, match="there is no folder"):
        Recorder(tmp_path / "none" / "a.mp4")
    recorder = Recorder(path, overwrite=True)
    assert path.read_bytes() == b"mine"
    recorder.open(FORMAT)
    recorder.write(Frame(np.zeros((49, 65, 3), np.uint8), Fraction(0)))
    recorder.close()
    assert len(frame_times(path)) == 1


def test_an_encoder_that_refuses_leaves_no_empty_file(tmp_path):
    """A picture of one column has no even width that H.264 could hold."""
    recorder = Recorder(tmp_path / "a.mp4")
    recorder.open(replace(FORMAT, width=1))
    with pytest.raises(SinkError, match="cannot be opened"):
        recorder.write(Frame(np.zeros((49, 1, 3), np.uint8), Fraction(0)))
    recorder.close()
    assert not list(tmp_path.iterdir())
