"""What a long film costs in memory."""

import subprocess
import sys

import pytest

from tests.clips import make_clip

PROGRAM = """
import resource, sys
import rtstyle
from rtstyle.jobs.film.options import FilmOptions

for name in ("short", "long"):
    options = FilmOptions(segment=25, steady=True)
    rtstyle.transcode(f"{sys.argv[1]}/{name}.mp4", f"{sys.argv[1]}/{name}.out.mp4", style=sys.argv[2], options=options)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a process's peak as POSIX tells it")
def test_a_long_film_costs_what_a_short_one_does(tmp_path, invert_model):
    """A hundred and sixty segments with sound, joined and verified, need no more than four do, but for 24 MiB."""
    for name, frames in (("short", 100), ("long", 4000)):
        make_clip(tmp_path / f"{name}.mp4", frames=frames)
    command = [sys.executable, "-c", PROGRAM, tmp_path, invert_model]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    short, long = (int(line) * (1 if sys.platform == "darwin" else 1024) for line in done.stdout.split())
    assert long - short < 24 * 2**20
