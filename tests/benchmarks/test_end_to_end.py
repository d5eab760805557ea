"""The promise about the first frame, and the benchmark that measures it."""

import json
import subprocess
import sys

from tests.clips import make_clip
from tests.conftest import ROOT
from tests.ending import seconds_to_end


def test_the_first_frame_is_there_within_3_seconds(tmp_path):
    """From the start of the process to its end, Python and the network's compilation included."""
    one = make_clip(tmp_path / "one.mp4", frames=1, sound=False)
    command = [sys.executable, "-m", "rtstyle", "transcode", one, "--style", "wave"]
    subprocess.run([*command, "-o", tmp_path / "first.mp4"], check=True, capture_output=True)  # fills the disk's cache
    with subprocess.Popen([*command, "-o", tmp_path / "second.mp4"], stderr=subprocess.DEVNULL) as process:
        assert seconds_to_end(process) <= 3
    assert process.returncode == 0


def test_the_benchmark_measures_it_too(clip):
    """The last line is JSON."""
    command = [sys.executable, ROOT / "benchmarks" / "end_to_end.py", clip, "--style", "wave", "--runs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["size"], figures["frames"], figures["dropped"]) == ("64x48", 25, 0)
    assert figures["first_frame_s"] > 0
