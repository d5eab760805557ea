from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rtstyle.perceptual import VggWeights
from training.checkpoint import Checkpoint

ROOT = Path(__file__).parents[2]
TOGETHER = ("palette", "features")  # these look at all photos of a process together


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_learn_what_one_would(photos: Path, random_vgg: VggWeights, tmp_path: Path) -> None:
    """Two over gloo with half the batch each have the losses and paintings of one with all; the first alone writes.

    It counts the photos that any of them had to skip.
    """
    data = shutil.copytree(photos, tmp_path / "photos")
    for grey in range(4):
        cv2.imwrite(str(data / f"grey{grey}.png"), np.full((80, 80), 50 * grey, np.uint8))
    torch.save(random_vgg.state, tmp_path / "vgg.pth")
    arguments = [
        *("-m", "training", "train", "--data", str(data), "--style-image", str(data / "set1" / "1.png")),
        *("--size", "64", "--style-size", "64", "--batch", "4", "--steps", "3", "--workers", "0"),
        *("--weight", ",".join(f"{name}=0" for name in TOGETHER)),
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RTSTYLE_VGG16": str(tmp_path / "vgg.pth"),
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "300",
    }

    def run(*command: str) -> str:
        result = subprocess.run(
            [sys.executable, *command], env=environment, capture_output=True, text=True, timeout=200, check=False
        )
        assert result.returncode == 0, result.stderr
        (skipped,) = re.findall(r"3 steps, (.+); next:", result.stderr)
        return str(skipped)

    skipped = run(*arguments, "-o", str(tmp_path / "one.ckpt"))
    assert "grey" in skipped
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    assert run(*torchrun, *arguments, "-o", str(tmp_path / "two.ckpt")) == skipped
    one, two = (Checkpoint.load(tmp_path / f"{name}.ckpt") for name in ("one", "two"))
    assert one.losses.keys() == two.losses.keys()
    apart = {name: value for name, value in one.losses.items() if name not in TOGETHER}
    assert {name: two.losses[name] for name in apart} == pytest.approx(apart, rel=5e-3)
    paintings = [np.asarray(cv2.imread(str(tmp_path / f"{name}.000003.png")), float) for name in ("one", "two")]
    assert np.abs(paintings[0] - paintings[1]).mean() < 0.5  # grey levels
    assert sorted(p.name for p in tmp_path.glob("two*")) == ["two.000003.png", "two.ckpt", "two.log"]
