"""What runs in a process of its own."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from rtstyle.errors import SourceError
from rtstyle.sinks import relay
from rtstyle.sources.screen import Screen

ROOT = Path(__file__).parents[1]


def test_nothing_in_the_working_folder_is_run(tmp_path, monkeypatch):
    """A json.py that lies there is not taken for Python's, neither to publish nor to grab the screen."""
    (tmp_path / "json.py").write_text("open('was-run', 'w')\nfrom sys import nothing\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    process, _ = relay.start("udp://127.0.0.1:9", "mpegts", {})
    process.communicate()
    with pytest.raises(SourceError, match="nowhere cannot be grabbed"):
        Screen("nowhere", "x11grab", Fraction(30), {})
    assert not (tmp_path / "was-run").exists()


def test_what_is_run_from_its_checkout_runs_there_too():
    """Neither installed nor on PYTHONPATH, a module is found in the working folder if it was found there before."""
    program = (
        "import subprocess; from rtstyle.own_process import command; import rtstyle.sinks.relay as relay; "
        "print(relay.__file__); subprocess.run(command('inspect', 'rtstyle.sinks.relay', '--details'), check=True)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    here, *details = done.stdout.splitlines()
    assert Path(here) == ROOT / "rtstyle" / "sinks" / "relay.py"
    assert f"Origin: {here}" in details


@pytest.mark.parametrize("is_windows", [False, True])
def test_ctrl_c_is_not_theirs(monkeypatch, is_windows):
    """Neither the publisher nor the grabber gets the terminal's: in a session or, on Windows, a group of its own."""
    started = []

    def popen(*_, **options):
        started.append((options["start_new_session"], options["creationflags"]))
        raise SourceError("enough")

    monkeypatch.setattr(subprocess, "Popen", popen)
    if is_windows:
        monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    for start in (
        lambda: relay.start("udp://127.0.0.1:9", "mpegts", {}),
        lambda: Screen("", "gdigrab", Fraction(30), {}),
    ):
        with pytest.raises(SourceError, match="enough"):
            start()
    assert started == [(True, 0x200 if is_windows else 0)] * 2
