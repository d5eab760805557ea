"""The benchmark of keyframes runs, and compares like with like."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

from tests.vgg import photo_and_artwork

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_both_sides_run_to_the_same_loss(tmp_path, vgg_file):
    """The last line is JSON: times and losses by one judge, for each number of iterations."""
    for name, image in zip(("photo.png", "art.png"), photo_and_artwork(), strict=True):
        cv2.imwrite(str(tmp_path / name), image)
    command = [sys.executable, ROOT / "benchmarks" / "keyframe.py", tmp_path / "photo.png", tmp_path / "art.png"]
    environment = {**os.environ, "RTSTYLE_VGG16": str(vgg_file), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--size", "32", "--plain", "3", "30", "--iterations", "80"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    rows = figures["rows"]
    assert [row["plain_iterations"] >= wanted for row, wanted in zip(rows, (3, 30), strict=True)] == [True, True]
    for row in rows:
        assert row["ours_loss"] <= row["plain_loss"] < figures["start_loss"]
        assert row["ratio"] > 0
    assert rows[0]["plain_s"] < rows[1]["plain_s"]
