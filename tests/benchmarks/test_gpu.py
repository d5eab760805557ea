"""The benchmark of NVIDIA's GPUs, on one that only pretends to be one."""

import importlib
import json
import shutil
import subprocess
import sys

import pytest

from rtstyle.engines import nvidia
from tests.clips import make_clip
from tests.conftest import ROOT
from tests.engines.fake_runtime import FakeRuntime
from tests.sources.fake_nvdec import FakeNvdec

CUDA, TENSORRT = "CUDAExecutionProvider", "TensorrtExecutionProvider"


@pytest.fixture
def run(tmp_path, invert_model, monkeypatch, capsys):
    """Runs it, and gives the table's lines and the figures; networks stay as they are, and no process is started."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    gpu = importlib.import_module("gpu")
    asked = []

    def made(path, folder, *, half, size):
        return shutil.copy(path, folder / f"{'half' if half else 'full'}-{size}.onnx")

    def transcode(clip, options):
        asked.append(options)
        if (encoder := options[options.index("--encoder") + 1]) == "nvenc":
            sys.exit("rtstyle: h264_nvenc: this machine has none")  # as an H200
        return {"frames_out": 300, "seconds": 3.0, "first_frame_s": 1.0, "encoder": encoder, "provider": CUDA}

    monkeypatch.setattr(gpu, "made", made)
    monkeypatch.setattr(gpu, "transcode", transcode)
    clip = make_clip(tmp_path / "clip.mp4", frames=25)

    def run(*options):
        words = ["gpu.py", clip, "--lite", invert_model, "--full", invert_model, "--size", "64x48", "--seconds", "0.01"]
        monkeypatch.setattr(sys, "argv", [str(word) for word in (*words, *options)])
        gpu.main()
        *table, figures = capsys.readouterr().out.splitlines()
        return table, json.loads(figures), asked

    return run


def test_everything_is_measured(run, monkeypatch):
    """Both networks in both precisions, any size at every batch, this size without and with graphs, both decoders."""
    FakeRuntime([TENSORRT, CUDA]).install(monkeypatch, gpus=1)
    FakeNvdec().install(monkeypatch)
    table, figures, asked = run("--devices", "cuda", "tensorrt", "--batches", "1", "2", "4")
    names = ["lite", "lite fp16", "full", "full fp16"]
    kinds = [("any size", d, b) for d in ("cuda", "tensorrt") for b in (1, 2, 4)]
    kinds += [(kind, "cuda", b) for b in (1, 4) for kind in ("this size", "graphs")]
    alone = [(row["network"], row["kind"], row["device"], row["batch"]) for row in figures["alone"]]
    assert alone == [(name, *kind) for name in names for kind in kinds]
    assert all(row["mp_s"] > 0 and row["copies_ms"] > 0 and not row["error"] for row in figures["alone"])
    assert [row["decoder"] for row in figures["decoded"]] == ["software", "nvdec"]
    whole = [(row["network"], row["device"], row["decoder"]) for row in figures["whole"]]
    assert whole == [(n, d, decoder) for n in names for d in ("cuda", "tensorrt") for decoder in ("software", "nvdec")]
    assert all(row["mp_s"] > 0 for row in (*figures["decoded"], *figures["whole"]))
    assert len(asked) == 16
    assert len(table) == 40 + 2 + 16


def test_what_cannot_be_measured_is_said(run, monkeypatch):
    """What a device, NVDEC or an encoder refuses is a line each; the rest is measured."""
    FakeRuntime([CUDA]).install(monkeypatch, gpus=1)
    FakeNvdec(takes=False).install(monkeypatch)
    table, figures, asked = run("--devices", "cuda", "tensorrt", "--batches", "2", "--encoders", "software", "nvenc")
    refused = [row for row in figures["alone"] if row["device"] == "tensorrt"]
    assert len(refused) == 4
    assert all("this onnxruntime offers" in row["error"] for row in refused)
    assert "it does not take yuv420p" in figures["decoded"][1]["error"]
    assert [(row["decoder"], row["encoder"]) for row in figures["whole"]] == [
        ("software", "software"),
        ("software", "nvenc"),
    ] * 4
    assert len(asked) == 8
    assert [row["error"] for row in figures["whole"]] == ["", "rtstyle: h264_nvenc: this machine has none"] * 4
    assert sum("this onnxruntime offers" in line or "does not take" in line for line in table) == 5
    assert sum("has none" in line for line in table) == 4


def test_a_batch_that_does_not_fit_ends_nothing(run, monkeypatch):
    """Not even its frames fit, which leaves its copies without a time; all others have theirs."""
    runtime = FakeRuntime([CUDA])
    runtime.driver.room = 3 * 64 * 48 * 3
    runtime.install(monkeypatch, gpus=1)
    FakeNvdec().install(monkeypatch)
    _, figures, _ = run("--batches", "1", "4")
    assert {(row["batch"], row["copies_ms"] is None) for row in figures["alone"]} == {(1, False), (4, True)}


def test_what_was_measured_is_printed_at_once(run, monkeypatch, capsys):
    """Whatever happens later."""
    FakeRuntime([CUDA]).install(monkeypatch, gpus=1)
    FakeNvdec().install(monkeypatch)
    monkeypatch.setattr(sys.modules["gpu"], "decode", lambda clip, decoder: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run("--batches", "1")
    assert capsys.readouterr().out.count(" MP/s") == 12


def test_networks_are_made_as_they_are_exported(tmp_path, monkeypatch):
    """In fp16, for one size, and both; what is asked for twice is made once."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    gpu = importlib.import_module("gpu")
    path = ROOT / "exported" / "wave-lite.onnx"
    assert gpu.made(path, tmp_path, half=False, size=None) == path
    for half in (False, True):
        fixed = gpu.made(path, tmp_path, half=half, size=gpu.Size(64, 48, 2))
        assert fixed == gpu.made(path, tmp_path, half=half, size=gpu.Size(64, 48, 2))
    half = gpu.made(path, tmp_path, half=True, size=None)
    assert half.stat().st_size < 0.6 * path.stat().st_size
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.skipif(nvidia.count_gpus() > 0, reason="no such hardware: a machine without a GPU")
def test_without_a_gpu_one_sentence(clip):
    """And nothing that could be taken for a figure."""
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "gpu.py", clip], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"nothing was measured: {nvidia.DRIVER} finds no NVIDIA GPU on this machine\n"
