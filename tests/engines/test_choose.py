"""Every branch from ``--device`` to an engine, on a machine that has none of the GPUs."""

import logging
import sys
from pathlib import Path

import numpy as np
import onnx
import openvino
import pytest

from rtstyle.choices import DEVICES
from rtstyle.engines import frames_at_once, open_engine
from rtstyle.engines import openvino as adapter
from rtstyle.errors import DeviceError, UsageError
from rtstyle.export.graph import of_size
from rtstyle.export.order import Size
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.jobs.film.painter import FilmPainter
from rtstyle.style import load_model, model_of
from rtstyle.styles import find_style
from tests.engines.fake_runtime import FakeRuntime
from tests.models import make_model

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setattr("rtstyle.engines.choose.cache_folder", lambda: tmp_path / "cache")
    return make_model(tmp_path / "invert.onnx")


def test_auto_takes_the_cpu_quietly_where_there_is_no_gpu(model, monkeypatch, caplog):
    """A machine without a GPU is no cause for a warning, whatever onnxruntime was built for."""
    FakeRuntime([TENSORRT, CUDA]).install(monkeypatch)
    assert open_engine(model).name.startswith("OpenVINO CPU")
    assert not caplog.records


def test_auto_takes_cuda_with_the_heuristic_search(model, monkeypatch, caplog):
    """A GPU that works is taken, and cuDNN does not search for 0.6 s at every new shape."""
    runtime = FakeRuntime([TENSORRT, CUDA])
    runtime.install(monkeypatch, gpus=1)
    assert open_engine(model).name == CUDA
    assert runtime.asked == [CUDA, CPU]
    assert runtime.settings[0] == {"cudnn_conv_algo_search": "HEURISTIC"}
    assert runtime.options.log_severity_level == 4
    assert not caplog.records


def test_auto_warns_loudly_when_the_gpu_was_not_granted(model, monkeypatch, caplog):
    """A silent fall to the CPU is not silent here, and the reason is given."""
    FakeRuntime([CUDA], granted=[CPU]).install(monkeypatch, gpus=1)
    assert open_engine(model).name.startswith("OpenVINO CPU")
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"expected {CUDA}, got {CPU}" in record.message
    assert "cannot open shared object file" in record.message
    assert "rtstyle[cuda]" in record.message


def test_auto_warns_when_this_onnxruntime_knows_no_cuda(model, monkeypatch, caplog):
    """A GPU that lies idle for want of a package is mentioned."""
    FakeRuntime([]).install(monkeypatch, gpus=1)
    assert open_engine(model).name.startswith("OpenVINO CPU")
    assert "pip install rtstyle[cuda]" in caplog.text


def test_auto_goes_on_when_the_session_cannot_be_made(model, monkeypatch, caplog):
    """A GPU that fails at the start costs a warning, not the job."""
    FakeRuntime([CUDA], refusal="CUDA out of memory\nmore lines").install(monkeypatch, gpus=1)
    assert open_engine(model).name.startswith("OpenVINO CPU")
    assert "CUDA out of memory" in caplog.text
    assert "more lines" not in caplog.text


@pytest.mark.parametrize(
    ("platform", "provider"), [("darwin", "CoreMLExecutionProvider"), ("win32", "DmlExecutionProvider")]
)
def test_auto_takes_the_gpu_of_the_platform(platform, provider, model, monkeypatch):
    """CoreML on a Mac, DirectML on Windows."""
    runtime = FakeRuntime([provider])
    runtime.install(monkeypatch, platform=platform)
    assert open_engine(model).name == provider
    assert runtime.options.enable_mem_pattern == (platform == "darwin")


def test_tensorrt_falls_back_to_cuda_for_single_layers_only(model, monkeypatch):
    """TensorRT is asked for first, CUDA and the CPU only for what it cannot do."""
    runtime = FakeRuntime([TENSORRT, CUDA])
    runtime.install(monkeypatch, gpus=1)
    assert open_engine(model, "tensorrt").name == TENSORRT
    assert runtime.asked == [TENSORRT, CUDA, CPU]
    assert runtime.settings[0]["trt_engine_cache_enable"] == "True"
    assert Path(runtime.settings[0]["trt_engine_cache_path"]).is_dir()
    assert not any("trt" in name for settings in runtime.settings[1:] for name in settings)


def test_tensorrt_keeps_the_engines_of_each_network_apart(model, tmp_path, monkeypatch):
    """Onnxruntime tells them apart by names alone, so two mixes of one network would paint the same."""
    runtime = FakeRuntime([TENSORRT, CUDA])
    runtime.install(monkeypatch, gpus=1)
    both = make_model(tmp_path / "both.onnx", kind="mix", styles='["dawn", "dusk"]')
    places = []
    for network in (model_of(find_style(f"{both}:dawn=1")), model_of(find_style(f"{both}:dusk=1")), both, model, model):
        open_engine(network, "tensorrt")
        places.append([runtime.settings[0][f"trt_{kind}_cache_path"] for kind in ("engine", "timing")])
    engines, timings = zip(*places, strict=True)
    assert len(set(engines)) == 3  # `both` paints dawn unless told otherwise
    assert engines[0] == engines[2]
    assert engines[3] == engines[4]
    assert len(set(timings)) == 1
    open_engine(model, "tensorrt", keep=False)
    assert runtime.settings[0] == {}


def test_tensorrt_without_a_place_for_its_engines(model, monkeypatch):
    """A cache that cannot be made is done without."""
    runtime = FakeRuntime([TENSORRT, CUDA])
    runtime.install(monkeypatch, gpus=1)
    monkeypatch.setattr("rtstyle.engines.choose.cache_folder", lambda: model)  # a file
    assert open_engine(model, "tensorrt").name == TENSORRT
    assert runtime.settings[0] == {}


@pytest.mark.parametrize(
    "case",
    [
        ("cuda", [CUDA], [CPU], f"cuda: expected {CUDA}, got {CPU}"),
        ("tensorrt", [TENSORRT, CUDA], [CUDA, CPU], f"tensorrt: expected {TENSORRT}, got {CUDA}"),
        ("cuda", [], None, f"cuda: expected {CUDA}, but this onnxruntime offers {CPU}"),
        ("coreml", [], None, "coreml: expected CoreMLExecutionProvider"),
        ("directml", [], None, "directml: expected DmlExecutionProvider"),
        ("coreml", ["CoreMLExecutionProvider"], [CPU], "got CPUExecutionProvider (onnxruntime does not say why)"),
    ],
)
def test_a_device_asked_for_by_name_is_had_or_refused(case, model, monkeypatch):
    """An explicit device never turns into another one."""
    device, available, granted, said = case
    FakeRuntime(available, granted=granted).install(monkeypatch, gpus=1)
    with pytest.raises(DeviceError) as error:
        open_engine(model, device)
    assert said in str(error.value)
    assert "--device auto" in str(error.value)


@pytest.mark.parametrize("device", ["cuda", "tensorrt"])
def test_cuda_without_a_gpu_says_so(device, model, monkeypatch):
    """The reason is the machine's, not a library's, and nothing is to be installed but a driver."""
    FakeRuntime([TENSORRT, CUDA], granted=[CPU]).install(monkeypatch, gpus=0)
    with pytest.raises(DeviceError, match=r"expected an NVIDIA GPU.*finds none.*driver") as error:
        open_engine(model, device)
    assert "pip" not in str(error.value)


def test_a_refused_session_is_told_without_source_code(model, monkeypatch):
    """What onnxruntime says counts, where in its C++ it says so does not."""
    refusal = "/src/onnxruntime_pybind_state.cc:729 void f(Options&, const X&) Please install TensorRT.\nmore"
    FakeRuntime([TENSORRT, CUDA], refusal=refusal).install(monkeypatch, gpus=1)
    with pytest.raises(DeviceError) as error:
        open_engine(model, "tensorrt")
    assert "run this model: Please install TensorRT.; install TensorRT beside" in str(error.value)


def test_openvino_by_name(model):
    """The engine is OpenVINO and says in what it computes."""
    assert open_engine(model, "openvino").name in {"OpenVINO CPU bf16", "OpenVINO CPU f32"}


def test_without_openvino_the_cpu_runs_onnxruntime(model, monkeypatch):
    """One missing engine is replaced by the other."""
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert open_engine(model, "cpu").name == "onnxruntime CPU f32"
    with pytest.raises(DeviceError, match="pip install openvino"):
        open_engine(model, "openvino")


def refuse(*arguments):
    raise RuntimeError("Exception from src/core.cpp:1:\nno plugin for the CPU\n")


@pytest.mark.parametrize("method", ["__init__", "get_property", "read_model"])
def test_a_broken_openvino_is_replaced_as_a_missing_one_is(method, model, monkeypatch):
    """Whatever fails while it is opened, the CPU runs onnxruntime; asked for by name it is one sentence."""
    monkeypatch.setattr(openvino.Core, method, refuse)
    if method == "__init__":
        monkeypatch.setattr(adapter, "_the_core", None)  # as if none had been made yet
    assert open_engine(model).name == "onnxruntime CPU f32"
    with pytest.raises(DeviceError, match=r"^OpenVINO cannot run this model: no plugin for the CPU$"):
        open_engine(model, "openvino")


def test_a_model_that_openvino_cannot_compile_runs_on_onnxruntime(model, monkeypatch, caplog):
    """It compiles for a size, so this comes late: one warning, and the same picture."""
    monkeypatch.setattr(openvino.Core, "compile_model", refuse)
    frames = np.random.default_rng(0).integers(0, 256, (2, 16, 24, 3), dtype=np.uint8)
    engine = open_engine(model, "cpu")
    for _ in range(2):
        np.testing.assert_array_equal(engine(frames), 255 - frames)
    assert engine.name == "onnxruntime CPU f32"
    assert [record.message for record in caplog.records] == [
        "OpenVINO cannot run this model: no plugin for the CPU; onnxruntime does it"
    ]
    with pytest.raises(DeviceError, match="no plugin for the CPU"):
        open_engine(model, "openvino").prepare(16, 24)


def test_a_model_for_several_frames_runs_on_onnxruntime(model, tmp_path, caplog):
    """OpenVINO takes one at a time, and says so before it tries to make one of them."""
    several = tmp_path / "several.onnx"
    onnx.save(of_size(load_model(find_style(model)), Size(24, 16, 3)), several)
    frames = np.random.default_rng(0).integers(0, 256, (3, 16, 24, 3), dtype=np.uint8)
    np.testing.assert_array_equal(open_engine(several, "cpu")(frames), 255 - frames)
    sentence = "OpenVINO: expected a model for one frame at a time, got one for 3; "
    assert [record.message for record in caplog.records] == [f"{sentence}onnxruntime does it"]
    with pytest.raises(DeviceError, match=f"^{sentence}--device cpu takes onnxruntime instead$"):
        open_engine(several, "openvino").prepare(16, 24)


def test_without_onnxruntime_auto_runs_openvino(model, monkeypatch, caplog):
    """And the other way round, without a word."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert open_engine(model).name.startswith("OpenVINO CPU")
    assert not caplog.records


def test_without_any_engine_one_sentence_names_both(model, monkeypatch):
    """Both reasons are joined."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(DeviceError) as error:
        open_engine(model)
    assert "pip install openvino" in str(error.value)
    assert "pip install onnxruntime" in str(error.value)


def test_an_unknown_device_lists_the_known_ones(model):
    """A typo is answered with what there is."""
    with pytest.raises(UsageError) as error:
        open_engine(model, "gpu")
    assert all(device in str(error.value) for device in DEVICES)


@pytest.mark.parametrize(
    ("capabilities", "cpu", "precision"),
    [
        (["BF16", "FP16", "INT8"], "flags : avx512_bf16 amx_bf16 amx_tile", "bf16"),
        (["BF16", "FP16", "INT8"], "flags : avx512_bf16 avx512_fp16", "f32"),  # a virtual machine that hides AMX
        (["BF16", "FP16", "INT8"], None, "bf16"),  # Windows does not say
        (["BF16", "INT8"], "flags : amx_bf16", "f32"),  # restricted by ONEDNN_MAX_CPU_ISA
        (["FP32"], "flags : avx2", "f32"),
        (["BF16", "INT8"], "vendor_id : AuthenticAMD flags : avx512_bf16", "bf16"),  # Zen 4
        (["BF16", "INT8"], "vendor_id : GenuineIntel flags : avx512_bf16", "f32"),
        (["BF16", "INT8"], "vendor_id : AuthenticAMD flags : avx2", "f32"),
        (["FP32"], "vendor_id : AuthenticAMD flags : avx512_bf16", "f32"),  # restricted
    ],
)
def test_bf16_is_for_cpus_that_are_made_for_it(capabilities, cpu, precision, monkeypatch):
    """AMX decides, and AMD's AVX512-BF16, not what OpenVINO could emulate."""
    monkeypatch.setattr(adapter.platform, "machine", lambda: "x86_64")
    assert adapter._native_precision(capabilities, cpu) == precision


def test_who_restricts_the_instruction_set_is_heard(monkeypatch):
    """A Zen 4 that is to do without its bf16 computes in f32."""
    monkeypatch.setattr(adapter.platform, "machine", lambda: "x86_64")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert adapter._native_precision(["BF16"], "AuthenticAMD avx512_bf16") == "f32"


def test_how_many_frames_a_device_likes(monkeypatch):
    """NVIDIA's GPUs as many as fit into their free memory, 16 at most; all others one."""
    FakeRuntime([CUDA]).install(monkeypatch, gpus=1)
    for free, frames in ((0, 1), (5 << 30, 2), (9 << 30, 4), (100 << 30, 16)):
        monkeypatch.setattr("rtstyle.engines.nvidia.free_bytes", lambda free=free: free)
        assert {frames_at_once(device, 1080, 1920) for device in ("auto", "cuda", "tensorrt")} == {frames}
        assert {frames_at_once(device, 1080, 1920) for device in ("cpu", "openvino", "coreml", "directml")} == {1}
    FakeRuntime([]).install(monkeypatch, gpus=1)
    assert frames_at_once("auto", 1080, 1920) == 1


def test_a_gpu_that_cannot_be_used_gets_no_batches(model, monkeypatch, caplog):
    """It is there and has room for 16 frames, but the CPU paints after all: one by one."""
    FakeRuntime([CUDA], granted=[CPU]).install(monkeypatch, gpus=1)
    with FilmPainter(model, FilmOptions(), batch=16) as painter:
        assert painter.frames_at_once == 1
    FakeRuntime([CUDA]).install(monkeypatch, gpus=1)
    with FilmPainter(model, FilmOptions(), batch=16) as painter:
        assert painter.frames_at_once == 16
    assert "continuing on the CPU" in caplog.text
