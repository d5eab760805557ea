"""The benchmarks of speed run, and say what they should; the figures themselves are measured by hand."""

import json
import subprocess
import sys

from tests.clips import make_clip
from tests.conftest import ROOT


def figures_of(script, *arguments):
    command = [sys.executable, ROOT / "benchmarks" / script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_stages_alone_and_together(tmp_path, invert_model):
    """Every stage has its time, and memory is followed through a longer film than the clip."""
    clip = make_clip(tmp_path / "clip.mp4", frames=25)
    figures = figures_of("stages.py", clip, "--style", invert_model, "--runs", 1, "--memory", 100, "--live", 0)
    assert set(figures["ms"]) == {"decode", "network", "encode", "decode and encode", "end to end"}
    assert all(ms > 0 for ms in figures["ms"].values())
    assert figures["memory"]["frames"] == 100
    assert 0 < figures["import_s"] <= 0.25


def test_live(tmp_path, invert_model):
    """The test pattern, and a clip that is shorter than the measurement."""
    for source in ("test", make_clip(tmp_path / "clip.mp4", frames=25)):
        options = ["--style", invert_model, "--seconds", 1.5, "--warm-up", 0.5, "--no-window"]
        figures = figures_of("live.py", source, *options)
        assert 0 < figures["fps"] <= 1.2 * figures["rate"]
        assert 0 < figures["latency_p50_ms"] <= figures["latency_p95_ms"]


def test_scale_by_size_and_batch(tmp_path, invert_model):
    """A row for every size and for every batch, each with its memory."""
    clip = make_clip(tmp_path / "clip.mp4", frames=25)
    options = ["--sizes", "64x48", "96x64", "--batches", 2, "--batch-size", "64x48", "--seconds", 0.1]
    figures = figures_of("scale.py", clip, "--style", invert_model, *options)
    assert [row["size"] for row in figures["by_size"]] == ["64x48", "96x64"]
    assert [row["batch"] for row in figures["by_batch"]] == [2]
    if sys.platform == "linux":
        assert all(row["peak_mib"] > 0 for row in figures["by_size"])
