"""What the commands of both programs have in common: their help, and how they speak of their options."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from rtstyle.cli.app import app
from tests.clips import make_clip
from tests.models import make_model
from training.cli.app import app as training

COMMANDS = [
    *((app, name) for name in ("live", "transcode", "image", "keyframe", "styles", "export", "inspect", "bench")),
    *((training, name) for name in ("download", "train", "export", "evaluate", "catalogue")),
]


def run(program, *arguments):
    return CliRunner().invoke(program, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


@pytest.mark.parametrize(("program", "command"), COMMANDS)
def test_help_is_short_for_flags(program, command):
    """-h does in both programs, and no type is shown beside what takes no value."""
    done = run(program, command, "-h")
    assert done.exit_code == 0, done.output
    assert "bool" not in done.stdout.lower()
    assert run(program, command, "--help").stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--strength", "5"], "expected less than or equal to 1, got 5"),
        (["--strength", "nan"], "expected less than or equal to 1, got nan"),
        (["--strength", "much"], "expected a valid number, got much"),
        (["--crf", "-1"], "expected greater than or equal to 0, got -1"),
        (["--batch", "1.5"], "expected a valid integer, got 1.5"),
        (["--decoder", "fast"], "expected one of 'software', 'auto', 'nvdec', got fast"),
    ],
)
def test_a_wrong_value_is_shown(arguments, sentence):
    """With the option that it was given to and what that takes."""
    done = run(app, "transcode", "in.mp4", "-o", "out.mp4", "--style", "wave", *arguments)
    assert done.exit_code == 2
    assert f"Invalid value for '{arguments[0]}': {sentence} " in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("words", [["rtstyle", "styles", "--json"], ["rtstyle", "--help"], ["training", "-h"]])
def test_what_is_printed_does_not_fit_on_the_disk(words):
    """One sentence on stderr, and 1."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", *words], check=False, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.stderr == f"{words[0]}: cannot write: {os.strerror(errno.ENOSPC)}; free some space\n"
    assert done.returncode == 1


@pytest.mark.parametrize(("program", "command"), COMMANDS)
def test_what_is_empty_is_refused(program, command):
    """As an option's value, behind its name or after =; a shell that completes a line may ask about one."""
    for words, where in ((["--json", ""], "--json"), ([""], "an argument"), (["--style="], "--style")):
        done = run(program, command, *words)
        assert done.exit_code == 2
        assert f"{where}: expected something, got an empty string; is a variable of your shell not set?" in done.stderr
    of_both = get_command(program)
    alone = of_both.get_command(of_both.make_context("program", [], resilient_parsing=True), command)
    assert alone.make_context(command, [""], resilient_parsing=True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["transcode", "in.mp4", "-o", "out.txt", "--style", "wave"], 2),
        (["image", "in.png", "-o", "out.txt", "--style", "wave"], 2),
        (["export", "wave", "--to", "float", "-o", "out.txt"], 2),
        (["transcode", "in.mp4", "-o", "out.mp4", "--style", "wavee"], 2),
        (["transcode", "in.mp4", "-o", "out.mp4", "--style", "no.onnx"], 1),
        (["image", "in.png", "-o", "no/out.png", "--style", "wave"], 1),
        (["image", "missing.png", "-o", "out.png", "--style", "wave"], 1),
    ],
)
def test_usage_is_2_and_files_are_1(arguments, code, clip, monkeypatch):
    """In every command: extensions and names of styles are usage."""
    monkeypatch.chdir(clip.parent)
    clip.rename("in.mp4")
    cv2.imwrite("in.png", np.zeros((32, 32, 3), np.uint8))
    done = run(app, *arguments)
    assert (done.exit_code, done.stdout) == (code, ""), done.stderr


def test_options_are_named_as_they_are_typed(tmp_path, clip):
    """With dashes where a sentence begins with one, and never as Python has them; what is no option stays."""
    model, film = make_model(tmp_path / "preset.onnx"), ("transcode", clip, "-o", clip.with_name("out.mp4"))
    for option, value in (("--scale", "5"), ("--preset", "bogus"), ("--duration", "0")):
        done = run(app, *film, "--style", model, option, value)
        assert (done.exit_code, done.stderr.startswith(f"rtstyle: {option}: ")) == (2, True), done.stderr
    done = run(app, *film, "--style", model, "--device", "tpu")
    assert done.stderr.startswith("rtstyle: tpu: no such device")
    clip.with_name("out.mp4").touch()
    done = run(app, *film, "--style", model)
    assert done.stderr.endswith("out.mp4: exists already; pass --overwrite to replace it\n")


def test_an_address_of_a_file_is_its_path(tmp_path, invert_model):
    """As browsers and file managers write it, in every command and option; numbered pictures keep their pattern."""
    film, photo = tmp_path / "a film.mp4", tmp_path / "a-100%.png"
    make_clip(film, frames=10)
    cv2.imwrite(str(photo), np.full((20, 20, 3), 10, np.uint8))
    cv2.imwrite(str(tmp_path / "frame_0001.png"), np.full((20, 20, 3), 10, np.uint8))
    style = (f"--style={invert_model.as_uri()}", "--dry-run")
    for arguments, expected in (
        (("transcode", film.as_uri(), "-o", tmp_path / "out.mp4", "--resume", *style), f"{film} would become"),
        (("transcode", film.as_uri(), photo.as_uri(), "-o", tmp_path / "out", *style), f"{film} would become"),
        (
            ("transcode", f"file://{tmp_path}/frame_%04d.png", "-o", tmp_path / "out.mp4", *style),
            "frame_%04d.png would",
        ),
        (("image", photo.as_uri(), "-o", tmp_path / "out.png", *style), f"{photo} would become"),
    ):
        assert expected in run(app, *arguments).stdout
