"""Live from end to end, without a window: the command, Ctrl-C, styles that change, memory."""

import errno
import json
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import rtstyle
from rtstyle.errors import DeviceError, SinkError, SourceError, UsageError
from rtstyle.frames import Batch, Frame, VideoFormat
from rtstyle.jobs.live import live as live_module
from rtstyle.jobs.live.live import LiveOutputs
from rtstyle.jobs.live.look import Look
from rtstyle.jobs.live.meter import NETWORK, LiveMeter
from rtstyle.jobs.live.painter import LivePainter
from rtstyle.jobs.live.session import RECORDING, Session
from rtstyle.jobs.live.show import Show
from rtstyle.meter import Report
from rtstyle.sinks.outputs import Outputs
from rtstyle.sources.live_source import LiveSource
from rtstyle.sources.paced import Paced
from rtstyle.sources.photo_folder import read_photo
from rtstyle.sources.test_pattern import TestPattern
from rtstyle.sources.video_reader import VideoReader
from rtstyle.styles import find_style
from tests.clips import frame_times, make_clip
from tests.ending import stopwatch
from tests.fakes import Clock, Memory, Stuck
from tests.invoke import invoke
from tests.models import make_model
from tests.screen import wait_for

LIVE = [sys.executable, "-m", "rtstyle", "live"]


def test_a_file_is_painted_at_its_own_pace(tmp_path, invert_model):
    """Every frame shown is newly painted, recorded at its own time, and the report has the latency."""
    clip, path = make_clip(tmp_path / "clip.mp4", frames=40, sound=False), tmp_path / "out.mp4"
    outputs = LiveOutputs(window=False, record=path)
    with stopwatch() as watch:
        report = rtstyle.live(str(clip), styles=[invert_model], outputs=outputs, look=Look(brushwork=0))
    assert report.frames_in == 40
    assert report.frames_out + report.frames_dropped == 40
    assert 1.5 < report.seconds < 10 + watch.lost_s
    assert report.stages["latency"].p50_ms < 500 + 1e3 * watch.lost_s
    frames = [item for item in VideoReader(path) if isinstance(item, Frame)]
    numbers = [round((255 - 16 - frame.image[40, 50].mean()) / 5) for frame in frames]
    assert len(frames) == report.frames_out
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 39
    for number, frame in zip(numbers, frames, strict=True):
        assert abs(frame.time - Fraction(number - numbers[0], 25)) < Fraction(1, 1000)
    with rtstyle.Stylizer(invert_model) as stylizer:
        assert report.provider == f"{stylizer.provider} at 48 of 48 lines"


def test_a_film_is_not_recorded_over_itself(tmp_path, invert_model):
    """Not even with ``overwrite``, nor by another name: what is played is left as it is."""
    clip, link = make_clip(tmp_path / "clip.mp4", frames=5, sound=False), tmp_path / "link.mp4"
    link.symlink_to(clip)
    before = clip.read_bytes()
    for source in (clip, f"file://{clip}"):
        outputs = LiveOutputs(window=False, record=link, overwrite=True)
        with pytest.raises(SinkError, match=r"link\.mp4: is the input itself"):
            rtstyle.live(str(source), styles=[invert_model], outputs=outputs)
    assert clip.read_bytes() == before


def test_the_command(tmp_path, invert_model):
    """--json prints one object; --seconds ends it; the recording is there."""
    options = ["--no-window", "--seconds", "3", "--record", tmp_path / "a.mp4", "--style", invert_model, "--steady"]
    command = [*LIVE, "test", "--camera-size", "320x240", *options, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["frames_out"] > 3
    assert len(frame_times(tmp_path / "a.mp4")) > 3


def test_a_recording_that_failed_is_not_reported_as_written(tmp_path, invert_model):
    """On a full disk the other output goes on to the end; then the last line and the exit code say what is lost."""
    path = tmp_path / "a.mp4"
    options = ["test", "--no-window", "--camera-size", "320x240", "--style", invert_model, "--record", path]
    command = ["sh", "-c", 'ulimit -f 10; exec "$@"', "sh", *LIVE, *options, "--publish", "udp://127.0.0.1:9"]
    done = subprocess.run([*command, "--seconds", "3"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("live: ")
    assert done.stderr.splitlines()[-1] == f"rtstyle: recording: {path}: cannot be written: File too large"


def test_a_recording_that_never_began_is_not_reported_as_written(tmp_path, invert_model):
    """The end came before its first frame."""
    options = ["--no-window", "--camera-size", "64x48", "--style", invert_model, "--record", tmp_path / "a.mp4"]
    done = invoke("live", "test", *options, "--seconds", "1e-9")
    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])
    assert done.stdout.startswith("live: 0 frames")


def test_a_recording_that_is_left_behind_is_not_reported_as_written(tmp_path, invert_model, monkeypatch):
    """A disk that no longer answers: it is waited for a while, then the run has failed."""
    recorder = Stuck()
    monkeypatch.setattr(live_module, "Recorder", lambda *_, **__: recorder)
    monkeypatch.setattr(live_module, "RECORD_PATIENCE_S", 0.1)
    outputs = LiveOutputs(window=False, record=tmp_path / "a.mp4")
    clip = make_clip(tmp_path / "clip.mp4", frames=3, sound=False)
    with pytest.raises(SinkError, match="recording: was not finished, and can be played as far as it was written"):
        rtstyle.live(str(clip), styles=[invert_model], outputs=outputs)
    recorder.let_go.set()


def test_windows_cameras_open_at_once(tmp_path):
    """OpenCV for Windows copies the environment when it is loaded, so what it is to know is there before, always."""
    (tmp_path / "cv2.py").write_text("import os; print(os.environ['OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS'])")
    environment = {**here(), "PYTHONPATH": os.pathsep.join([str(tmp_path), here()["PYTHONPATH"]])}
    for command in (["-c", "import rtstyle; rtstyle.live"], ["-m", "rtstyle", "live", "test", "--seconds", "0"]):
        done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)
        assert done.stdout == "0\n", done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["test", "--no-window"], "no window and no other output"),
        (["test", "--no-window", "--seconds", "0"], "rtstyle: --seconds: expected more than 0, got 0"),
        (["test", "--no-window", "--seconds", "1", "--timecode"], "timecode: is only drawn in the window"),
        (["test", "--no-window", "--seconds", "1", "--loop"], "test: never ends; only a film can be repeated"),
        (["udp://127.0.0.1:9", "--no-window", "--seconds", "1", "--loop"], "udp://127.0.0.1:9: never ends"),
        (["37", "--no-window", "--seconds", "1", "--loop"], "camera 37: never ends"),
        (["nothing.mp4", "--no-window", "--seconds", "1", "--loop"], "nothing.mp4: there is no such file"),
        (["test", "--no-window", "--seconds", "1", "--style", "wafe"], "did you mean wave?"),
        (
            ["test", "--no-window", "--seconds", "1", "--size", "tiny"],
            "--size tiny: expected auto or a number of lines",
        ),
        (["test", "--no-window", "--seconds", "1", "--rate", "fast"], "fast: expected a frame rate as in 25"),
        (["test", "--no-window", "--seconds", "1", "--rate", "0"], "--rate: expected more than 0 and at most 1000"),
        (["test", "--no-window", "--seconds", "1", "--camera-size", "big"], "big: expected a size such as 1280x720"),
        (["test", "--no-window", "--seconds", "1", "--camera-size", "999999x999999"], "there is not enough memory"),
        (["udp://127.0.0.1:9", "--no-window", "--seconds", "1", "--rate", "10"], "others, and numbered pictures"),
        (["nothing.mp4", "--no-window", "--seconds", "1"], "nothing.mp4: there is no such file"),
        (["\u00b2", "--no-window", "--seconds", "1"], "\u00b2: there is no such file"),
        (["a" * 300, "--no-window", "--seconds", "1"], "there is no such file"),
        (["-", "--no-window", "--seconds", "1"], "standard input has one on Linux and macOS, /dev/stdin"),
        (["test", "--no-window", "--seconds", "1", "--size", "\u00b2"], "expected auto or a number of lines"),
        (["test", "--no-window", "--record", f"{'a' * 300}.mp4"], "File name too long; choose a shorter name"),
        (["37", "--no-window", "--seconds", "1"], "camera 37: cannot be opened; is it connected"),
        (["9999999999", "--no-window", "--seconds", "1"], "camera 9999999999: cannot be opened"),
        (["test", "--no-window", "--seconds", "1", "--record", "a.avi"], "expected a name that ends in .mp4"),
    ],
)
def test_one_sentence_each(arguments, sentence, tmp_path):
    """On stderr, and exit code 1, or 2 for what makes no sense."""
    done = subprocess.run([*LIVE, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, env=here())
    assert done.returncode in {1, 2}
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize("text", ["29.97", "30000/1001"])
def test_a_rate_is_spelt_as_a_films(monkeypatch, text):
    """Decimals of television mean its fractions."""
    asked = []
    monkeypatch.setattr(live_module, "live", lambda *_, request, **__: asked.append(request) or Report())
    assert invoke("live", "test", "--no-window", "--rate", text).returncode == 0
    assert asked[0].rate == Fraction(30_000, 1001)


def test_a_file_in_memory_is_a_file(invert_model):
    """Not all that lies below /dev is a camera: Linux has a file system in memory there."""
    if not Path("/dev/shm").is_dir():  # noqa: S108 - the place that this is about
        pytest.skip("no such hardware: this system has no /dev/shm")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        clip = make_clip(Path(folder) / "clip.mp4", frames=5, sound=False)
        report = rtstyle.live(str(clip), styles=[invert_model], outputs=LiveOutputs(window=False), seconds=5)
    assert report.frames_in == 5


def test_standard_input_is_no_camera(tmp_path, invert_model):
    """Nor is what a shell gives for ``<(…)``, which lies below /dev as well."""
    if not Path("/dev/stdin").exists():
        pytest.skip("no such hardware: this system has no /dev/stdin")
    clip = make_clip(tmp_path / "clip.ts", frames=5, sound=False)
    command = [*LIVE, "/dev/stdin", "--no-window", "--style", invert_model, "--record", tmp_path / "a.mp4", "--json"]
    with subprocess.Popen(["cat", clip], stdout=subprocess.PIPE) as cat:
        done = subprocess.run(command, stdin=cat.stdout, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["frames_in"] == 5


def session_of(styles, look=None, *, choose=lambda _: None, current=lambda: 0):
    """Keys alone, without frames or outputs."""
    return Session(styles, look or Look(), Outputs(), LiveMeter(), choose=choose, current=current)


def test_a_key_that_is_no_number():
    """French keyboards have a small 2 left of their 1, which is a digit and no number."""
    chosen = []
    session = session_of(["a", "b"], choose=chosen.append)
    session.press("\u00b2")
    session.press("2")
    assert chosen == [1]


def test_n_goes_past_a_style_that_cannot_be_had():
    """Pressed again and again it asks for all in turn, whatever paints meanwhile; p goes back."""
    chosen = []
    session = session_of(["a", "b", "c"], choose=chosen.append)
    for key in "nnnp":
        session.press(key)
    assert chosen == [1, 2, 0, 2]


def test_a_key_for_brushwork():
    """None, some, much, none again; whatever amount it began with."""
    look = Look(brushwork=0.3)
    session = session_of(["a"], look)
    amounts = [(session.press("w"), look.brushwork)[1] for _ in range(4)]
    assert amounts == [0, 0.5, 1, 0]


def test_the_statistics_speak_of_painting(monkeypatch):
    """Of the stages in words; a stage of somebody else's goes by its class."""
    lines = []
    monkeypatch.setattr("rtstyle.jobs.live.session.write_lines", lambda _, text: lines.extend(text))
    meter = LiveMeter()
    session = Session(["a"], Look(), Outputs(), meter, choose=lambda _: None, current=lambda: 0)
    for stage in ("Paced", "Switch", "Sepia"):
        for _ in range(3):
            meter.add(stage, 0.01)
    session.press("i")
    picture = np.zeros((48, 64, 3), np.uint8)
    session.draw(picture, Frame(picture, Fraction(0)))
    assert [line.split("\t")[0] for line in lines[1:]] == ["source", "painting", "Sepia"]


def snapshot(folder, picture, current=0, look=None):
    """Press s while ``picture`` is shown, painted by a style or by none yet."""
    session = session_of(["größe", "tiefe"], look, current=lambda: current)
    session.folder = folder
    session.press("2")
    session.draw(picture.copy(), Frame(picture, Fraction(0)))
    session.press("s")
    session.close()
    return session._message[0]


def test_a_snapshot_is_whole_or_not_there(tmp_path, monkeypatch, caplog):
    """On a full disk one warning and no half of a picture; with room the picture, whatever it is called, and a word."""
    folder, picture = tmp_path / "Bilder für später", np.full((48, 64, 3), 90, np.uint8)
    folder.mkdir()
    write = Path.write_bytes

    def half(path, data):
        write(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", half)
    assert snapshot(folder, picture) == "snapshot failed: see the terminal"
    assert list(folder.iterdir()) == []
    assert "No space left on device" in caplog.text
    monkeypatch.undo()
    said = snapshot(folder, picture)
    (path,) = folder.iterdir()
    assert said == f"saved {path.name}"
    assert path.name.startswith("rtstyle-größe-")
    np.testing.assert_array_equal(read_photo(path), picture)


@pytest.mark.parametrize(
    ("current", "look", "name"),
    [
        (0, Look(), "größe"),
        (None, Look(), "unpainted"),
        (0, Look(painted=False), "unpainted"),
        (0, Look(strength=0), "unpainted"),
    ],
)
def test_a_snapshot_is_called_by_what_painted_it(tmp_path, current, look, name):
    """Not by the style that is still loading, or failed to, nor by one that is switched off."""
    snapshot(tmp_path, np.zeros((48, 64, 3), np.uint8), current, look)
    (path,) = tmp_path.iterdir()
    assert path.name.startswith(f"rtstyle-{name}-")


def test_r_records_nothing_unpainted(tmp_path):
    """Before the first style is there the window says so, and no file begins."""
    style = []
    session = session_of(["a"], current=lambda: style[0] if style else None)
    session.folder = tmp_path
    session.press("r")
    assert RECORDING not in session._outputs
    assert session._message[0] == "recording: once the style has loaded"
    session.press(" ")  # where the viewer wants it so, nothing needs to load
    session.press("r")
    assert RECORDING in session._outputs
    session.press("r")
    session.press(" ")
    style.append(0)
    session.press("r")
    assert RECORDING in session._outputs


def test_a_recording_that_fails_is_told_in_the_window(tmp_path, caplog):
    """Its reason is in the terminal, which lies behind; that of another output too."""
    session, picture = session_of(["a"]), np.zeros((48, 64, 3), np.uint8)
    session._outputs.window = Memory()
    session._outputs.open(VideoFormat(width=64, height=48, rate=Fraction(30), live=True))
    frame = Frame(picture, Fraction(0))
    session.folder = tmp_path / "none"
    session.press("r")
    assert session._message[0] == "recording failed: see the terminal"
    session.folder = tmp_path
    session.press("r")
    tmp_path.joinpath(session._message[0].removeprefix("recording ")).mkdir()  # in its place
    session._outputs.write(frame)
    wait_for(lambda: session._outputs.failures)
    session.draw(picture, frame)
    assert session._message[0] == "recording failed: see the terminal"
    session._say("another thing")
    session.draw(picture, frame)
    assert session._message[0] == "another thing"
    assert len(caplog.records) == 2
    session._outputs.close()


def test_brushwork_is_painted(tmp_path, invert_model):
    """A wall of one colour is no longer one: the strokes go through the network, at the size at which it paints."""
    wall = np.full((120, 160, 3), 100, np.uint8)
    painter = LivePainter(find_style(invert_model), lines=60, device="cpu", look=Look(brushwork=1), meter=LiveMeter())
    painter.warm_up(*wall.shape[:2])
    painted = painter(Batch(wall[None], wall[None], [Fraction(0)])).images[0]
    painter.close()
    assert painted.shape == wall.shape
    assert 10 < painted.std() < 40


def here():
    """An environment in which the package is found from any folder."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


class Pattern(TestPattern):
    """Frames as fast as they are taken, none of them dropped, until ``done()``; a hundred seconds of them at most."""

    status = ""

    def __init__(self, width, height):
        super().__init__(width, height, frames=3000, rate=Fraction(30))
        self.done = lambda: False

    def __iter__(self):
        return takewhile(lambda _: not self.done(), super().__iter__())


@pytest.fixture
def by_frames(monkeypatch):
    """Runs a show whose clock its frames move on, on a machine that paints them in two milliseconds."""

    def run(show, progress=lambda _: None):
        clock = Clock()
        monkeypatch.setattr("rtstyle.jobs.live.show.perf_counter", clock.monotonic)
        monkeypatch.setattr(show.meter, "busy_s", lambda _names: 0.002)

        def after_frame(now):
            time.sleep(0.005)  # for the thread that builds painters
            clock.sleep(1 / 30)
            progress(now)

        return show.run(after_frame)

    return run


def show_of(source, *models, size=None):
    """A run with a memory in place of outputs."""
    show = Show(
        source, [find_style(model) for model in models], Look(brushwork=0), size=size, device="cpu", seconds=None
    )
    memory = Memory()
    show.outputs.attach("memory", memory, queue=10_000, patience_s=10)
    return show, memory


def test_nothing_unpainted_is_recorded(tmp_path, invert_model):
    """A short clip at its own pace is over before a style is loaded."""
    clip, path = make_clip(tmp_path / "clip.mp4", frames=10, sound=False), tmp_path / "out.mp4"
    rtstyle.live(
        str(clip), styles=[invert_model], outputs=LiveOutputs(window=False, record=path), look=Look(brushwork=0)
    )
    before, after = (
        [item.image.astype(int) for item in VideoReader(file) if isinstance(item, Frame)] for file in (clip, path)
    )
    assert after
    assert np.abs(after[0] - (255 - before[0])).mean() < 12
    assert max(min(np.abs(image - (255 - other)).mean() for other in before) for image in after) < 12


def test_styles_change_while_frames_flow(tmp_path, by_frames):
    """The old style paints until the new one is there; between them is half a second of mixtures."""
    models = [make_model(tmp_path / f"{kind}.onnx", kind=kind, name=kind) for kind in ("invert", "identity")]
    source = Pattern(160, 48)
    show, memory = show_of(source, *models)
    source.done = lambda: show._switch.current == (1, 48) and not show._switch.busy
    by_frames(show, lambda now: show._session.press("2") if now.frames == 40 else None)
    corner = [int(frame.image[-1, -1, 0]) for frame in memory.frames]  # 0 in the pattern, 255 inverted
    changed = [n for n, level in enumerate(corner) if 0 < level < 255]
    assert len(changed) == 14
    assert changed[0] >= 40
    assert set(corner[: changed[0]]) == {255}
    assert changed == list(range(changed[0], changed[0] + len(changed)))
    assert set(corner[changed[-1] + 1 :]) == {0}


def test_a_style_that_cannot_be_had_changes_nothing(tmp_path, invert_model, by_frames, caplog):
    """One warning; the old one goes on, and its size still follows the machine."""
    broken = make_model(tmp_path / "broken.onnx", kind="unknown_operator", name="broken")
    source = Pattern(64, 480)
    show, _ = show_of(source, invert_model, broken)
    source.done = lambda: caplog.records and show._switch.current == (0, 480)
    report = by_frames(show, lambda now: show._session.press("2") if now.frames == 3 else None)
    assert report.provider.endswith("at 480 of 480 lines")
    assert len(caplog.records) == 1
    assert show._session._message[0] == "broken failed: see the terminal"


def test_a_first_style_that_cannot_be_had_is_told_though_painting_is_off(tmp_path):
    """No frame asks for it then."""
    broken = make_model(tmp_path / "broken.onnx", kind="unknown_operator", name="broken")
    with pytest.raises(DeviceError, match="Paint"):
        rtstyle.live("test", styles=[broken], outputs=LiveOutputs(window=False), look=Look(strength=0), seconds=1)


def test_a_size_that_cannot_be_had_is_not_told(invert_model, by_frames, caplog):
    """For want of memory, say: the old one goes on, is what the report names, and is left alone for a while."""
    source, afterwards = Pattern(64, 480), []
    source.done = lambda: caplog.records and (afterwards.append(None) or len(afterwards) > 120)
    show, _ = show_of(source, invert_model)
    build = show._switch._build

    def with_little_memory(wish):
        if wish[1] > 360:
            raise DeviceError("out of memory")
        return build(wish)

    show._switch._build = with_little_memory
    assert by_frames(show).provider.endswith("at 360 of 480 lines")
    assert [record.message for record in caplog.records] == ["out of memory"]
    assert show._session._message[0] == ""


def test_a_size_that_is_asked_for_is_kept(tmp_path, invert_model):
    """And the picture comes at the camera's."""
    source = Paced(lambda: TestPattern(160, 120, frames=20))
    show, memory = show_of(source, invert_model, size=60)
    show.run(None)
    assert {frame.image.shape for frame in memory.frames} == {(120, 160, 3)}
    assert show._switch.current is None  # closed


def test_painting_switched_off_and_on_keeps_the_size(invert_model, monkeypatch):
    """Frames that pass unpainted in no time say nothing of what the network has time for."""
    show, _ = show_of(Paced(lambda: TestPattern(320, 720, rate=Fraction(30))), invert_model)
    show._switch.close()
    wishes, now, busy_s = [], 0.0, {}
    show._switch = SimpleNamespace(busy=False, current=(0, 360), want=lambda wish, fade: wishes.append(wish))
    monkeypatch.setattr("rtstyle.jobs.live.show.perf_counter", lambda: now)
    monkeypatch.setattr(show.meter, "busy_s", busy_s.__getitem__)
    network, stages = frozenset({NETWORK}), frozenset({"Switch"})
    # At the first frames painted again the times are still those of frames that were not.
    for painted, took_s in [(True, 0.024)] * 60 + [(False, 1e-4)] * 60 + [(True, 1e-4)] * 10 + [(True, 0.024)] * 60:
        now, show._look.painted = now + 1 / 30, painted
        busy_s.update({network: 0.02, stages: took_s})
        show._resize(stages)
    assert wishes == []
    show._source.close()


def test_more_lines_than_there_are_are_not_painted(invert_model):
    """Nor does the report say so."""
    show, _ = show_of(Paced(lambda: TestPattern(160, 48, frames=5)), invert_model, size=5000)
    assert show.run(None).provider.endswith("at 48 of 48 lines")


def test_small_pictures_are_refused(invert_model):
    """As everywhere; the camera is let go."""
    with pytest.raises(SourceError, match="live: expected pictures of at least 16×16 pixels, got 8×8"):
        show_of(Paced(lambda: TestPattern(8, 8)), invert_model)
    with pytest.raises(UsageError, match="strength: expected 0 to 1, got 7"):
        Look(strength=7)


def test_reconnecting_is_in_the_picture(invert_model, monkeypatch):
    """While the camera is away, everybody who watches is told, and the frames go on."""

    class Camera:
        rate = Fraction(30)

        def __init__(self, count):
            self.count = count

        def read(self):
            self.count -= 1
            if self.count < 0:
                raise SourceError("unplugged")
            time.sleep(1 / 30)
            return np.zeros((120, 160, 3), np.uint8)

        def close(self):
            pass

    monkeypatch.setattr("rtstyle.sources.live_source._BACK_OFF_S", (0.1,))
    opened = []

    def open_again():
        if opened and told() < 3:
            raise SourceError("not yet")
        opened.append(None)
        return Camera(30 if len(opened) == 1 else 10**6)

    show, memory = show_of(LiveSource(open_again, name="camera 0"), invert_model)

    def told():
        return sum(frame.image.std() > 1 for frame in list(memory.frames))

    def progress(_):
        if told() and memory.frames[-1].image.std() < 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        show.run(progress)
    assert told() >= 3
    assert len(opened) == 2


@pytest.mark.slow
def test_memory_is_flat(tmp_path, invert_model):
    """Six hundred frames of changing styles and sizes, recordings and a source that comes and goes cost no memory."""
    program = """
import resource, sys
from fractions import Fraction
from rtstyle.jobs.live.look import Look
from rtstyle.jobs.live.show import Show
from rtstyle.sinks.recorder import Recorder
from rtstyle.sources.paced import Paced
from rtstyle.sources.test_pattern import TestPattern
from rtstyle.sources.video_reader import VideoReader
from rtstyle.styles import find_style

folder, *models = sys.argv[1:]
source = Paced(lambda: TestPattern(320, 240, frames=15, rate=Fraction(60)), loop=True)
show = Show(source, [find_style(model) for model in models], Look(), size=None, device="cpu", seconds=None)
peaks = []

def rss():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6

def progress(now):
    if now.frames % 20 == 0:
        show._session.press("n")
    if now.frames % 50 == 0:
        show.outputs.detach("recording")
        show.outputs.attach("recording", Recorder(f"{folder}/{now.frames}.mp4"), patience_s=5)
    peaks.append(rss())
    if now.frames == 600:
        raise KeyboardInterrupt

try:
    show.run(progress)
except KeyboardInterrupt:
    print(max(peaks[180:330]), max(peaks[450:]))
"""
    models = [make_model(tmp_path / f"{kind}.onnx", kind=kind, name=kind) for kind in ("invert", "identity")]
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path, *models], capture_output=True, text=True, check=True, env=here()
    )
    early, late = map(float, done.stdout.split())
    assert late - early < 15, done.stdout


def test_frames_carry_their_time_of_capture(invert_model):
    """Through all stages: it is what latency is measured by."""
    source = Paced(lambda: TestPattern(64, 48, frames=10))
    show, memory = show_of(source, invert_model)
    show.run(None)
    assert memory.frames
    assert all(isinstance(frame, Frame) and 0 < time.perf_counter() - frame.captured < 60 for frame in memory.frames)
