"""Several files in one command."""

import json
import os
import subprocess
from contextlib import closing, nullcontext

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from rtstyle.cli.app import app
from rtstyle.errors import SourceError, UsageError
from rtstyle.jobs.defaults import SEGMENT
from rtstyle.jobs.many import Errand, errands, is_done
from rtstyle.sources.video_reader import SUFFIXES, VideoReader
from tests.clips import frame_times, make_clip
from tests.models import make_model


@pytest.fixture
def run():
    def run(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def holiday(tmp_path):
    """Two clips, one of them in a folder of its own, a broken one and a text."""
    folder = tmp_path / "holiday"
    (folder / "beach").mkdir(parents=True)
    make_clip(folder / "a.mp4", frames=5)
    make_clip(folder / "beach" / "b.avi", frames=7, sound=False)
    (folder / "broken.mkv").write_bytes(b"no film")
    (folder / "notes.txt").write_text("no film")
    return folder


def test_a_folder_is_mirrored_and_what_fails_does_not_keep_the_others(run, holiday, tmp_path, invert_model):
    """Each under its own name; the broken one is named at the end, with exit code 1; then only that is tried again."""
    out = tmp_path / "out"
    done = run("transcode", holiday, "-o", out, "--style", invert_model)
    assert done.exit_code == 1
    assert "2 done, 0 already there, 1 failed" in done.output
    assert "broken.mkv: is not a video" in done.stderr.splitlines()[-1]
    assert len(frame_times(out / "a.mp4")) == 5
    assert len(frame_times(out / "beach" / "b.mkv")) == 7  # Matroska holds whatever an AVI had
    assert sorted(path.name for path in out.rglob("*")) == ["a.mp4", "b.mkv", "beach"]
    again = run("transcode", holiday, "-o", out, "--style", invert_model, "--json")
    files = json.loads(again.stdout)["files"]
    assert [(file.get("skipped"), "error" in file) for file in files] == [(True, False), (True, False), (None, True)]


def test_what_another_run_left_keeps_no_other_film(run, tmp_path, invert_model, monkeypatch):
    """Begun with another strength it is not gone on with, which is told in the end; the next film is painted."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    make_clip(folder / "a.mp4", frames=10)
    make_clip(folder / "b.mp4", frames=5)
    monkeypatch.setattr("rtstyle.jobs.film.film.join", _stopped)
    assert run("transcode", folder, "-o", out, "--style", invert_model).exit_code == 130
    monkeypatch.undo()
    done = run("transcode", folder, "-o", out, "--style", invert_model, "--strength", "0.5", "--resume")
    assert done.exit_code == 1
    assert "1 done, 0 already there, 1 failed" in done.output
    assert "a.mp4: cannot be resumed: strength was 1.0 and is 0.5" in done.stderr.splitlines()[-1]
    assert len(frame_times(out / "b.mp4")) == 5


def test_what_a_finished_film_left_is_tidied(run, film_and_out, monkeypatch, caplog):
    """The folder of a film that is whole goes; one that holds an unfinished run stays, and is mentioned."""
    source, out, model = film_and_out
    arguments = ("transcode", source, "-o", out, "--style", model)
    with monkeypatch.context() as kept:
        kept.setattr("rtstyle.jobs.film.work_folder.WorkFolder.remove", lambda _: None)
        assert run(*arguments).exit_code == 0
    assert (out / "a.mp4.rtstyle").is_dir()
    assert run(*arguments, "--resume").exit_code == 0
    assert [path.name for path in out.iterdir()] == ["a.mp4"]
    with monkeypatch.context() as stopped:
        stopped.setattr("rtstyle.jobs.film.film.join", _stopped)
        assert run(*arguments, "--overwrite").exit_code == 130
    caplog.clear()
    assert run(*arguments, "--resume").exit_code == 0
    assert "a.mp4.rtstyle holds an unfinished run to replace it; --resume --overwrite" in caplog.text
    assert (out / "a.mp4.rtstyle").is_dir()


@pytest.fixture
def film_and_out(tmp_path, invert_model):
    (tmp_path / "in").mkdir()
    make_clip(tmp_path / "in" / "a.mp4", frames=5)
    return tmp_path / "in", tmp_path / "out", invert_model


def _stopped(*_, **__):
    raise KeyboardInterrupt


def test_photos_likewise(run, tmp_path, invert_model):
    """A damaged photo is named, and the others are painted."""
    folder = tmp_path / "photos" / "sub"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "a.png"), np.full((20, 20, 3), 10, np.uint8))
    (folder.parent / "b.jpg").write_bytes(b"no photo")
    done = run("image", folder.parent, "-o", tmp_path / "out", "--style", invert_model, "--brushwork", "0")
    assert done.exit_code == 1
    assert "1 done, 0 already there, 1 failed" in done.output
    assert cv2.imread(str(tmp_path / "out" / "sub" / "a.png"))[0, 0].tolist() == [245, 245, 245]


def test_a_dry_run_of_a_folder(run, holiday, tmp_path):
    """What each would become; with --json as one object."""
    (holiday / "broken.mkv").unlink()
    done = run("transcode", holiday, "-o", tmp_path / "out", "--style", "wave", "--dry-run", "--json")
    assert done.exit_code == 0, done.output
    plans = json.loads(done.stdout)["dry_run"]
    assert [plan["output"].rsplit("/", 1)[1] for plan in plans] == ["a.mp4", "b.mkv"]
    assert "stream 1 (audio, aac) is copied" in plans[0]["streams"]
    assert not (tmp_path / "out").exists()


def test_a_dry_run_goes_on_after_a_broken_film(run, holiday, tmp_path):
    """As the real run does: the others are told of, the broken one is named at the end, with exit code 1."""
    arguments = ("transcode", holiday, "-o", tmp_path / "out", "--style", "wave", "--dry-run")
    done = run(*arguments)
    assert done.exit_code == 1
    heads = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert [line.split(" would ")[1].split()[0] for line in heads] == ["become", "become", "fail"]
    assert done.stderr.count("\n") == 1
    assert "broken.mkv: is not a video" in done.stderr
    done = run(*arguments, "--json")
    assert done.exit_code == 1
    plans = json.loads(done.stdout)["dry_run"]
    assert ["error" in plan for plan in plans] == [False, False, True]
    assert "broken.mkv: is not a video" in plans[2]["error"]
    assert not (tmp_path / "out").exists()


def test_a_dry_run_names_an_output_that_is_its_input(run, holiday, invert_model):
    """The others go on there too; with --overwrite it is refused just the same."""
    films = (holiday / "a.mp4", holiday / "beach")
    for overwrite in ([], ["--overwrite"]):
        done = run("transcode", *films, "-o", holiday, "--style", invert_model, "--dry-run", *overwrite)
        assert done.exit_code == 1
        assert f"b.avi would become {holiday / 'b.mkv'}" in done.stdout
        assert done.stderr.endswith("is the input itself; give another folder\n")


def test_a_film_that_vanished_is_the_readers_to_name(tmp_path):
    """Not its output, which exists from an earlier run and is to be replaced."""
    (tmp_path / "there.mp4").write_bytes(b"old")
    assert not is_done(Errand(tmp_path / "gone.mp4", tmp_path / "there.mp4"), overwrite=True)


def test_a_dry_run_of_photos(run, tmp_path):
    """One photo or several; with --json it is one object, as everywhere."""
    for name in ("a.png", "b.jpg"):
        cv2.imwrite(str(tmp_path / name), np.full((20, 20, 3), 10, np.uint8))
    done = run("image", tmp_path / "a.png", "-o", tmp_path / "out.png", "--style", "wave", "--dry-run", "--json")
    assert json.loads(done.stdout)["dry_run"][0]["output"] == str(tmp_path / "out.png")
    done = run("image", tmp_path, "-o", tmp_path / "out", "--style", "wave", "--dry-run", "--json")
    assert [plan["output"].rsplit("/", 1)[1] for plan in json.loads(done.stdout)["dry_run"]] == ["a.png", "b.jpg"]
    assert not (tmp_path / "out").exists()


_NOT_TO_BE_HAD = [
    (["--style", "wavee"], "wavee: no such style; did you mean wave?"),
    (["--style", "broken.onnx"], "broken.onnx: expected an ONNX model"),
    (["--style", "unknown.onnx"], "no engine for the CPU"),
    (["--style", "invert.onnx", "--device", "tpu"], "tpu: no such device"),
    (["--style", "invert.onnx", "--device", "cuda"], "cuda: expected an NVIDIA GPU"),
    (["--style", "invert.onnx", "-o", "no/out{}"], "there is no folder"),
    (["--style", "invert.onnx", "-o", "in.png/out{}"], "in.png, got a file; choose another place"),
    (["--style", "invert.onnx", "-o", "in.png/no/out{}"], "in.png, got a file; choose another place"),
    (["--style", "invert.onnx", "-o", "there{}"], "exists already; pass --overwrite"),
]


@pytest.fixture
def files(tmp_path, monkeypatch, clip):
    """A film, a photo, models, and what is in the way, in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rtstyle.engines.nvidia.count_gpus", lambda: 0)
    for name in ("in.png", "there.png", "there.mp4"):
        (tmp_path / name).write_bytes(cv2.imencode(".png", np.full((20, 20, 3), 10, np.uint8))[1])
    clip.rename("in.mp4")
    (tmp_path / "broken.onnx").write_text("Dear diary")
    make_model(tmp_path / "unknown.onnx", kind="unknown_operator")
    make_model(tmp_path / "invert.onnx")
    return tmp_path


@pytest.mark.parametrize(("more", "sentence"), _NOT_TO_BE_HAD)
@pytest.mark.parametrize("command", ["transcode", "image"])
def test_a_dry_run_finds_what_would_fail(run, files, command, more, sentence):
    """A misspelt style, a broken model, an impossible device or place is one sentence before anything is painted."""
    suffix = {"transcode": ".mp4", "image": ".png"}[command]
    before = sorted(files.rglob("*"))
    done = run(command, f"in{suffix}", "-o", f"out{suffix}", *(word.format(suffix) for word in more), "--dry-run")
    assert (done.exit_code in {1, 2}, done.stdout) == (True, ""), done.output
    assert sentence in done.stderr
    assert sorted(files.rglob("*")) == before


def test_a_dry_run_looks_at_the_photo_and_skips_what_is_there(run, tmp_path, invert_model):
    """What is no photo is an error; what a folder has already is not painted again, and said."""
    photos, out = tmp_path / "photos", tmp_path / "out"
    for folder in (photos, out):
        folder.mkdir()
        cv2.imwrite(str(folder / "a.png"), np.full((20, 20, 3), 10, np.uint8))
    arguments = ("--style", invert_model, "--dry-run")
    assert run("image", photos, "-o", out, *arguments).stdout == f"{out / 'a.png'} already exists\n"
    films = make_clip(photos / "a.mp4", frames=2), make_clip(out / "a.mp4", frames=2)
    told = json.loads(run("transcode", films[0], "-o", out, *arguments, "--json").stdout)["dry_run"]
    assert told == [{"input": str(films[0]), "output": str(films[1]), "streams": [], "skipped": True}]
    (photos / "b.jpg").write_text("no photo")
    for name, sentence in (("b.jpg", "is not a picture"), ("c.jpg", "there is no such file")):
        assert sentence in run("image", photos / name, "-o", tmp_path / "x.png", *arguments).stderr


def test_a_dry_run_looks_at_every_photo(run, tmp_path, invert_model):
    """Those that would fail are named at the end, each with its sentence, with exit code 1; with --json too."""
    for name, size in (("a.png", 20), ("tiny.png", 1)):
        cv2.imwrite(str(tmp_path / name), np.full((size, size, 3), 10, np.uint8))
    (tmp_path / "empty.png").touch()
    arguments = ("image", tmp_path, "-o", tmp_path / "out", "--style", invert_model, "--dry-run")
    done = run(*arguments)
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f"{tmp_path / 'a.png'} would become {tmp_path / 'out' / 'a.png'}",
        f"{tmp_path / 'empty.png'} would fail",
        f"{tmp_path / 'tiny.png'} would fail",
    ]
    assert done.stderr.splitlines() == [
        f"rtstyle: {tmp_path / 'empty.png'}: is empty; expected a picture",
        f"rtstyle: {tmp_path / 'tiny.png'}: expected at least 16×16 pixels, got 1×1",
    ]
    told = json.loads(run(*arguments, "--json").stdout)["dry_run"]
    assert ["error" in plan for plan in told] == [False, True, True]


def test_photos_take_one_style(run, tmp_path, invert_model):
    """A second one would only hide the first."""
    cv2.imwrite(str(tmp_path / "a.png"), np.full((20, 20, 3), 10, np.uint8))
    done = run("image", tmp_path / "a.png", "-o", tmp_path / "b.png", "--style", "wave", "--style", invert_model)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--style: expected one style for photos, got 2" in done.stderr
    assert not (tmp_path / "b.png").exists()


def test_every_option_reaches_the_film(run, tmp_path, clip, invert_model):
    """The whole grammar at once."""
    target = tmp_path / "out.mkv"
    words = "--strength 0.9 --keep-colors --steady --scale 0.8 --brushwork 0.5 --start 0.2 --duration 00:00:00.4"
    more = "--codec hevc --crf 30 --preset ultrafast --no-audio --no-subtitles --no-metadata --on-error skip --batch 2"
    done = run("transcode", clip, "-o", target, "--style", invert_model, *words.split(), *more.split(), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["encoder"] == "libx265"
    assert len(frame_times(target)) == 10


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--crossfade", "inf"], "inf: expected a time"),
        (["--crossfade", "1"], "crossfade: expected several styles, as in wave@0 and starry-night@00:12, got one"),
        (["--preview", "nan"], "nan: expected a time"),
        (["--preview", "0"], "--preview: expected more than 0 s, got 0"),
        (["--duration", "0"], "--duration: expected more than 0 s, got 0"),
        (["--preview", "1", "--start", "1"], "expected no start and no duration beside it"),
        (["--bitrate", "1e999"], "1e999: expected a bit rate"),
        (["--bitrate", "9999999M"], "bitrate: libx264 does not accept 9999999000000"),
        (["--codec", "hevc", "--crf", "55"], "crf: libx265 does not accept 55"),
        (["--preset", "bogus"], "preset: libx264 expects one of ultrafast, superfast"),
        (["--preset", "bogus", "--bitrate", "1M"], "preset: libx264 expects one of ultrafast, superfast"),
        (["--codec", "hevc", "--preset", "bogus"], "preset: libx265 expects one of ultrafast, superfast"),
        (["--codec", "av1", "--preset", "14"], "preset: libsvtav1 expects one of -2, -1, 0"),
        (["--start", "9" * 20], "expected --start before its end at 1 s, got 1e+20 s"),
    ],
)
def test_numbers_that_are_none(run, clip, tmp_path, arguments, sentence):
    """Too large, infinite or in contradiction: a sentence each, whatever Python would say of it."""
    done = run("transcode", clip, "-o", tmp_path / "out.mp4", "--style", "wave", *arguments)
    assert done.exit_code in {1, 2}, done.output
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr


@pytest.mark.parametrize("command", ["transcode", "image"])
def test_nothing_goes_to_standard_output(run, files, command):
    """A dash is no folder's name: one sentence says what to do instead, and nothing is written."""
    before = sorted(files.rglob("*"))
    done = run(command, "in.mp4", "-o", "-", "--style", "invert.onnx")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("rtstyle: -: expected the name of a file or a folder")
    assert "rtstyle live --publish" in done.stderr
    assert sorted(files.rglob("*")) == before


@pytest.mark.parametrize("at", [200, 290])
def test_ctrl_c_tells_what_is_kept(run, tmp_path, invert_model, monkeypatch, at):
    """The folder of the segments by its name, or that there is none yet."""

    def stop(now):
        if now.frames == at:
            raise KeyboardInterrupt

    monkeypatch.setattr("rtstyle.cli.films.shown", lambda _: nullcontext(stop))
    film = make_clip(tmp_path / "in.mp4", frames=300, sound=False)
    done = run("transcode", film, "-o", tmp_path / "out.mp4", "--style", invert_model)
    folder = tmp_path / "out.mp4.rtstyle"
    said = {
        200: "no segment was finished yet, so nothing is kept of the film that was being painted",
        290: f"finished segments are kept in {folder}; continue with --resume",
    }
    assert (done.exit_code, done.stderr) == (130, f"rtstyle: stopped; {said[at]}\n")
    assert folder.exists() == (at > SEGMENT)


def test_ctrl_c_tells_what_is_kept_in_a_folder(run, holiday, tmp_path, invert_model, monkeypatch):
    """Wherever in it the films lie."""

    def stop(*_, **__):
        raise KeyboardInterrupt

    kept = tmp_path / "out" / "beach" / "b.mkv.rtstyle"
    kept.mkdir(parents=True)
    monkeypatch.setattr("rtstyle.jobs.many.run_errands", stop)
    done = run("transcode", holiday, "-o", tmp_path / "out", "--style", invert_model)
    assert done.stderr == f"rtstyle: stopped; finished segments are kept in {kept}; continue with --resume\n"


@pytest.mark.parametrize("command", ["transcode", "image"])
@pytest.mark.parametrize("arguments", [["", "-o", "out"], ["in.png", "", "-o", "out"], ["in.png", "-o", ""]])
def test_an_empty_name_is_not_the_working_folder(run, files, command, arguments):
    """Nothing there is painted, and nothing is written into it."""
    before = sorted(files.rglob("*"))
    done = run(command, *arguments, "--style", "invert.onnx")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "expected something, got an empty string; is a variable of your shell not set?" in done.stderr
    assert sorted(files.rglob("*")) == before


@pytest.mark.parametrize("output", ["out.png", "out"])
def test_photos_are_files(run, files, output):
    """An address is named as it was given."""
    done = run("image", "http://127.0.0.1/x.jpg", "-o", output, "--style", "invert.onnx")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "rtstyle: http://127.0.0.1/x.jpg: expected a file, got an address; save the photo first\n"


@pytest.mark.parametrize("command", ["transcode", "image"])
def test_a_pattern_in_quotes_is_no_file(run, tmp_path, command):
    """Who wrote one learns that it is for the shell."""
    done = run(command, tmp_path / "*.mp4", "-o", tmp_path / "out", "--style", "wave")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.endswith("there is no such file; write it without quotes, so that the shell finds the files\n")


@pytest.mark.parametrize("suffix", [".3g2", ".apng", ".asf", ".dv", ".f4v", ".m2v"])
def test_what_opens_alone_is_found_in_a_folder(tmp_path, suffix):
    """Also what is rare."""
    look, size = "testsrc2=size=720x576:rate=25:duration=0.2", [] if suffix == ".dv" else ["-s", "176x144"]
    film = tmp_path / f"a{suffix}"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", look, "-pix_fmt", "yuv420p", *size, film], check=True)
    with closing(VideoReader(film)) as reader:
        assert reader.format.rate == 25
    found = errands([tmp_path], tmp_path / "out", SUFFIXES, lambda path: path.name)
    assert [errand.input for errand in found] == [film]


def test_what_windows_and_chrome_save_is_a_photo(run, tmp_path, invert_model):
    """A JPEG called .jfif is painted with the others of its folder."""
    photo = cv2.imencode(".jpg", np.full((20, 20, 3), 10, np.uint8))[1].tobytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jfif").write_bytes(photo)
    assert run("image", tmp_path / "in", "-o", tmp_path / "out", "--style", invert_model).exit_code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_names_that_collide(tmp_path):
    """Two of one name would be one file; a folder without films is an error; what is not there, or no file, too."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.mp4").touch()
    with pytest.raises(UsageError, match=r"a\.mp4: expected files with different names"):
        errands([tmp_path / "one", tmp_path / "two"], tmp_path / "out", SUFFIXES, lambda path: path.name)
    for film in ("frame_%04d.png", "http://127.0.0.1/film.mp4"):
        with pytest.raises(UsageError, match=f"{film}: is a single film"):
            errands([film], tmp_path / "out", SUFFIXES, lambda path: path.name)
    with pytest.raises(SourceError, match="there is no such file; check the spelling"):
        errands([tmp_path / "three"], tmp_path / "out", SUFFIXES, lambda path: path.name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="expected files that end in"):
        errands([tmp_path / "empty"], tmp_path / "out", SUFFIXES, lambda path: path.name)


def test_a_folder_painted_into_itself(run, holiday, invert_model):
    """No original passes for a painting that was done before, and nothing is changed; of a folder one line says so."""
    before = {path: path.read_bytes() for path in holiday.rglob("*.mp4")}
    done = run("transcode", holiday / "a.mp4", "-o", holiday, "--style", invert_model)
    assert done.exit_code == 1
    assert done.stderr.endswith("is the input itself; give another folder\n")
    done = run("transcode", holiday, "-o", holiday, "--style", invert_model)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"rtstyle: {holiday}: is the input itself; give another folder\n"
    assert {path: path.read_bytes() for path in holiday.rglob("*.mp4")} == before


@pytest.mark.parametrize("command", ["transcode", "image"])
def test_a_device_is_no_folder(run, files, command):
    """Nor is a file: one sentence, before anything is painted."""
    (files / "painting").touch()
    for output in ("painting", "/dev/null")[: 1 + (os.name == "posix")]:
        done = run(command, "in.mp4", "-o", output, "--style", "invert.onnx")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"rtstyle: {output}: expected a folder or a name with an extension, got a file")


def test_paintings_are_not_painted_again(holiday):
    """The folder for them may lie inside the one that is painted."""
    painted = holiday / "painted"
    painted.mkdir()
    (painted / "a.mp4").touch()
    outputs = [errand.output for errand in errands([holiday], painted, SUFFIXES, lambda path: path.name)]
    assert outputs == [painted / "a.mp4", painted / "beach" / "b.avi", painted / "broken.mkv"]
