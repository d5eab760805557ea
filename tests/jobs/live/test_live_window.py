"""The window, on a screen that nobody sees: what it shows, and what keys and mouse do."""

import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from tests.clips import frame_times, recorded
from tests.ending import Stopwatch, lines_of, seconds_to_end
from tests.screen import PATIENCE_S, wait_for

SIZE = WIDTH, HEIGHT = 640, 360
TEST = ("test", "--camera-size", "640x360", "--rate", "20")


@pytest.fixture
def show(screen, tmp_path, invert_model):
    """Starts ``rtstyle live`` in a folder of its own; gives the process and its window."""
    started = []

    def start(*arguments):
        process = screen.start("live", *arguments, "--style", invert_model, cwd=tmp_path)
        started.append(process)
        return process, screen.window(process)

    yield start
    for process in started:
        process.kill()
        process.communicate()


def shown(screen):
    """What the window shows: it has no frame, and lies in the corner."""
    return screen.picture()[:HEIGHT, :WIDTH]


def bars(picture):
    """Colours of the row in the middle, as text, without repetitions; the painted white bar is black."""
    levels = [tuple(color) for color in (picture[HEIGHT // 2] > 127).astype(int)]
    return [color for color, before in zip(levels, [None, *levels], strict=False) if color != before]


def orange(path, size):
    """A clip of one colour."""
    picture = f"color=0xa04000:s={size}:r=20:d=2"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-pix_fmt", "yuv420p", "-y", path], check=True
    )
    return path


@pytest.fixture
def clip_of_one_color(tmp_path):
    """Two seconds of dark orange."""
    return orange(tmp_path / "orange.mp4", "640x360")


def test_keys(show, screen, tmp_path, clip_of_one_color):
    """Every key does what the help says, seen on the screen; q ends it, with exit code 0."""
    process, window = show(clip_of_one_color, "--loop", "--brushwork", "0")
    orange, painted = np.array([160, 64, 0]), np.array([95, 191, 255])

    def middle(x=WIDTH // 2):
        return shown(screen)[HEIGHT // 2 + 100, x].astype(int)

    def is_(color, x=WIDTH // 2):
        return lambda: np.abs(middle(x) - color).max() < 12

    wait_for(is_(painted))
    screen.press("w")
    wait_for(lambda: shown(screen)[150:, 20:].std(axis=(0, 1)).max() > 8)  # strokes, where the clip has one colour
    screen.press("w", "w")
    wait_for(lambda: shown(screen)[150:, 20:].std(axis=(0, 1)).max() < 3)
    screen.press("space")
    wait_for(is_(orange))
    screen.press("space", "bracketleft", "bracketleft", "bracketleft", "bracketleft", "bracketleft")
    wait_for(is_((orange + painted) // 2))
    screen.press(*["bracketright"] * 5, "b")
    wait_for(lambda: is_(orange, 200)() and is_(painted, 440)())
    screen.drag(window, (320, 200), (100, 200))
    wait_for(is_(painted, 200))
    screen.press("m")
    assert is_(painted, 440)()
    screen.press("b", "m", "c")
    luma = cv2.cvtColor(np.uint8([[painted]]), cv2.COLOR_RGB2GRAY)[0, 0]
    wait_for(lambda: not is_(painted)())
    assert abs(int(cv2.cvtColor(np.uint8([[middle()]]), cv2.COLOR_RGB2GRAY)[0, 0]) - int(luma)) < 30
    screen.press("c")
    wait_for(is_(painted))  # a snapshot is of the picture that is seen
    screen.press("t", "s")
    (snapshot,) = wait_for(lambda: list(tmp_path.glob("rtstyle-invert-*.png")))
    wait_for(lambda: snapshot.stat().st_size > 0)
    assert np.abs(cv2.imread(str(snapshot))[180, 320, ::-1].astype(int) - painted).max() < 12
    wait_for(lambda: shown(screen)[5:150, 5:200].std(axis=(0, 1)).max() < 3)  # "saved …" has gone
    before = shown(screen)[:150, :200].mean()
    screen.press("h")
    wait_for(lambda: shown(screen)[:150, :200].mean() < 0.6 * before)
    screen.press("h")
    wait_for(lambda: shown(screen)[:150, :200].mean() > 0.9 * before)  # of two keys in one frame OpenCV tells of one
    screen.press("i")
    wait_for(lambda: shown(screen)[:60, :200].mean() < 0.6 * before)
    screen.press("q")
    assert process.wait(PATIENCE_S) == 0


def test_r_records(show, screen, tmp_path, clip_of_one_color):
    """A red dot while it lasts; afterwards an mp4 whose frames have the times at which they came."""
    process, _ = show(clip_of_one_color, "--loop")

    def dot():
        return (np.abs(shown(screen)[10:45, -45:].astype(int) - (230, 40, 40)).max(axis=2) < 30).sum() > 50

    wait_for(lambda: shown(screen)[HEIGHT // 2, WIDTH // 2, 2] > 127)  # painted: the clip has no blue
    start = time.monotonic()
    screen.press("r")
    wait_for(dot)
    (recording,) = tmp_path.glob("rtstyle-*.mp4")
    wait_for(lambda: max(recorded(recording), default=0) > 1)
    screen.press("r")
    wait_for(lambda: not dot())
    times = [float(t) for t in frame_times(recording)]
    assert times[0] == 0
    assert 1 < times[-1] < time.monotonic() - start
    assert len(times) <= times[-1] * 20 + 3
    screen.press("Escape")
    assert process.wait(PATIENCE_S) == 0


def test_full_screen(show, screen):
    """The key f covers the screen, from edge to edge, black where the picture does not reach, and gives it back."""
    process, window = show(*TEST)
    wait_for(lambda: shown(screen).any())
    assert screen.size(window) == SIZE
    screen.press("f")
    wait_for(lambda: screen.size(window) == (1400, 900))
    wait_for(lambda: screen.picture()[450].any(axis=1).sum() > 700 and not screen.picture()[[5, 50, 850, 895]].any())
    screen.press("f")
    wait_for(lambda: screen.size(window) == SIZE)
    screen.press("q")
    assert process.wait(PATIENCE_S) == 0


def test_a_window_fits_on_the_screen(show, screen, tmp_path):
    """A phone's film is as tall as the screen allows, and the mouse is where it is seen to be."""
    process, window = show(orange(tmp_path / "tall.mp4", "1080x1920"), "--loop", "--side-by-side", "--size", "64")
    assert screen.size(window) == (456, 810)

    def blue_of(*columns):
        return [bool(screen.picture()[700, x, 2] > 127) for x in columns]  # of what is painted, not of the clip

    wait_for(lambda: blue_of(50, 200, 300, 450) == [False, False, True, True])
    assert not screen.picture()[:, 460:].any()
    screen.drag(window, (228, 200), (114, 200))
    wait_for(lambda: blue_of(50, 100, 130, 450) == [False, False, True, True])
    screen.press("q")
    assert process.wait(PATIENCE_S) == 0


def test_closing_the_window_quits(show, screen):
    """As its close button does: exit code 0."""
    process, _ = show(*TEST)
    wait_for(lambda: shown(screen).any())
    screen.press("alt+F4")
    assert process.wait(PATIENCE_S) == 0, process.communicate()


def read_code(picture):
    """The number that ``draw_code`` drew."""
    height, width = picture.shape[:2]
    cell = width // 26
    row = picture[height - cell // 2]
    return int("".join(str(int(row[cell * n + cell // 2].mean() > 127)) for n in range(1, 25)), 2)


def test_the_picture_is_as_old_as_the_statistics_say(show, screen):
    """The time of capture, read off the screen by another process, is a moment ago."""
    process, _ = show(*TEST, "--timecode")
    wait_for(lambda: len(bars(shown(screen))) > 5)
    ages, watches = [], [Stopwatch(process.pid), Stopwatch(screen.server.pid)]
    for _ in range(5):
        asked_ms = round(time.perf_counter() * 1e3)
        captured_ms = read_code(shown(screen))
        ages.append((asked_ms - captured_ms + (1 << 23)) % (1 << 24) - (1 << 23))  # negative: captured meanwhile
        assert (round(time.perf_counter() * 1e3) - captured_ms) % (1 << 24) < 1 << 23, "from the future"
        time.sleep(0.2)
        for watch in watches:
            watch.look()
    assert min(ages) < 500 + 1e3 * sum(watch.lost_s for watch in watches), ages
    screen.press("q")
    assert process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("display", ["", ":4321", ":99999", ":x"])
def test_without_a_display_one_sentence(display, invert_model):
    """It names --no-window, and Qt does not end the process."""
    command = [sys.executable, "-m", "rtstyle", "live", "test", "--style", invert_model]
    environment = {**os.environ, "DISPLAY": display}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert (done.returncode, done.stdout) == (1, "")
    assert "display" in done.stderr
    assert "--no-window" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_session_of_wayland(show, screen, monkeypatch):
    """What its programs are told, OpenCV's Qt cannot do; beside it there is an X server."""
    monkeypatch.setenv("QT_QPA_PLATFORM", "wayland")
    process, _ = show(*TEST)
    wait_for(lambda: shown(screen).any())
    screen.press("q")
    assert process.wait(PATIENCE_S) == 0


def test_the_screen_in_the_window(show, tmp_path):
    """What is on it is painted, recorded and shown, by a program that has the X libraries of both PyAV and OpenCV."""
    film = tmp_path / "screen.mp4"
    process, _ = show("screen", "--camera-size", "320x240", "--record", film)
    wait_for(lambda: len(recorded(film)) > 10)
    process.send_signal(signal.SIGINT)
    assert seconds_to_end(process) < 1
    assert process.returncode == 130, process.communicate()
    assert len(frame_times(film)) > 10


@pytest.mark.parametrize("keys", ["", "r"])
def test_ctrl_c_in_the_window(show, screen, tmp_path, clip_of_one_color, keys):
    """Ends it within a second, and says whether there is a recording, though none was asked for at the start."""
    process, _ = show(clip_of_one_color, "--loop")
    wait_for(lambda: shown(screen)[HEIGHT // 2, WIDTH // 2, 2] > 127)  # painted
    screen.press(*keys)
    wait_for(lambda: len(list(tmp_path.glob("rtstyle-*.mp4"))) == len(keys))
    process.send_signal(signal.SIGINT)
    assert seconds_to_end(process) < 1
    assert process.returncode == 130
    left = "what was recorded is complete" if keys else "nothing was recorded"
    assert "".join(lines_of(process)) == f"rtstyle: stopped; {left}\n"
