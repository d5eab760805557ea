"""Files and folders that may not be read or written."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.models import make_model

# Root may do everything, and so becomes nobody when all that has to be imported is. The first film is painted before.
PROGRAM = """
import os, sys
from pathlib import Path
import rtstyle
from rtstyle.jobs.film.options import FilmOptions

folder, style = Path(sys.argv[1]), sys.argv[2]
rtstyle.transcode(folder / "clip.mp4", folder / "first.mp4", style=style)
is_root = os.geteuid() == 0


def attempt(source, target, **options):
    if is_root:
        os.seteuid(65534)
    try:
        rtstyle.transcode(folder / source, folder / target, style=style, overwrite=True, **options)
    except rtstyle.RtstyleError as error:
        print(f"{type(error).__name__}: {error}")
    else:
        print("painted")
    finally:
        if is_root:
            os.seteuid(0)


attempt("secret.mp4", "open/out.mp4")
attempt("clip.mp4", "shut/out.mp4")
attempt("clip.mp4", "shut/there.mp4")
os.chmod(folder / "shut", 0o777)
attempt("clip.mp4", "shut/there.mp4", options=FilmOptions(resume=True))
"""

ASK = "ask its owner to let you read it, or make a copy that you may read"


@pytest.fixture
def folder():
    """Of which anybody may see the names; pytest's own is its user's alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for sub in ("open", "shut"):
            (folder / sub).mkdir()
        (folder / "open").chmod(0o777)
        yield folder
        (folder / "shut").chmod(0o755)


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_no_permission(folder):
    """A sentence each that names the file, nothing damaged or left behind; with the permission it goes on."""
    style = make_model(folder / "invert.onnx")
    make_clip(folder / "clip.mp4", frames=5)
    make_clip(folder / "secret.mp4", frames=5).chmod(0)
    there = folder / "shut" / "there.mp4"
    there.write_bytes(b"precious")
    (folder / "shut").chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, folder, style], check=False, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    unread, unmade, unchanged, painted = done.stdout.splitlines()
    assert unread == f"SourceError: {folder / 'secret.mp4'}: cannot be opened: Permission denied; {ASK}"
    for line in (unmade, unchanged):
        assert line.startswith(f"SinkError: {folder / 'shut'}")
        assert line.endswith("Permission denied; choose a folder that you may write to")
    assert painted == "painted"
    assert there.read_bytes() != b"precious"
    assert sorted(path.name for path in (folder / "shut").iterdir()) == ["there.mp4"]
    assert list((folder / "open").iterdir()) == []
