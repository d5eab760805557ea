"""The command line, as a user has it."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from rtstyle.cli.outcome import show
from rtstyle.cli.painting import painting_shown
from rtstyle.cli.progress import shown, shown_all
from rtstyle.meter import Progress, Report
from rtstyle.styles import list_styles
from tests.clips import frame_times, make_clip
from tests.ending import seconds_to_end
from tests.invoke import invoke
from tests.models import make_model
from tests.screen import wait_for

COMMAND = [sys.executable, "-m", "rtstyle"]


def rtstyle(*arguments):
    return subprocess.run([*COMMAND, *map(str, arguments)], check=False, capture_output=True, text=True)


def assert_one_sentence(done, code, sentence):
    """One line on stderr, nothing on stdout, no traceback."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_transcode_as_json(clip, tmp_path, invert_model):
    """--json leaves one object on stdout and nothing else there."""
    target = tmp_path / "out.mp4"
    done = rtstyle("transcode", clip, "-o", target, "--style", invert_model, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert len(done.stdout.splitlines()) == 1
    assert (report["frames_in"], report["frames_out"]) == (25, 25)
    assert {"seconds", "fps", "provider", "stages"} <= set(report)
    assert set(report["stages"]["Stylizer"]) == {"p50_ms", "p95_ms"}
    assert len(frame_times(target)) == 25


def test_transcode_for_people(tmp_path, invert_model):
    """The report names frames, seconds, fps, the provider and, in words, every stage that took any time."""
    clip = make_clip(tmp_path / "clip.mp4", frames=25, size=(640, 480))  # which takes any CPU some time to mix
    done = rtstyle("transcode", clip, "-o", tmp_path / "out.mp4", "--style", invert_model, "--strength", "0.5")
    assert done.returncode == 0, done.stderr
    for word in ("25 frames", "fps", "CPU", "painting", "mixing", "p50", "p95"):
        assert word in done.stdout
    assert "0.0 ms   p95     0.0 ms" not in done.stdout


def test_image(tmp_path, invert_model):
    """Photos into a folder, one line of JSON."""
    for name in ("a.png", "b.webp"):
        cv2.imwrite(str(tmp_path / name), np.full((33, 17, 3), 10, np.uint8))
    photos, plain = (tmp_path / "a.png", tmp_path / "b.webp"), ("--brushwork", 0, "--json")
    done = invoke("image", *photos, "-o", tmp_path / "out", "--style", invert_model, *plain)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["frames_out"] == 2
    assert cv2.imread(str(tmp_path / "out" / "a.png"))[0, 0].tolist() == [245, 245, 245]


def test_one_photo_has_no_rate(tmp_path, invert_model):
    """It is one frame, by itself and in a folder."""
    cv2.imwrite(str(tmp_path / "a.png"), np.full((33, 17, 3), 10, np.uint8))
    done = invoke("image", tmp_path / "a.png", "-o", tmp_path / "b.png", "--style", invert_model)
    assert "b.png: 1 frame in " in done.stdout
    done = invoke("image", tmp_path / "a.png", "-o", tmp_path / "out", "--style", invert_model)
    assert done.stderr == f"1 of 1: {tmp_path / 'out' / 'a.png'}: 1 frame\n"


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (Report(frames_out=70, seconds=7, provider="CPU"), "70 frames in 7.0 s, 10.0 fps"),
        (Report(frames_out=70, frames_resumed=30, seconds=7), "100 frames (30 painted before) in 7.0 s, 10.0 fps"),
        (Report(frames_out=1, frames_resumed=99, seconds=7), "100 frames (99 painted before) in 7.0 s"),
        (Report(frames_resumed=100, seconds=0.3), "100 frames (all painted before) in 0.3 s"),
        (Report(seconds=1), "0 frames in 1.0 s"),
    ],
)
def test_what_an_earlier_run_painted_counts(report, line, capsys):
    """A film that is resumed is as long as it is; nothing painted has no rate and no device."""
    show(report, output="a.mp4", as_json=False)
    assert capsys.readouterr().out.splitlines() == [f"a.mp4: {line}", *(["  CPU"] if report.provider else [])]


def test_an_even_photo_gets_strokes(tmp_path, invert_model):
    """Unless told otherwise."""
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((64, 64, 3), 128, np.uint8))
    for name, told in (("painted", ()), ("plain", ("--brushwork", 0))):
        invoke("image", tmp_path / "grey.png", "-o", tmp_path / f"{name}.png", "--style", invert_model, *told)
    assert cv2.imread(str(tmp_path / "painted.png")).std() > 5
    assert cv2.imread(str(tmp_path / "plain.png")).std() == 0


def test_styles():
    """Every bundled style with all that the table shows."""
    done = invoke("styles", "--json")
    assert done.returncode == 0, done.stderr
    for style in json.loads(done.stdout)["styles"]:
        assert {"name", "title", "artist", "year", "network", "size", "licence"} <= set(style)


def test_no_name_of_a_style_is_cut(monkeypatch):
    """Not on a screen of 80 columns either: names are there to be typed."""
    monkeypatch.setenv("COLUMNS", "80")
    done = rtstyle("styles")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    words = done.stdout.replace("(", " ").replace(",", " ").split()
    assert {name for style in list_styles() for name in (style.name, *style.styles)} <= set(words)
    assert "…" not in done.stdout


def test_brackets_are_no_markup(tmp_path, monkeypatch):
    """A title is listed with all that is in it."""
    make_model(tmp_path / "mine.onnx", title="Sketch [study] [/b]", artist="[red]")
    monkeypatch.setenv("RTSTYLE_STYLES", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    done = invoke("styles")
    assert "Sketch [study] [/b], [red]" in " ".join(done.stdout.split())


def test_brackets_on_a_terminal(monkeypatch):
    """They end no run whose progress is shown there."""
    screen = io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    with shown("a[x264] [/b].mp4") as progress:
        progress(Progress(1, 2, 1.0))
    with painting_shown("a[x264] [/c].png"):
        pass
    assert "a[x264] [/b].mp4" in screen.getvalue()
    assert "a[x264] [/c].png" in screen.getvalue()


def test_a_terminal_that_takes_no_bars_gets_lines(monkeypatch):
    """As every command gives there."""
    screen = io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TTY_COMPATIBLE", "0")
    monkeypatch.setattr("rtstyle.cli.progress.LINE_EVERY_S", 0)
    with shown("a.mp4") as progress:
        progress(Progress(1, 2, 1.0))
    with shown_all(1) as board:
        board.done("b.mp4 is done")
    assert screen.getvalue().splitlines() == ["a.mp4: 1 of 2 frames, 1.0 fps, ETA 1 s", "1 of 1: b.mp4 is done"]


def test_a_log_gets_lines(monkeypatch):
    """And no bars, also where all programs are told to show colours."""
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with painting_shown("a.png"):
        pass
    assert not log.getvalue()


@pytest.mark.parametrize("arguments", [["--help"], ["transcode", "--help"], ["image", "-h"], ["styles", "--help"]])
def test_help_shows_an_example(arguments):
    """Help is there everywhere, with a command to copy."""
    done = invoke(*arguments)
    assert done.returncode == 0
    assert "rtstyle " + (arguments[0] if len(arguments) > 1 else "transcode") in done.stdout


def test_version():
    """One line: the name and the version."""
    done = rtstyle("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("rtstyle ")


@pytest.mark.parametrize(
    ("encoding", "arguments", "shown"),
    [
        ("cp1252", ["bench", "--help"], "marked ?."),  # Windows' own, without ≈
        ("cp437", ["inspect", "wave"], "1280?720"),  # an American console's, without ×
        ("utf-8", ["bench", "--help"], "marked ≈."),
    ],
)
def test_letters_that_an_output_has_not(encoding, arguments, shown):
    """They are question marks, and no end in the middle of the words."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([*COMMAND, *arguments], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert shown in done.stdout.decode(encoding)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.mp4", None, "there is no such file"),
        ("text.mp4", b"Dear diary,\n" * 100, "is not a video"),
        (".", None, "got a folder"),
    ],
)
def test_bad_inputs(tmp_path, invert_model, name, content, sentence):
    """One sentence on stderr and exit code 1."""
    if content:
        (tmp_path / name).write_bytes(content)
    done = rtstyle("transcode", tmp_path / name, "-o", tmp_path / "out.mp4", "--style", invert_model)
    assert_one_sentence(done, 1, sentence)
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize("command", ["transcode", "image"])
def test_standard_input_has_a_name(tmp_path, invert_model, command):
    """A dash is none, and the sentence says which it is."""
    target = tmp_path / ("out.mp4" if command == "transcode" else "out.png")
    assert_one_sentence(invoke(command, "-", "-o", target, "--style", invert_model), 1, "Linux and macOS, /dev/stdin")


def test_libraries_say_nothing_beside_the_sentence(clip, tmp_path):
    """OpenCV of a photo that is cut off or in floats, x264 of a preset that it does not know."""
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "floats.tif"), image.astype(np.float32))
    (tmp_path / "cut.png").write_bytes(cv2.imencode(".png", image)[1].tobytes()[:5000])
    for photo in ("floats.tif", "cut.png"):
        done = rtstyle("image", tmp_path / photo, "-o", tmp_path / "out.png", "--style", "wave")
        assert_one_sentence(done, 1, f"{photo}: cannot be decoded: it is damaged")
    done = rtstyle("transcode", clip, "-o", tmp_path / "out.mp4", "--style", "wave", "--preset", "bogus")
    assert_one_sentence(done, 2, "got bogus")


@pytest.mark.skipif(os.name != "posix", reason="a shell closes them")
def test_closed_standard_streams(clip, tmp_path, invert_model):
    """Nobody listens, as under some job schedulers; the film is painted all the same, and an error is one still."""
    target = tmp_path / "out.mp4"
    shut = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *COMMAND, "transcode", clip, "-o", target]
    assert subprocess.run([*shut, "--style", invert_model], check=False).returncode == 0
    assert len(frame_times(target)) == 25
    assert subprocess.run([*shut, "--style", invert_model], check=False).returncode == 1  # it is there already


def test_bad_outputs(clip, tmp_path, invert_model):
    """Existing, in a missing folder, the input itself: exit code 1 each, and nothing touched."""
    there = tmp_path / "there.mp4"
    there.write_bytes(b"precious")
    for target, more, sentence in [
        (there, [], "exists already; pass --overwrite"),
        (tmp_path / "missing" / "out.mp4", [], "there is no folder"),
        (clip, ["--overwrite"], "is the input itself"),
    ]:
        done = invoke("transcode", clip, "-o", target, "--style", invert_model, *more)
        assert_one_sentence(done, 1, sentence)
    assert there.read_bytes() == b"precious"


def test_bad_styles(clip, tmp_path):
    """A name that does not exist, exit code 2 as for all usage, and a model that is not ours: exit code 1."""
    target = tmp_path / "out.mp4"
    assert_one_sentence(invoke("transcode", clip, "-o", target, "--style", "wavee"), 2, "did you mean wave?")
    foreign = make_model(tmp_path / "zoo.onnx", kind="float_nchw")
    assert_one_sentence(invoke("transcode", clip, "-o", target, "--style", foreign), 1, "expected")
    assert not target.exists()


@pytest.mark.parametrize("arguments", [["--strength", "2"], ["--strength", "x"], ["--batch", "0"], ["--wrong"]])
def test_usage_errors(clip, tmp_path, invert_model, arguments):
    """Exit code 2, and nothing on stdout."""
    done = invoke("transcode", clip, "-o", tmp_path / "out.mp4", "--style", invert_model, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert arguments[0] in done.stderr


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    """Two minutes."""
    return make_clip(tmp_path_factory.mktemp("long") / "long.mp4", frames=3000, size=(640, 360), sound=False)


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_the_middle(tmp_path, long_clip, invert_model, number, code):
    """Ctrl-C ends a long run soon, without a traceback; no film appears, and whole segments stay."""
    folder = tmp_path / "out"
    folder.mkdir()
    arguments = ["transcode", long_clip, "-o", folder / "out.mp4", "--style", invert_model]
    with subprocess.Popen([*COMMAND, *map(str, arguments)], stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: any(folder.iterdir()))
        time.sleep(0.5)
        process.send_signal(number)
        assert seconds_to_end(process) < 10
        stderr = process.stderr.read()
    assert process.returncode == code
    assert "Traceback" not in stderr
    assert number != signal.SIGINT or "rtstyle: stopped" in stderr
    assert not (folder / "out.mp4").exists()
    assert not list(folder.rglob("*.part*"))
