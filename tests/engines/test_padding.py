"""What is padded as float16 on an NVIDIA GPU is the same picture."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, shape_inference

from rtstyle.engines import open_engine
from rtstyle.engines.padding import padding_halves
from rtstyle.export.graph import of_size, runner
from rtstyle.export.order import Size
from rtstyle.style import load_model
from rtstyle.styles import find_style
from tests.conftest import ROOT
from tests.engines.fake_runtime import FakeRuntime
from tests.models import make_model


def on_bytes(model):
    """The operators of a network that onnxruntime has no uint8 kernels of for CUDA, where they read uint8."""
    graph = shape_inference.infer_shapes(model).graph
    kinds = {value.name: value.type.tensor_type.elem_type for value in (*graph.input, *graph.value_info)}
    able = {"Pad", "DepthToSpace"}
    return {node.op_type for node in graph.node if node.op_type in able and kinds[node.input[0]] == TensorProto.UINT8}


@pytest.mark.parametrize("name", ["wave-lite", "gallery-lite", "wave-full", "wave-lite.int8", "wave-full.int8"])
def test_bytes_are_padded_as_halves(name):
    """No bit of the painting changes, at an odd size, of two frames; and there were bytes to pad."""
    model = onnx.load(ROOT / "exported" / f"{name}.onnx")
    changed = onnx.load_from_string(padding_halves(model.SerializeToString()))
    onnx.checker.check_model(changed, full_check=True)
    assert "Pad" in on_bytes(model)
    assert not on_bytes(changed)
    frames = np.random.default_rng(0).integers(0, 256, (2, 17, 30, 3), dtype=np.uint8)
    np.testing.assert_array_equal(runner(changed)(frames), runner(model)(frames))


def test_a_network_of_one_size_too():
    """It is what CUDA graphs are made of, all of whose nodes have to be on the GPU."""
    model = of_size(load_model(find_style("wave")), Size(32, 24, 2))
    assert "Pad" in on_bytes(model)
    assert not on_bytes(onnx.load_from_string(padding_halves(model.SerializeToString())))


def test_what_pads_no_bytes_is_left(tmp_path):
    """To the byte."""
    path = make_model(tmp_path / "blur.onnx", kind="blur")
    assert padding_halves(path) == path.read_bytes()


@pytest.mark.parametrize(("device", "gpus"), [("cuda", 1), ("tensorrt", 1), ("coreml", 0)])
def test_gpus_of_nvidia_get_such_a_network(device, gpus, tmp_path, monkeypatch):
    """Others get the file as it is."""
    monkeypatch.setattr("rtstyle.engines.choose.cache_folder", lambda: tmp_path)
    providers = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CoreMLExecutionProvider"]
    runtime = FakeRuntime(providers)
    runtime.install(monkeypatch, gpus=gpus)
    path = find_style("wave").path
    open_engine(path, device)
    assert runtime.model == (padding_halves(path) if gpus else str(path))
