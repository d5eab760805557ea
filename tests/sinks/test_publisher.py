"""What goes out arrives: received by ffmpeg."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtstyle.errors import SinkError
from rtstyle.frames import Frame, VideoFormat
from rtstyle.sinks import relay
from rtstyle.sinks.publisher import Publisher
from tests.clips import frame_times
from tests.ports import free_port
from tests.screen import PATIENCE_S, wait_for


@pytest.mark.parametrize("scheme", ["udp", "rtmp", "rtsp"])
def test_published_and_received(scheme, tmp_path, invert_model):
    """Over MPEG-TS, RTMP and RTSP: another program gets the picture, painted, in real time."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg on this machine; `make system` installs it where it may")
    port, received = free_port(), tmp_path / "received.mkv"
    address = f"{scheme}://127.0.0.1:{port}" + {"udp": "", "rtmp": "/live/key", "rtsp": "/live"}[scheme]
    listen = {"udp": [], "rtmp": ["-listen", "1"], "rtsp": ["-rtsp_flags", "listen"]}[scheme]
    receive = ["ffmpeg", "-v", "error", *listen, "-i", address, "-frames:v", "40", "-c", "copy", received]
    receiver = subprocess.Popen(receive, stdin=subprocess.DEVNULL)
    wait_for(lambda: is_bound(port))
    command = [sys.executable, "-m", "rtstyle", "live", "test", "--no-window", "--camera-size", "320x240"]
    start = time.monotonic()
    sender = subprocess.Popen(
        [*command, "--style", invert_model, "--publish", address], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert receiver.wait(PATIENCE_S) == 0
        times = frame_times(received)
        assert len(times) == 40
        assert times[0] < 0.5  # with the first frame, which is a key frame
        assert 1.2 < times[-1] - times[0] < time.monotonic() - start
    finally:
        receiver.kill()
        sender.kill()
        sender.communicate()


def is_bound(port):
    """Whether some program listens there, as Linux tells without asking it."""
    tables = [Path(f"/proc/net/{table}") for table in ("udp", "udp6", "tcp", "tcp6")]
    return any(f":{port:04X} " in table.read_text(encoding="ascii") for table in tables if table.exists())


def test_a_server_that_never_says_a_word_stops_nothing(tmp_path, invert_model):
    """PyAV connects under Python's lock: the picture goes on all the same, and the recording beside it is whole."""
    path = tmp_path / "a.mp4"
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        command = [sys.executable, "-m", "rtstyle", "live", "test", "--no-window", "--style", str(invert_model)]
        address = f"rtmp://127.0.0.1:{deaf.getsockname()[1]}/live/key"
        options = ["--camera-size", "320x240", "--publish", address, "--record", path, "--seconds", "4"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    said = [line for line in done.stderr.splitlines() if "recording cannot keep up" not in line]  # the machine's fault
    assert said == ["rtstyle: publishing did not finish within 0.3 s and is left behind"]
    assert max(frame_times(path)) > 2


def test_silence_is_told(monkeypatch):
    """After ten seconds, here one, of it; and what connects is ended, without a signal, which Windows does not have."""
    monkeypatch.setattr(relay, "SILENCE_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        publisher = Publisher(f"rtmp://127.0.0.1:{deaf.getsockname()[1]}/live/key")
        before = signal.signal(signal.SIGALRM, signal.SIG_IGN)  # processes inherit that
        publisher.open(VideoFormat(width=64, height=48, rate=Fraction(25), live=True))
        signal.signal(signal.SIGALRM, before)
        with pytest.raises(SinkError, match="nobody answers"):
            publisher.write(Frame(np.zeros((48, 64, 3), np.uint8), Fraction(0)))
        publisher.close()


def test_an_address_without_a_port():
    """One sentence, without what PyAV has to say of options that were not used."""
    publisher = Publisher("udp://127.0.0.1")
    publisher.open(VideoFormat(width=64, height=48, rate=Fraction(25), live=True))

    def fails():
        try:
            publisher.write(Frame(np.zeros((48, 64, 3), np.uint8), Fraction(0)))
        except SinkError as error:
            return str(error)

    assert wait_for(fails) == "udp://127.0.0.1: breaks off: Invalid argument"
    publisher.close()


def test_nobody_listens(invert_model):
    """Where it is the only output, the end is one sentence and exit code 1."""
    command = [sys.executable, "-m", "rtstyle", "live", "test", "--no-window", "--style", str(invert_model)]
    address = f"rtmp://127.0.0.1:{free_port()}/live"
    command += ["--publish", address]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert done.stderr.count(f"publishing: {address}: cannot be opened: Connection refused") == 1


def test_beside_a_recording_a_dead_address_is_a_warning(tmp_path, invert_model):
    """The recording is whole, a warning says what is missing, and so do the report and the exit code."""
    path, address = tmp_path / "a.mp4", f"rtmp://127.0.0.1:{free_port()}/live"
    command = [sys.executable, "-m", "rtstyle", "live", "test", "--no-window", "--style", str(invert_model)]
    options = ["--camera-size", "320x240", "--publish", address, "--record", path, "--seconds", "3", "--json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    failure = f"publishing: {address}: cannot be opened: Connection refused"
    assert done.stderr == f"rtstyle: {failure}; the others continue\nrtstyle: {failure}\n"
    assert done.returncode == 1
    assert len(frame_times(path)) > 3
    report = json.loads(done.stdout)
    assert report["frames_out"] > 3
    assert (report["output"], report["failures"]) == (str(path), [failure])


def test_addresses():
    """What cannot be an address is refused at once."""
    for wrong in ("ftp://x/y", "server/key"):
        with pytest.raises(SinkError, match="expected an address that begins with one of rtmp://"):
            Publisher(wrong)
