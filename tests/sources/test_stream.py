"""Streams from the network, for real, on loopback; and the screen."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from threading import Thread

import av
import pytest

from rtstyle.errors import SourceError, UsageError
from rtstyle.sources import choose, live_source
from rtstyle.sources.live_source import RECONNECTING
from rtstyle.sources.pace import Pace
from rtstyle.sources.stream import Stream, check_port, nothing_shown
from tests.clips import make_clip
from tests.ports import free_port
from tests.screen import PATIENCE_S

PICTURE = ["-re", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=20"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "20", "-pix_fmt", "yuv420p"]
RTSP_SERVER = Path(__file__).parents[1] / "rtsp_server.py"


@pytest.fixture
def ffmpeg():
    """Starts ffmpeg; ends it."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg on this machine; `make system` installs it where it may")
    started = []

    def start(*arguments):
        process = subprocess.Popen(["ffmpeg", "-v", "error", *map(str, arguments)], stdin=subprocess.DEVNULL)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def open_patiently(address):
    """Opened as soon as somebody is there."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return choose.open_live(address)
        except SourceError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def watch(source, frames):
    """So many new frames, checked."""
    seen = []
    for frame in source:
        if not source.status:
            seen.append(frame)
        if len(seen) == frames:
            break
    assert seen[0].image.shape == (240, 320, 3)
    assert seen[0].image.std() > 30
    assert len(seen) == frames
    return seen


def test_udp_that_stops_and_comes_back(ffmpeg, monkeypatch):
    """MPEG-TS over UDP: frames come in real time; when the sender dies and another starts, so does the picture."""
    monkeypatch.setattr(live_source, "_BACK_OFF_S", (0.2,))
    address = f"udp://127.0.0.1:{free_port()}"
    sender = ffmpeg(*PICTURE, *H264, "-f", "mpegts", f"{address}?pkt_size=1316")
    source = open_patiently(address)
    start = time.monotonic()
    watch(source, 40)  # those of a second come at once
    assert time.monotonic() - start > 0.3
    sender.kill()
    frames = iter(source)
    deadline = time.monotonic() + PATIENCE_S
    while source.status != RECONNECTING:
        next(frames)
        assert time.monotonic() < deadline
    ffmpeg(*PICTURE, *H264, "-f", "mpegts", f"{address}?pkt_size=1316")
    while source.status == RECONNECTING:
        next(frames)
        assert time.monotonic() < deadline
    source.close()


def test_a_stuck_listener_keeps_no_port(ffmpeg):
    """PyAV never answers again where a sender has begun anew with other PIDs; whoever listens next is sent all."""
    address = f"udp://127.0.0.1:{free_port()}"
    ffmpeg(*PICTURE, *H264, "-f", "mpegts", f"{address}?pkt_size=1316")
    deadline, stuck = time.monotonic() + PATIENCE_S, None
    while stuck is None:
        with suppress(SourceError):
            stuck = Stream(address)
        assert time.monotonic() < deadline
    stream = Stream(address)
    assert {stream.read().shape for _ in range(40)} == {(240, 320, 3)}
    stream.close()
    stuck.close()


def test_another_codec_in_mid_stream(tmp_path):
    """Is not waited for as a lost packet's key frame is: whoever opens the stream again sees it."""
    path = make_clip(tmp_path / "a.ts", sound=False)
    with av.open(str(tmp_path / "b.ts"), "w") as clip:
        video = clip.add_stream("mpeg2video", rate=25, width=64, height=48, pix_fmt="yuv420p")
        for pts in range(25):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts = pts
            clip.mux(video.encode(frame))
        clip.mux(video.encode(None))
    path.write_bytes(path.read_bytes() + (tmp_path / "b.ts").read_bytes())
    stream = Stream(str(path))
    stream.silence_s = 0
    with pytest.raises(SourceError, match=r"a\.ts: sends what cannot be decoded"):
        [stream.read() for _ in range(100)]
    stream.close()


def test_the_first_picture_does_not_wait_for_the_second_key_frame(tmp_path):
    """What FFmpeg looked at to know the stream is shown: a camera's next key frame may be ten seconds away."""
    stream = Stream(str(make_clip(tmp_path / "a.ts", frames=50, sound=False, g="1000")))
    assert [stream.read()[40, 50, 0] for _ in range(3)] == pytest.approx([16, 21, 26], abs=2)
    stream.close()


def test_http(ffmpeg):
    """MJPEG over HTTP, as cheap cameras send it, from a server that serves but once."""
    port = free_port()
    target = ["-f", "mpjpeg", "-listen", "1", f"http://127.0.0.1:{port}"]
    ffmpeg(*PICTURE, "-c:v", "mjpeg", "-q:v", "5", *target)
    source = open_patiently(f"http://127.0.0.1:{port}")
    watch(source, 10)
    source.close()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The address at which the test's folder is served, and what was asked for there."""
    asked = []
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda handler, *_: asked.append(handler.path))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path)) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def make_playlist(path, **options):
    """Three segments of two seconds, to be continued."""
    make_clip(path, frames=150, sound=False, g="50", **options)
    path.write_text(path.read_text(encoding="ascii").replace("#EXT-X-ENDLIST\n", ""), encoding="ascii")


def test_hls(server, tmp_path):
    """A segment comes all at once; each of its frames is given, and at its own time."""
    make_playlist(tmp_path / "list.m3u8")
    source = choose.open_live(f"{server[0]}/list.m3u8")
    times = [frame.captured for frame in islice(source, 50)]
    assert 1.5 < times[-1] - times[0] < 4
    source.close()


def test_hls_shows_nothing_twice(server, tmp_path, monkeypatch):
    """A playlist that stops offers its last segments again to who comes back; what is new then is shown."""
    monkeypatch.setattr("rtstyle.sources.stream._SEGMENT_S", 2.0)
    monkeypatch.setattr(Pace, "wait", lambda _, time_s: times.append(time_s))
    times, address, shown = [], f"{server[0]}/list.m3u8", nothing_shown()
    make_playlist(tmp_path / "list.m3u8")
    whole = (tmp_path / "list.m3u8").read_text(encoding="ascii")
    (tmp_path / "list.m3u8").write_text(whole[: whole.rindex("#EXTINF")], encoding="ascii")
    first = Stream(address, shown=shown)
    with pytest.raises(SourceError, match="has ended"):
        [first.read() for _ in range(1000)]
    first.close()
    (tmp_path / "list.m3u8").write_text(whole, encoding="ascii")
    second = Stream(address, shown=shown)
    second.read()
    second.close()
    assert len(times) == 101
    assert times == sorted(set(times))


def test_hls_in_several_sizes(server, tmp_path):
    """Of those that are not shown no more is fetched than it takes to know them."""
    address, asked = server
    make_playlist(tmp_path / "small.m3u8")
    make_playlist(tmp_path / "large.m3u8", size=(128, 96))
    sizes = [f"#EXT-X-STREAM-INF:BANDWIDTH=1000\n{name}.m3u8\n" for name in ("small", "large")]
    (tmp_path / "all.m3u8").write_text("".join(["#EXTM3U\n", *sizes]), encoding="ascii")
    stream = Stream(f"{address}/all.m3u8")
    assert {stream.read().shape for _ in range(60)} == {(48, 64, 3)}
    stream.close()
    assert "/small1.ts" in asked
    assert "/large1.ts" not in asked


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_rtsp(transport):
    """From GStreamer's server, as it wants to send it."""
    port = free_port()
    try:
        server = subprocess.Popen(["/usr/bin/python3", RTSP_SERVER, str(port)], stdout=subprocess.PIPE, text=True)
    except FileNotFoundError:
        pytest.skip("no GStreamer with Python on this machine; `make system` installs it where it may")
    try:
        if server.stdout.readline().strip() != "ready":
            pytest.skip("no GStreamer RTSP server on this machine; `make system` installs it where it may")
        source = open_patiently(f"rtsp://127.0.0.1:{port}/{transport}")
        watch(source, 10)
        source.close()
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def test_nobody_there():
    """One sentence each; srt:// where this FFmpeg does not know it is another."""
    port = free_port()
    for address in (f"rtsp://127.0.0.1:{port}/x", f"http://127.0.0.1:{port}"):
        with pytest.raises(SourceError, match="cannot be opened: Connection refused"):
            choose.open_live(address)
    with pytest.raises(SourceError, match=r"does not know srt|cannot be opened"):
        choose.open_live(f"srt://127.0.0.1:{port}")


def test_a_title_in_latin_1(clip):
    """What is not UTF-8 in a film's tags keeps nobody from the film."""
    clip.write_bytes(clip.read_bytes().replace(b"Lavf", b"\xe9\xe9\xe9\xe9"))
    stream = Stream(str(clip))
    assert stream.duration_s > 0
    stream.close()


def test_a_picture_that_cannot_be_converted(tmp_path, monkeypatch):
    """A sentence, with the stream's address."""
    monkeypatch.setattr("rtstyle.sources.stream.RgbConverter", lambda _frame: int("\N{BLACK SQUARE}"))
    stream = Stream(str(make_clip(tmp_path / "a.ts", sound=False)))
    with pytest.raises(SourceError, match=r"a\.ts: yuv420p cannot be converted to RGB"):
        stream.read()
    stream.close()


def test_the_screen(screen, monkeypatch):
    """What is on it, at the size asked for; where it is smaller or there is none, a sentence."""
    monkeypatch.setitem(os.environ, "DISPLAY", screen.name)
    source = choose.open_live("screen", choose.CaptureRequest(size=(320, 240)))
    frames = iter(source)
    assert [next(frames).image.shape for _ in range(3)] == [(240, 320, 3)] * 3
    source.close()
    with pytest.raises(SourceError, match=r"cannot be grabbed: .*; is it as large as 2000x1000\?"):
        choose.open_live("screen", choose.CaptureRequest(size=(2000, 1000)))
    monkeypatch.setitem(os.environ, "DISPLAY", "")
    with pytest.raises(SourceError, match="screen: there is no X display"):
        choose.open_live("screen")


@pytest.mark.parametrize("system", ["Windows", "Darwin"])
def test_a_screen_that_is_taken_whole(system, monkeypatch):
    """Where the grabber knows no size, whoever asks for one is told."""
    monkeypatch.setattr(choose.platform, "system", lambda: system)
    with pytest.raises(UsageError, match="screen: only X11 can be asked for a size"):
        choose.open_live("screen", choose.CaptureRequest(size=(320, 240)))


def test_a_port_that_is_taken():
    """Is told before anything is opened; a multicast group's may be shared."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", 0))
        port = other.getsockname()[1]
        with pytest.raises(SourceError, match=f"udp://127.0.0.1:{port}: cannot be opened: Address already in use"):
            choose.open_live(f"udp://127.0.0.1:{port}")
        check_port(f"udp://@239.1.2.3:{port}")
    check_port(f"udp://@:{port}")
    with pytest.raises(
        SourceError, match=r"^udp://127.0.0.1:99999: Port out of range 0-65535; expected udp://HOST:PORT"
    ):
        choose.open_live("udp://127.0.0.1:99999")
