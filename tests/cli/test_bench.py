"""``rtstyle bench``, as a user has it."""

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import pytest

from tests.ending import seconds_to_end
from tests.invoke import invoke

BENCH = [sys.executable, "-m", "rtstyle", "bench"]
SHORT = ("--seconds", "1")


def bench(*arguments):
    return subprocess.run([*BENCH, *map(str, arguments)], check=False, capture_output=True, text=True)


def test_as_json(invert_model):
    """One object: the machine, both figures of each size, small sizes first, and what `live` settles on."""
    done = bench("--style", invert_model, "--size", "96x64", "--size", "64x48", *SHORT, "--json")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    found = json.loads(done.stdout)
    assert {"cpu", "cores", "load"} <= set(found["machine"])
    assert [(speed["width"], speed["height"], speed["measured"]) for speed in found["speeds"]] == [
        (64, 48, True),
        (96, 64, True),
    ]
    for speed in found["speeds"]:
        assert speed["film_fps"] > 0
        assert 0 < speed["live_fps"] < 33
        assert "CPU" in speed["provider"]
    (settled,) = found["settled"]
    assert settled["lines"] <= 720
    assert settled["live_fps"] > 0


def test_for_people_and_too_large_a_size(invert_model):
    """A chart with a row a size; what would take longer than a second a frame is estimated, and marked so."""
    done = bench("--style", invert_model, "--size", "8192x8192", "--size", "16x16", *SHORT)
    assert done.returncode == 0, done.stderr
    small, large = (line for line in done.stdout.splitlines() if "×" in line and "camera" not in line)
    assert "16×16" in small
    assert "≈" not in small
    assert "8192×8192" in large
    assert large.count("≈") == 2
    assert "camera of 1280×720" in done.stdout
    assert "about" in done.stderr.splitlines()[0]  # how long it takes is said before
    assert all("ETA" in line for line in done.stderr.splitlines()[1:])


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_shows_what_is_there(invert_model, tmp_path):
    """At once, with exit code 130, one more line, and nothing left on the disk."""
    arguments = ["--style", invert_model, "--size", "64x48", "--size", "320x240", "--seconds", "12"]
    process = subprocess.Popen(
        [*BENCH, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with process, ExitStack() as ending:
        ending.callback(process.kill)
        while "320x240, transcode" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert seconds_to_end(process) < 1
        shown = process.stdout.read()
        assert process.stderr.read() == "rtstyle: stopped; what was measured so far is above\n"
    assert process.returncode == 130
    assert "64×48" in shown
    assert "320×240" not in shown
    assert not list(tmp_path.iterdir())


def test_ctrl_c_before_the_first_figure(invert_model, monkeypatch):
    """There is nothing above the line, and it says so."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rtstyle.jobs.bench.bench.Bench.measure", interrupted)
    done = invoke("bench", "--style", invert_model)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.splitlines()[-1] == "rtstyle: stopped; nothing was measured"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--size", "7p"], 2, "--size 7p: expected one of 360p"),
        (["--size", "8x8"], 2, "expected at least 16x16"),
        (["--style", "wavee"], 2, "did you mean wave?"),
        (["--device", "abacus"], 2, "no such device"),
    ],
)
def test_what_cannot_be_measured(arguments, code, sentence):
    """Said in one sentence, and at once where it can be known."""
    done = invoke("bench", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_help_shows_an_example():
    """With how long it takes."""
    done = bench("--help")
    assert done.returncode == 0
    assert "rtstyle bench --style wave" in done.stdout
    assert "about a minute" in " ".join(done.stdout.split())
