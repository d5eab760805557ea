"""What another program makes of our files: PyAV wrote them, so it is not to be their only judge."""

import json
import shutil
import subprocess
from fractions import Fraction

import pytest

import rtstyle
from tests.clips import make_clip


@pytest.fixture
def probe():
    """Lists a file's frames of video or its packets of audio, as ffprobe sees them."""
    program = shutil.which("ffprobe")
    if program is None:
        pytest.skip("no ffprobe on this machine; `make system` installs ffmpeg where it may")

    def list_(path, what, stream):
        shown = [f"-show_{what}", "-select_streams", stream, "-show_data_hash", "md5", "-show_streams"]
        command = [program, "-v", "error", *shown, "-of", "json", str(path)]
        said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        (found,) = said["streams"]
        return [{**item, "time": item["pts"] * Fraction(found["time_base"])} for item in said[what]]

    return list_


def test_ffprobe_finds_every_frame_and_every_packet_of_sound(tmp_path, invert_model, probe):
    """At a variable frame rate: as many frames, each at its time, and the sound's packets unchanged."""
    ticks = [0, 512, 1300, 2000, 9000, 20_000, 20_512]
    source, target = make_clip(tmp_path / "in.mp4", ticks=ticks), tmp_path / "out.mp4"
    rtstyle.transcode(source, target, style=invert_model)
    assert [frame["time"] for frame in probe(target, "frames", "v")] == [Fraction(tick, 12_800) for tick in ticks]
    before, after = ([(p["time"], p["data_hash"]) for p in probe(path, "packets", "a")] for path in (source, target))
    assert after == before
    assert len(after) > 50
