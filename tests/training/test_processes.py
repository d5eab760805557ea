from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from rtstyle.errors import UsageError
from rtstyle.perceptual import VggWeights
from training.checkpoint import Checkpoint
from training.cli.app import app
from training.processes import PeerError, Processes

ROOT = Path(__file__).parents[2]
TOGETHER = ("palette", "features")  # these look at all photos of a process together


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets these of torchrun's variables, and no others."""

    def of(**given: str) -> None:
        for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
            monkeypatch.delenv(name, raising=False)
        for name, value in given.items():
            monkeypatch.setenv(name, value)

    return of


WHERE = {"MASTER_ADDR": "localhost", "MASTER_PORT": "1"}


@pytest.mark.parametrize("given", [{}, {"RANK": "1"}, {"RANK": "x"}, {"RANK": "0", "WORLD_SIZE": "1"}])
def test_a_stray_rank_makes_no_second_process(environment: Callable[..., None], given: dict[str, str]) -> None:
    """Alone we are the first, who writes; only torchrun's count makes it otherwise."""
    environment(**given)
    assert Processes.of_environment() == Processes(0, 1, 0)
    environment(RANK="3", WORLD_SIZE="4", LOCAL_RANK="1", **WHERE)
    assert Processes.of_environment() == Processes(3, 4, 1)


@pytest.mark.parametrize(
    "given",
    [
        {"WORLD_SIZE": "2"},
        {"WORLD_SIZE": "two"},
        {"WORLD_SIZE": "2", "RANK": "x", "LOCAL_RANK": "0", **WHERE},
        {"WORLD_SIZE": "2", "RANK": "2", "LOCAL_RANK": "0", **WHERE},
        {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "0"},
    ],
)
def test_half_of_torchrun_is_one_sentence(environment: Callable[..., None], given: dict[str, str]) -> None:
    """Variables that are missing, or no numbers, are named as they are."""
    environment(**given)
    with pytest.raises(
        UsageError, match=r"^expected torchrun's variables RANK, WORLD_SIZE, .*, got .*WORLD_SIZE=2|two"
    ):
        Processes.of_environment()


def test_the_end_of_another_process_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's word for it is not a traceback; an error of our own stays what it is."""
    for name in ("init_process_group", "destroy_process_group"):
        monkeypatch.setattr(f"torch.distributed.{name}", lambda *_, **__: None)
    gloo = "[/third_party/gloo/transport/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]:35. See the logs. GLHF!"
    words = r"^another process of this run has ended \(Connection closed by peer \[127\.0\.0\.1\]:35\); fix"
    with pytest.raises(PeerError, match=words), Processes(1, 2).joined("cpu"):
        raise RuntimeError(gloo)
    with pytest.raises(RuntimeError, match="shapes differ"), Processes(1, 2).joined("cpu"):
        raise RuntimeError("shapes differ")


@pytest.mark.parametrize(("rank", "words"), [(0, "training: another process"), (1, "")])
def test_the_first_alone_speaks_of_it(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rank: int, words: str
) -> None:
    """All of them fail."""

    def left_alone(*_: object, **__: object) -> None:
        raise PeerError("another process of this run has ended")

    environment(RANK=str(rank), WORLD_SIZE="2", LOCAL_RANK="0", **WHERE)
    monkeypatch.setattr("training.cli.train.loop.check", left_alone)
    given = ["--data", str(tmp_path), "--style-image", "a.png", "--content-weight", "0", "--style-weight", "0"]
    done = CliRunner().invoke(app, ["train", *given, "-o", str(tmp_path / "x.ckpt")])
    assert done.exit_code == 1, done.output
    assert done.stderr.startswith(words)
    assert bool(done.stderr) == bool(words)


@pytest.mark.slow
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
