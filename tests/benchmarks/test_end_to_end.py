"""The promise about the first frame, by the benchmark that measures it."""

import json
import subprocess
import sys

from tests.conftest import ROOT


def test_the_first_frame_is_there_within_3_seconds(clip):
    """From the start of the process, Python and the network's compilation included; the last line is JSON."""
    command = [sys.executable, ROOT / "benchmarks" / "end_to_end.py", clip, "--style", "wave", "--runs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["size"], figures["frames"], figures["dropped"]) == ("64x48", 25, 0)
    assert figures["first_frame_s"] <= 3
