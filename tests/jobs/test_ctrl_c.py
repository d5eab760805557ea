"""Ctrl-C at any moment ends within a second, whatever is stuck, and finishes the recording."""

import select
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from fractions import Fraction

import numpy as np
import pytest

from rtstyle.errors import SourceError
from rtstyle.jobs.live.look import Look
from rtstyle.jobs.live.show import Show
from rtstyle.sinks.recorder import Recorder
from rtstyle.sources.aside import aside
from rtstyle.sources.live_source import LiveSource
from rtstyle.styles import find_style
from tests.clips import frame_times, recorded
from tests.ending import lines_of, seconds_to_end, stopwatch
from tests.fakes import Stuck
from tests.screen import PATIENCE_S, wait_for

LIVE = [sys.executable, "-m", "rtstyle", "live"]
STOPPED = "rtstyle: stopped; what was recorded is complete\n"
NOTHING = "rtstyle: stopped; nothing was recorded\n"


def failure_of(process):
    """What the next line says has failed."""
    return next(lines_of(process)).removesuffix("; the others continue\n").removeprefix("rtstyle: ")


def boxes(path):
    """The names of an mp4's outermost boxes (ISO 14496-12, 4.2)."""
    data, names, at = path.read_bytes(), [], 0
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4], "big")
    return names


@pytest.fixture
def start():
    """Starts ``rtstyle live``."""
    started = []

    def go(*arguments):
        process = subprocess.Popen([*LIVE, *map(str, arguments)], stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield go
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def deaf_server():
    """A port on which connections are accepted and nobody ever says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port_of(server):
    return server.getsockname()[1]


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_the_recording_is_finished(start, tmp_path, invert_model, signal_):
    """What was recorded is an ordinary mp4."""
    path = tmp_path / "a.mp4"
    process = start("test", "--no-window", "--camera-size", "320x240", "--record", path, "--style", invert_model)
    wait_for(lambda: len(recorded(path)) > 5)
    process.send_signal(signal_)
    assert seconds_to_end(process) < 1
    said = "".join(lines_of(process))
    if signal_ == signal.SIGINT:
        assert (process.returncode, said) == (130, STOPPED)
    assert boxes(path) == ["ftyp", "free", "mdat", "moov"]  # no fragments are left: it was finished
    assert len(frame_times(path)) > 5


def test_a_recording_that_failed_is_not_called_whole(tmp_path, invert_model):
    """On a full disk the last line says what became of it; the other output went on until then."""
    path = tmp_path / "a.mp4"
    options = ["test", "--no-window", "--camera-size", "320x240", "--style", invert_model, "--record", path]
    command = ["sh", "-c", 'ulimit -f 50; exec "$@"', "sh", *LIVE, *options, "--publish", "udp://127.0.0.1:9"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        failure = failure_of(process)
        process.send_signal(signal.SIGINT)
        assert "".join(lines_of(process)) == f"rtstyle: stopped; {failure}\n"
    assert failure == f"recording: {path}: cannot be written: File too large"
    assert process.returncode == 130


def test_a_recording_is_called_whole_beside_what_failed(start, tmp_path, invert_model):
    """Who published in vain still hears that the recording is complete."""
    path, options = tmp_path / "a.mp4", ["--no-window", "--camera-size", "320x240", "--style", invert_model]
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = f"rtmp://127.0.0.1:{server.getsockname()[1]}/live/key"
    process = start("test", *options, "--record", path, "--publish", nobody)
    failure = failure_of(process)
    assert failure == f"publishing: {nobody}: cannot be opened: Connection refused"
    wait_for(lambda: len(recorded(path)) > 5)
    process.send_signal(signal.SIGINT)
    assert "".join(lines_of(process)) == f"rtstyle: stopped; {failure}; what was recorded is complete\n"


@pytest.mark.parametrize("after_s", [0.3, 0.6, 0.9, 1.2, 1.6, 2.2])
def test_at_any_moment(start, tmp_path, after_s):
    """While it loads, while it opens, while a style is made ready and while it paints: one line at most, and 130."""
    process = start("test", "--no-window", "--record", tmp_path / "a.mp4", "--style", "wave", "--style", "starry-night")
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    assert seconds_to_end(process) < 1
    said = "".join(lines_of(process))
    if process.returncode == -signal.SIGINT or "not import runpy" in said:  # Python was still starting
        assert "rtstyle/cli" not in said
    else:
        assert process.returncode == 130, said
        assert said in {"", NOTHING, STOPPED}


@pytest.mark.parametrize("scheme", ["http", "rtsp", "tcp"])
def test_while_a_server_does_not_answer(start, deaf_server, invert_model, scheme):
    """Opening a stream may take ten seconds; nobody has to wait for that."""
    address = f"{scheme}://127.0.0.1:{port_of(deaf_server)}/x"
    process = start(address, "--no-window", "--seconds", 9, "--style", invert_model)
    assert select.select([deaf_server], [], [], PATIENCE_S)[0]
    time.sleep(0.2)  # in which an answer could come
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert seconds_to_end(process) < 1
    assert process.returncode == 130
    assert "".join(lines_of(process)) in {"", NOTHING}


def test_while_an_output_does_not_answer(start, deaf_server, tmp_path, invert_model):
    """A server that accepts and says nothing is left behind, and the recording beside it is whole."""
    path, address = tmp_path / "a.mp4", f"rtmp://127.0.0.1:{port_of(deaf_server)}/live/key"
    options = ["--no-window", "--camera-size", "320x240", "--style", invert_model]
    process = start("test", *options, "--record", path, "--publish", address)
    wait_for(lambda: len(recorded(path)) > 5)
    process.send_signal(signal.SIGINT)
    assert seconds_to_end(process) < 1
    assert process.returncode == 130
    assert boxes(path) == ["ftyp", "free", "mdat", "moov"]


class Silent:
    """A camera that gives pictures until it is hushed, and then never answers again."""

    rate = Fraction(30)

    def __init__(self, hush, answer):
        self.hush, self.answer = hush, answer

    def read(self):
        if self.hush.wait(1 / 30):
            self.answer.wait(20)
            raise SourceError("gone")
        return np.zeros((120, 160, 3), np.uint8)

    def close(self):
        pass


def test_with_everything_stuck_at_once(tmp_path, invert_model):
    """A camera in mid-read, a style that takes for ever to load and two dead servers: within a second all the same."""
    hush, answer, path = threading.Event(), threading.Event(), tmp_path / "a.mp4"
    dead = [Stuck(), Stuck()]
    source = LiveSource(lambda: Silent(hush, answer), name="camera 0", timeout_s=0.5)
    show = Show(source, [find_style(invert_model)] * 2, Look(), size=None, device="cpu", seconds=None)
    show.outputs.attach("recording", Recorder(path), queue=30, patience_s=10)
    for number, sink in enumerate(dead):
        show.outputs.attach(f"dead {number}", sink, patience_s=0.3)
    paint, stuck_from_s, interrupted = show._paint_with, [], []

    def paint_with(wish):
        if wish[0]:
            answer.wait(20)
        return paint(wish)

    show._switch._build = paint_with

    def progress(now):
        if now.frames >= 5 and not hush.is_set():
            show._session.press("2")
            hush.set()
            stuck_from_s.append(now.seconds)
        if hush.is_set() and now.seconds > stuck_from_s[0] + 1:
            interrupted.append(ending.enter_context(stopwatch()))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), ExitStack() as ending:
        show.run(progress)
    answer.set()
    for sink in dead:
        sink.let_go.set()
    assert interrupted[0].seconds < 1.5  # a second on a machine that does nothing else
    assert len(frame_times(path)) >= 5


def test_what_is_made_too_late_is_let_go():
    """Whoever waits for it may be interrupted; what comes afterwards is discarded, and no thread stays."""
    begin, discarded, letting_go = threading.Event(), [], threading.Event()

    def make():
        begin.wait(10)
        return "a camera"

    def discard(thing):
        discarded.append(thing)
        letting_go.set()

    def interrupt():
        time.sleep(0.2)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        aside(make, discard)
    begin.set()
    assert letting_go.wait(5)
    assert discarded == ["a camera"]
    assert aside(lambda: 1, discarded.append) == 1
    with pytest.raises(SourceError, match="no"):
        aside(lambda: (_ for _ in ()).throw(SourceError("no")), discarded.append)
