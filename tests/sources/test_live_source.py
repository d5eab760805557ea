"""Cameras that go away, come back, fall silent, and send what nobody asked for."""

import gc
import threading
import time
from fractions import Fraction

import cv2
import numpy as np
import pytest
from av.container import InputContainer
from av.video.stream import VideoStream

from rtstyle.errors import SourceError, UsageError
from rtstyle.pipeline import _LIVE_JOIN_S
from rtstyle.sources import choose, live_source
from rtstyle.sources.camera import Camera
from rtstyle.sources.camera_list import CameraInfo
from rtstyle.sources.live_source import RECONNECTING, LiveSource, fitted
from rtstyle.sources.square import squared
from rtstyle.sources.stream import Stream
from tests.clips import make_clip
from tests.fakes import Clock
from tests.screen import PATIENCE_S


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(live_source, "_BACK_OFF_S", (0.05, 0.1))
    monkeypatch.setattr(live_source, "_BEAT_S", 0.05)
    monkeypatch.setattr(live_source, "_ANSWER_S", 0.3)


@pytest.fixture
def clock(monkeypatch):
    """The time by which films are played and cameras are given up."""
    clock = Clock()
    for module in ("camera", "paced"):
        monkeypatch.setattr(f"rtstyle.sources.{module}.time", clock)
    monkeypatch.setattr("rtstyle.sources.paced.perf_counter", clock.monotonic)
    return clock


class Fake:
    """Gives pictures of its own grey; ends, or falls silent, after ``count``."""

    rate = Fraction(30)

    def __init__(self, level, count=10**9, *, silent=None, size=(48, 64)):
        self.level, self.count, self.silent, self.size = level, count, silent, size
        self.closed = threading.Event()

    def read(self):
        self.count -= 1
        if self.count < 0:
            if self.silent is not None:
                self.silent.wait(2 * PATIENCE_S)
            raise SourceError("unplugged")
        time.sleep(0.005)
        return np.full((*self.size, 3), self.level, np.uint8)

    def close(self):
        self.closed.set()


def opening(*devices):
    """Opens one after the other, and the last again and again; an error in their place is raised."""
    waiting = list(devices)

    def open_next():
        device = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(device, Exception):
            raise device
        return device

    return open_next


def until(source, condition):
    """Frames up to the first for which ``condition`` holds."""
    frames, deadline = [], time.monotonic() + PATIENCE_S
    for frame in source:
        frames.append(frame)
        if condition(frame):
            return frames
        assert time.monotonic() < deadline, "did not happen"
    raise AssertionError("ended")


def test_unplugged_and_plugged_in_again(caplog):
    """The last picture stands and the status says so; attempts go on until one succeeds; time never runs back."""
    first, second = Fake(10, 5), Fake(20)
    gone = SourceError("no such camera")
    source = LiveSource(opening(first, gone, gone, gone, second), name="camera 0")
    said = []
    frames = until(source, lambda frame: said.append(source.status) or frame.image[0, 0, 0] == 20)
    assert RECONNECTING in said
    assert source.status == ""
    assert {frame.image[0, 0, 0] for frame in frames} == {10, 20}
    times = [frame.time for frame in frames]
    assert times == sorted(set(times))
    assert all(frame.captured is not None for frame in frames)
    assert [record.message for record in caplog.records] == [
        "camera 0: no more pictures; reconnecting",
        "camera 0: is back",
    ]
    source.close()
    assert first.closed.is_set()
    assert second.closed.wait(PATIENCE_S)


def test_a_read_that_never_returns_is_given_up():
    """After the timeout the device is opened anew, whatever its thread is doing."""
    silent = threading.Event()
    source = LiveSource(opening(Fake(10, 5, silent=silent), Fake(20)), name="camera 0", timeout_s=0.3)
    until(source, lambda frame: frame.image[0, 0, 0] == 20)
    source.close()
    silent.set()


def test_devices_that_are_stuck_do_not_pile_up(monkeypatch):
    """Three may hang; when one of them ends there is another attempt."""
    opened = []

    def open_stuck():
        level, count = (20, 10**9) if len(opened) == 3 else (10, 0 if opened else 3)
        opened.append(Fake(level, count, silent=threading.Event()))
        return opened[-1]

    source = LiveSource(open_stuck, name="camera 0", timeout_s=0.2)
    attempts, attempt = [], source._try_again
    monkeypatch.setattr(source, "_try_again", lambda: attempts.append(len(opened)) or attempt())
    until(source, lambda _: attempts.count(3) == 3)
    assert len(opened) == 3
    opened[0].silent.set()
    until(source, lambda frame: frame.image[0, 0, 0] == 20)
    source.close()
    for device in opened:
        device.silent.set()
        assert device.closed.wait(PATIENCE_S)


def test_a_change_of_size_in_mid_stream_is_no_change_for_the_sinks():
    """Frames keep the first one's size; another shape gets bars, not a distorted picture."""
    source = LiveSource(opening(Fake(10, 3), Fake(20, size=(100, 60))), name="camera 0")
    image = until(source, lambda frame: frame.image.max() == 20)[-1].image
    assert image.shape == (48, 64, 3)
    assert (image[:, 32] == 20).all()
    assert (image[:, :15] == 0).all()
    assert fitted(image, 48, 64) is image
    source.close()


def test_what_cannot_be_opened_at_first_is_an_error():
    """As any other source's: nothing is retried before it ever worked."""
    with pytest.raises(SourceError, match="no such camera"):
        LiveSource(opening(SourceError("no such camera")), name="camera 0")
    with pytest.raises(SourceError, match="unplugged"):
        LiveSource(opening(Fake(10, 0)), name="camera 0")


class Short(Fake):
    """Has no rate any more once it is closed."""

    @property
    def rate(self):
        assert not self.closed.is_set()
        return Fraction(30)


def test_a_device_that_ends_at_once_is_not_asked_after_its_end(monkeypatch):
    """Its rate is read before its thread may close it: PyAV crashes where a closed stream is asked."""
    device = Short(10, 1)
    monkeypatch.setattr(live_source.Channel, "wait_for_item", lambda *_: device.closed.wait(5))
    source = LiveSource(opening(device), name="camera 0")
    assert source.format.rate == 30
    source.close()


class FakeCapture:
    """What OpenCV would give, picture by picture; then nothing."""

    def __init__(self, *pictures):
        self.pictures, self.asked, self.released = list(pictures), {}, False

    def __call__(self, _address):
        return self

    def isOpened(self):  # noqa: N802 - OpenCV's name
        return self.pictures is not None

    def get(self, _property):
        return 29.97

    def set(self, prop, value):
        self.asked[prop] = value

    def read(self):
        return (True, self.pictures.pop(0)) if self.pictures else (False, None)

    def release(self):
        self.released = True


def test_cameras_give_rgb_whatever_they_send(clock):
    """Colour, grey in two shapes and alpha come out as RGB; garbage is left out; an end is an error."""
    blue = np.zeros((48, 64, 3), np.uint8)
    blue[..., 0] = 200
    grey = np.full((48, 64), 90, np.uint8)
    garbage = [None, np.zeros(0, np.uint8), np.zeros((48, 64, 2), np.uint8), np.zeros((48, 64), np.float32)]
    alpha = np.dstack([blue, grey])
    camera = Camera(0, capture=FakeCapture(*garbage, blue, grey, grey[..., None], *garbage, alpha))
    pixels = [camera.read()[0, 0].tolist() for _ in range(4)]
    assert pixels == [[0, 0, 200], [90, 90, 90], [90, 90, 90], [0, 0, 200]]
    with pytest.raises(SourceError, match="camera 0: gives no more pictures"):
        camera.read()
    assert camera.rate == Fraction(30000, 1001)


def test_rates_that_nothing_has():
    """More than none and at most a thousand frames a second, whoever asks."""
    for rate in (Fraction(-5), Fraction(0), Fraction(1001)):
        with pytest.raises(UsageError, match=rf"^rate: expected more than 0 and at most 1000 .*, got {rate}$"):
            choose.CaptureRequest(rate=rate)
    for rate in (Fraction(1, 2), Fraction(1000)):
        assert choose.CaptureRequest(rate=rate).rate == rate


def test_a_camera_that_is_silent_is_let_go(monkeypatch, clock):
    """After a time, and not after many tries, until when nobody could have it; slow to start it may be."""
    reads = iter([(False, None)] * 3 + [(True, np.zeros((48, 64, 3), np.uint8))])
    capture = FakeCapture()
    monkeypatch.setattr(capture, "read", lambda: clock.sleep(2) or next(reads, (False, None)))
    camera = Camera(0, capture=capture)
    assert camera.read().shape == (48, 64, 3)
    start = clock.now
    with pytest.raises(SourceError, match="gives no more pictures"):
        camera.read()
    assert 3 < clock.now - start < 6


class Usb(FakeCapture):
    """640×480 by itself, or what it is asked for: 1280×720 at ``hd_rate``."""

    def __init__(self, hd_rate):
        super().__init__()
        self.asked, self.hd_rate = {cv2.CAP_PROP_FRAME_WIDTH: 640, cv2.CAP_PROP_FRAME_HEIGHT: 480}, hd_rate

    def get(self, prop):
        if prop == cv2.CAP_PROP_FPS:
            return self.hd_rate if self.size == (1280, 720) else 30.0
        return self.asked[prop]

    @property
    def size(self):
        return self.asked[cv2.CAP_PROP_FRAME_WIDTH], self.asked[cv2.CAP_PROP_FRAME_HEIGHT]


@pytest.mark.parametrize(
    ("asked", "hd_rate", "got"),
    [
        (None, 30.0, (1280, 720)),
        (None, 0.0, (1280, 720)),
        (None, 10.0, (640, 480)),
        ((1280, 720), 10.0, (1280, 720)),
        ((320, 240), 30.0, (320, 240)),
    ],
)
def test_a_camera_is_asked_for_a_size(asked, hd_rate, got):
    """For 1280×720 if nobody names another, its own if that would be slow; for MJPEG, and two buffers."""
    capture = Usb(hd_rate)
    camera = Camera(0, size=asked, rate=Fraction(30), capture=capture)
    assert capture.size == got
    assert capture.asked[cv2.CAP_PROP_FPS] == 30
    assert capture.asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    assert capture.asked[cv2.CAP_PROP_BUFFERSIZE] == 2  # V4L2's driver fills one while OpenCV has the other
    camera.close()
    assert capture.released


def test_a_camera_that_cannot_be_opened():
    """The error asks what its owner would."""
    capture = FakeCapture()
    capture.pictures = None
    with pytest.raises(SourceError, match="camera 3: cannot be opened; is it connected"):
        Camera(3, capture=capture)


def test_a_mac_asks_in_the_main_thread(monkeypatch):
    """Elsewhere OpenCV cannot; and where nobody has agreed yet, the sentence says where to."""
    threads = []

    class Refused(FakeCapture):
        def isOpened(self):  # noqa: N802 - OpenCV's name
            threads.append(threading.current_thread())
            return False

    monkeypatch.setattr("platform.system", lambda: "Darwin")
    monkeypatch.setattr(choose, "list_cameras", list)
    monkeypatch.setattr("rtstyle.sources.camera._open", Refused())
    for name in (None, "0"):
        with pytest.raises(SourceError, match=r"opened; allow your terminal .* try again;"):
            choose.open_live(name)
    assert set(threads) == {threading.main_thread()}
    monkeypatch.setattr("rtstyle.sources.camera._GARBAGE_S", 0.2)
    monkeypatch.setattr("rtstyle.sources.camera._open", FakeCapture(*[np.zeros((48, 64, 3), np.uint8)] * 5))
    choose.open_live("0").close()


class Plugged:
    """Cameras by their numbers, each grey of its own, which somebody plugs in and out."""

    def __init__(self, **cameras):
        self.cameras, self.tries = cameras, 0

    def list(self):
        self.tries += 1
        return [CameraInfo(address, name) for address, (name, _) in sorted(self.cameras.items())]

    def __call__(self, address, **_):
        self.tries += 1
        if address not in self.cameras:
            raise SourceError("cannot be opened")
        level = self.cameras[address][1]
        device = Fake(level)
        read = device.read

        def read_while_plugged():
            if self.cameras.get(address, ("", 0))[1] != level:
                raise SourceError("unplugged")
            return read()

        device.read = read_while_plugged
        return device


def looked_for(source, usb):
    """Frames until it has been tried twice more to open the camera."""
    before = usb.tries
    return until(source, lambda _: usb.tries > before + 2)


def test_a_camera_by_name_is_found_again_by_its_name(monkeypatch):
    """When it comes back under another number, and another camera has its own: that one is never shown."""
    usb = Plugged(video0=("Desk", 10), video2=("Door", 20))
    monkeypatch.setattr(choose, "list_cameras", usb.list)
    monkeypatch.setattr(choose, "Camera", usb)
    source = choose.open_live("desk")
    usb.cameras = {"video0": ("Desk lamp", 30)}
    until(source, lambda _: source.status == RECONNECTING)
    looked_for(source, usb)
    usb.cameras = {"video0": ("Door", 20), "video4": ("Desk", 11)}
    frames = until(source, lambda frame: frame.image[0, 0, 0] != 10)
    assert frames[-1].image[0, 0, 0] == 11
    source.close()


def test_two_cameras_of_one_name_are_told_apart_by_number(monkeypatch):
    """The other one is not shown when the first is unplugged."""
    usb = Plugged(video0=("Webcam", 10), video2=("Webcam", 20))
    monkeypatch.setattr(choose, "list_cameras", usb.list)
    monkeypatch.setattr(choose, "Camera", usb)
    source = choose.open_live("webcam")
    del usb.cameras["video0"]
    frames = until(source, lambda _: source.status == RECONNECTING) + looked_for(source, usb)
    assert {frame.image[0, 0, 0] for frame in frames} == {10}
    assert source.status == RECONNECTING
    source.close()


def test_no_camera_at_all(monkeypatch):
    """The sentence says what was tried, how to see what there is, and what works without."""
    monkeypatch.setattr(choose, "list_cameras", list)
    for name in (None, "Integrated Webcam", "7"):
        with pytest.raises(SourceError, match=r"rtstyle cameras.*rtstyle live test"):
            choose.open_live(name)


def test_a_file_is_played_at_its_own_pace_and_again(clip, clock):
    """A second takes a second; with ``loop`` the times go on where the first round ended."""
    source = choose.open_live(str(clip), choose.CaptureRequest(loop=True))
    frames = until(source, lambda frame: frame.time >= Fraction(3, 2))
    assert clock.now == pytest.approx(1.52)
    assert source.format.live
    assert [frame.time for frame in frames] == [Fraction(n, 25) for n in range(len(frames))]
    source.close()
    assert len(list(choose.open_live(str(clip)))) == 25


@pytest.mark.parametrize("aspect", [Fraction(16, 11), Fraction(8, 9)])
def test_pixels_are_square(tmp_path, aspect):
    """A film's and a stream's, which has the picture as wide as players show it."""
    film = choose.open_live(str(make_clip(tmp_path / "a.mp4", size=(180, 144), aspect=aspect, frames=3)))
    stream = Stream(str(make_clip(tmp_path / "a.ts", size=(180, 144), aspect=aspect, frames=30)))
    width = round(180 * aspect)
    assert (film.format.width, film.format.height, film.format.sample_aspect) == (width, 144, 1)
    for image in (next(iter(film)).image, stream.read()):
        assert image.shape == (144, width, 3)
        reds = (image[10, :, 0] > 150).sum()
        assert abs(int(reds) - width // 4) < 3
    film.close()
    stream.close()


@pytest.mark.parametrize("aspect", [Fraction(1, 60_000), Fraction(60_000)])
def test_a_pixel_a_mile_long_is_not_believed(aspect):
    """It would take all the memory there is."""
    image = np.zeros((48, 64, 3), np.uint8)
    assert squared(image, aspect) is image


def test_a_loop_leaves_nothing_behind(tmp_path):
    """A round's reader, with its decoder and their pictures, is gone when the next round plays."""
    from rtstyle.sources.paced import Paced
    from rtstyle.sources.video_reader import VideoReader

    clip, rounds = make_clip(tmp_path / "short.mp4", frames=3, sound=False), []

    def open_clip():
        rounds.append(len(rounds))
        return VideoReader(clip)

    gc.disable()  # or it might come by itself
    gc.freeze()  # what other tests left takes the collector a second a round, and is not counted
    try:
        source = Paced(open_clip, loop=True)
        until(source, lambda _: len(rounds) > 5)
        source.close()
        parts = [each for each in gc.get_objects() if isinstance(each, VideoReader | InputContainer | VideoStream)]
    finally:
        gc.unfreeze()
        gc.enable()
    assert len(parts) <= 6


def test_numbered_pictures_are_a_film(tmp_path, clock):
    """As the sentence about their folder says; the last one stands for as long as it lasts."""
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"f_{number}.png"), np.full((20, 30, 3), number, np.uint8))
    source = choose.open_live(str(tmp_path / "f_%d.png"), choose.CaptureRequest(rate=Fraction(10)))
    assert [frame.image[0, 0, 0] for frame in source] == [0, 1, 2]
    assert clock.now == pytest.approx(3 / 10)
    source.close()


def test_a_picture_that_stands_is_given_again(tmp_path, clock):
    """A file with long gaps keeps everybody awake."""
    source = choose.open_live(str(make_clip(tmp_path / "gap.mp4", ticks=[0, 16_000, 16_512], sound=False)))
    frames = list(source)
    times = [frame.time for frame in frames]
    assert len(frames) > 4
    assert times == sorted(times)
    source.close()


def test_a_slow_film_that_is_stopped_answers(tmp_path, clock):
    """Between two pictures that are half a second apart a run need not wait long: it would leave the source open."""
    source = choose.open_live(str(make_clip(tmp_path / "slow.mp4", ticks=[0, 6400, 12_800, 19_200], sound=False)))
    given = [clock.now for _ in source]
    assert given[-1] == pytest.approx(1.5)
    assert clock.now == pytest.approx(1.54)  # the last one, too, is seen for as long as it lasts
    assert max(np.diff(given)) < _LIVE_JOIN_S
    source.close()
