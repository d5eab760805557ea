"""Every target: what it writes runs, and paints what the network paints that it was made from."""

import json
import re
import sys
from fractions import Fraction
from types import SimpleNamespace

import cv2
import numpy as np
import onnx
import onnxruntime
import openvino
import pytest

from rtstyle.errors import DeviceError, ModelError, SinkError, UsageError
from rtstyle.export import tensorrt
from rtstyle.export.order import Size
from rtstyle.export.run import export_style
from rtstyle.frames import Batch
from rtstyle.styles import find_style
from rtstyle.stylizer import Stylizer
from tests.foreign import lookalikes
from tests.models import make_model
from tests.pictures import psnr_db

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 40, 48, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Twelve small photos."""
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(12):
        clouds = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{seed}.png"), cv2.resize(clouds, (48, 40), interpolation=cv2.INTER_CUBIC))
    return folder


@pytest.fixture
def blur(tmp_path):
    return make_model(tmp_path / "blur.onnx", kind="blur", name="blur")


def run(path, frames=FRAMES):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["stylized"], {"frames": frames})[0]


def operators(path):
    return {node.op_type for node in onnx.load(path).graph.node}


def test_fp16_keeps_normalisations_and_both_ends(blur, photos, tmp_path):
    """Weights in half the bytes, instance normalisation between casts, uint8 in and out, and it is a style still."""
    out = tmp_path / "half.onnx"
    sheet = export_style(blur, out, to="fp16", photos=photos)
    assert sheet.worst_db > 45
    graph = onnx.load(out).graph
    kinds = {tensor.name: tensor.data_type for tensor in graph.initializer}
    (norm,) = (node for node in graph.node if node.op_type == "InstanceNormalization")
    assert {kinds[name] for name in norm.input[1:]} == {onnx.TensorProto.FLOAT}
    assert onnx.TensorProto.FLOAT16 in kinds.values()
    assert psnr_db(run(out), run(blur)) > 45
    assert find_style(out).metadata["variant"] == "fp16"


def test_int8_leaves_in_float_what_suffers_most(blur, photos, tmp_path):
    """Quantised and dequantised by QDQ nodes, as few convolutions in float as the decibels allow, and both named."""
    out = tmp_path / "int8.onnx"
    sheet = export_style(blur, out, to="int8", photos=photos)
    assert sheet.worst_db >= 35
    assert {"QuantizeLinear", "DequantizeLinear"} <= operators(out)
    assert "of 2 convolutions in 8 bits" in sheet.notes[0]
    assert run(out).shape == FRAMES.shape


@pytest.mark.parametrize(("asked", "left"), [("", "dawn"), (":dusk=1", "dusk"), (":dawn=1,dusk=1", "dawn+dusk")])
def test_int8_names_the_style_that_it_bakes(blur, photos, tmp_path, asked, left):
    """Of several one is left, or a mix, and the file names no other."""
    model = onnx.load(blur)
    for name, values in (("style_weights", [1, 0]), ("halves", [1, 0.5])):
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(values, np.float32), name))
    model.graph.input.append(onnx.helper.make_tensor_value_info("style_weights", onnx.TensorProto.FLOAT, [2]))
    rounding = next(i for i, node in enumerate(model.graph.node) if node.op_type == "Round")
    model.graph.node[rounding].input[0] = "mixed"
    model.graph.node.insert(rounding, onnx.helper.make_node("MatMul", ["style_weights", "halves"], ["part"]))
    model.graph.node.insert(rounding + 1, onnx.helper.make_node("Mul", ["f", "part"], ["mixed"]))
    onnx.helper.set_model_props(model, {"rtstyle.contract": "1", "rtstyle.styles": '["dawn", "dusk"]'})
    onnx.save(model, tmp_path / "both.onnx")
    out = tmp_path / "int8.onnx"
    export_style(f"{tmp_path / 'both.onnx'}{asked}", out, to="int8", photos=photos, force=True)
    assert find_style(out).styles == (left,)
    with pytest.raises(UsageError, match=f"has no style none; it holds {re.escape(left)}$"):
        find_style(f"{out}:none=1")


@pytest.mark.parametrize("made", ["fp16", "int8"])
def test_what_was_exported_is_exported_again(blur, photos, tmp_path, made):
    """It is what it was made into last, and of nothing else; where only float32 will do, a sentence asks for it."""
    first, out = tmp_path / "first.onnx", tmp_path / "second.onnx"
    export_style(blur, first, to=made, photos=photos)
    export_style(first, out, to="static", size=Size(48, 40), photos=photos)
    said = [entry.value for entry in onnx.load(out).metadata_props if entry.key == "rtstyle.variant"]
    assert said == ["static 48x40"]
    assert psnr_db(run(out, FRAMES[:1]), run(blur, FRAMES[:1])) > 35
    for to in ("fp16", "int8", "float", "tensorrt"):
        with pytest.raises(
            ModelError, match=rf"first\.onnx: expected a network in float32, got {made}; export the orig"
        ):
            export_style(first, tmp_path / "planes.onnx", to=to, size=Size(48, 40), photos=photos)


def test_a_network_for_three_frames_is_exported(photos, tmp_path):
    """It is measured and calibrated with as many as it takes, and Triton is told that it takes no other number."""
    path = lookalikes.counted(tmp_path / "three.onnx", count=3)
    for target in ("float", "int8"):
        assert export_style(path, tmp_path / f"{target}.onnx", to=target, photos=photos).worst_db > 40
    export_style(path, tmp_path / "models", to="triton", photos=photos)
    config = (tmp_path / "models" / "three" / "config.pbtxt").read_text(encoding="utf-8")
    assert "max_batch_size: 0\n" in config
    assert config.count("dims: [ 3, -1, -1, 3 ]") == 2
    assert "dynamic_batching" not in config
    with pytest.raises(UsageError, match=r"three\.onnx: expected .* one picture at a time, got one for 3; name"):
        export_style(path, tmp_path / "page", to="web")  # it would show that every painting fails


def test_int8_wants_photos(blur, tmp_path):
    """What nobody photographed calibrates nothing."""
    with pytest.raises(UsageError, match="a folder of photos to calibrate with"):
        export_style(blur, tmp_path / "int8.onnx", to="int8")


def test_static_has_one_size_and_no_arithmetic_on_it(blur, photos, tmp_path):
    """Every dimension is a number, and what computed with shapes is gone."""
    out = tmp_path / "static.onnx"
    export_style(blur, out, to="static", size=Size(48, 40, 2), photos=photos)
    dimensions = onnx.load(out).graph.input[0].type.tensor_type.shape.dim
    assert [d.dim_value for d in dimensions] == [2, 40, 48, 3]
    assert not {"Shape", "Gather"} & operators(out)
    np.testing.assert_array_equal(run(out), run(blur))
    larger = np.repeat(FRAMES, 2, axis=1)[:1]
    with Stylizer(out) as stylizer:  # frames of other sizes are scaled to that and back, one is padded to two
        assert stylizer(Batch(larger, larger, [Fraction(0)])).images.shape == larger.shape


@pytest.mark.parametrize("target", ["fp16", "int8"])
def test_what_is_made_for_one_size_paints_here_too(blur, photos, tmp_path, target):
    """As `static` does: frames of other sizes are scaled there and back."""
    out = tmp_path / "sized.onnx"
    export_style(blur, out, to=target, size=Size(48, 40, 2), photos=photos, force=True)
    with Stylizer(out) as stylizer:
        assert stylizer(Batch(FRAMES, FRAMES, [Fraction(n) for n in range(len(FRAMES))])).images.shape == FRAMES.shape


@pytest.mark.parametrize("target", ["static", "tensorrt"])
def test_some_targets_want_a_size(blur, target, tmp_path):
    """And say how to give it."""
    with pytest.raises(UsageError, match="expected a size, as in --size 1280x720"):
        export_style(blur, tmp_path / "x.onnx", to=target)


@pytest.mark.parametrize("size", [None, Size(48, 40, 2)])
def test_openvino_reads_two_files(blur, photos, tmp_path, size):
    """NAME.xml and NAME.bin together are the network, and what it says of itself."""
    sheet = export_style(blur, tmp_path / "ir.xml", to="openvino", size=size, photos=photos)
    assert set(sheet.files) == {"ir.xml", "ir.bin"}
    compiled = openvino.Core().compile_model(tmp_path / "ir.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert np.abs(compiled([FRAMES])[0].astype(int) - run(blur)).max() <= 1
    assert 'title value="The Blur"' in (tmp_path / "ir.xml").read_text(encoding="utf-8")


def test_openvino_on_a_full_disk(small_disk):
    """It does not say that the disk is full, but we do; nothing is left there."""
    disk = small_disk(600)
    with pytest.raises(SinkError, match=r"^wave\.xml: cannot be written; make room there, or choose another disk; "):
        export_style("wave", disk / "wave.xml", to="openvino")
    assert not list(disk.iterdir())


@pytest.mark.parametrize(
    ("method", "kind"), [("read_model", ModelError), ("compile_model", DeviceError), ("run", DeviceError)]
)
def test_what_openvino_refuses_is_a_sentence(blur, tmp_path, monkeypatch, method, kind):
    """Whether it reads, compiles or runs the network."""

    def refuse(*_):
        raise RuntimeError("Exception from src/core.cpp:1:\nno such operator\n")

    if method == "run":
        monkeypatch.setattr(openvino.Core, "compile_model", lambda *_: refuse)
    else:
        monkeypatch.setattr(openvino.Core, method, refuse)
    with pytest.raises(kind, match=r"^OpenVINO cannot (read|run) this network: no such operator$"):
        export_style(blur, tmp_path / "x.xml", to="openvino")


def test_triton_gets_a_model_repository(blur, photos, tmp_path):
    """A folder for each style: its network as version 1, its configuration, the names of what it paints."""
    both = make_model(tmp_path / "both.onnx", kind="mix", styles='["udnie", "scream"]')
    sheet = export_style([blur, both], tmp_path / "models", to="triton", photos=photos)
    config = (tmp_path / "models" / "blur" / "config.pbtxt").read_text(encoding="utf-8")
    for line in ('name: "blur"', "max_batch_size: 8", "dynamic_batching {", 'name: "frames" data_type: TYPE_UINT8'):
        assert line in config
    np.testing.assert_array_equal(run(tmp_path / "models" / "blur" / "1" / "model.onnx"), run(blur))
    assert (tmp_path / "models" / "both" / "labels.txt").read_text(encoding="utf-8") == "udnie\n"
    assert sheet.notes[1:] == ("both: paints udnie alone, the first of 2 styles; --mix takes another: --mix scream=1",)
    inputs = onnx.load(tmp_path / "models" / "both" / "1" / "model.onnx").graph.input
    assert [value.name for value in inputs] == ["frames"]  # Triton would count the weights' first dimension as frames


@pytest.mark.parametrize(
    ("styles", "size", "said"), [(1, Size(48, 40), "leave --size out"), (2, None, "styles of different names")]
)
def test_triton_refuses(blur, tmp_path, styles, size, said):
    """A fixed size, which would forbid batches, and two styles of one name."""
    with pytest.raises(UsageError, match=said):
        export_style([blur] * styles, tmp_path / "models", to="triton", size=size)


def test_tensorrt_without_tensorrt_is_a_network_and_a_command(blur, photos, tmp_path, monkeypatch):
    """float32 of fixed size, operators that its parser takes, and the line that builds the engine."""
    monkeypatch.setattr(tensorrt, "_TENSORRT", "no_such_package")
    sheet = export_style(blur, tmp_path / "t.onnx", to="tensorrt", size=Size(48, 40), photos=photos)
    assert "trtexec --onnx=t.onnx --saveEngine=t.engine" in sheet.notes[0]
    model = onnx.load(tmp_path / "t.onnx")
    assert not any("UINT8" in str(value.type) or value.type.tensor_type.elem_type == 2 for value in model.graph.input)
    assert operators(tmp_path / "t.onnx") <= set(tensorrt._TAKEN.split())
    assert not (tmp_path / "t.engine").exists()


class FakeTensorRt:
    """Stands in for TensorRT: parses what is not empty, and builds the word ``engine``."""

    __version__ = "10"

    def __init__(self, *, plan=b"engine", taken=True, gpu=True):
        self.Logger = type("Logger", (), {"ERROR": 1, "__init__": lambda self, level: None})
        parser = SimpleNamespace(parse=lambda model: taken, get_error=lambda i: SimpleNamespace(desc=lambda: "no Pad"))
        self.OnnxParser = lambda network, log: parser
        builder = SimpleNamespace(
            create_network=lambda flags: None,
            create_builder_config=lambda: None,
            build_serialized_network=lambda network, config: plan,
        )
        self.Builder = lambda log: builder if gpu else nullptr()


def nullptr():
    raise TypeError("pybind11::init(): factory function returned nullptr")


@pytest.fixture
def installed(monkeypatch):
    """Installs a TensorRT that does what it is told."""

    def install(**manners):
        monkeypatch.setattr(tensorrt, "_TENSORRT", "onnx")  # some package that is there
        monkeypatch.setitem(sys.modules, "tensorrt", FakeTensorRt(**manners))

    return install


def test_tensorrt_where_it_is_installed(blur, photos, tmp_path, installed):
    """The engine lies beside the network."""
    installed()
    export_style(blur, tmp_path / "t.onnx", to="tensorrt", size=Size(48, 40), photos=photos)
    assert (tmp_path / "t.engine").read_bytes() == b"engine"


def test_tensorrt_without_a_gpu_is_a_network_and_a_command(blur, photos, tmp_path, installed):
    """What such a machine can make is made."""
    installed(gpu=False)
    sheet = export_style(blur, tmp_path / "t.onnx", to="tensorrt", size=Size(48, 40), photos=photos)
    assert sheet.notes[0].startswith("TensorRT finds no GPU here")
    assert (tmp_path / "t.onnx").exists()
    assert not (tmp_path / "t.engine").exists()


@pytest.mark.parametrize(
    ("manners", "said"), [({"taken": False}, "no Pad"), ({"plan": None}, "could not build an engine")]
)
def test_what_tensorrt_does_not_take_leaves_nothing(blur, tmp_path, installed, manners, said):
    """Neither an engine nor a network, but its reason."""
    installed(**manners)
    with pytest.raises(DeviceError, match=said):
        export_style(blur, tmp_path / "t.onnx", to="tensorrt", size=Size(48, 40))
    assert not (tmp_path / "t.onnx").exists()


def test_tensorrt_says_which_operator_is_not_known_to_it(tmp_path):
    """By name, before anything is written."""
    strange = make_model(tmp_path / "erf.onnx", kind="erf")
    with pytest.raises(ModelError, match="not known to accept Erf"):
        export_style(strange, tmp_path / "t.onnx", to="tensorrt", size=Size(48, 40))


@pytest.mark.parametrize("sides", [(8, 64), (64, 0), (64, 48, 0), (64, 48, -1)])
def test_an_impossible_size(sides):
    """It is one sentence before any network is read."""
    with pytest.raises(UsageError, match="size: expected 16 to 8192 pixels a side, and at least one frame, got"):
        Size(*sides)


def test_openvino_in_capitals(blur, tmp_path):
    """OpenVINO writes no such name, and that is not the disk's fault."""
    with pytest.raises(UsageError, match=r"OUT\.XML: expected a name that ends in \.xml"):
        export_style(blur, tmp_path / "OUT.XML", to="openvino")


def test_fp16_of_normalisations_that_share_their_numbers(photos, tmp_path):
    """Where they have no weights of their own, exporters write ones and zeros once for all of them."""
    path = lookalikes.zoo(tmp_path / "zoo.onnx")
    model = onnx.load(path)
    norms = [node for node in model.graph.node if node.op_type == "InstanceNormalization"]
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    for node in norms:
        node.input[1:] = norms[0].input[1:]
    convolutions[1].input[2] = norms[0].input[2]
    onnx.save(model, path)
    out = tmp_path / "half.onnx"
    assert export_style(path, out, to="fp16", photos=photos).worst_db > 40
    assert find_style(out).metadata["variant"] == "fp16"


@pytest.mark.parametrize("target", ["float", "tensorrt"])
@pytest.mark.parametrize(("asked", "left", "told"), [("", "same", True), (":half=1", "half", False)])
def test_one_style_is_left_where_the_contract_is_not_kept(target, asked, left, told, tmp_path):
    """It is named in the file, and in a line where nobody chose it."""
    both = make_model(tmp_path / "both.onnx", kind="mix", styles='["same", "half"]')
    sheet = export_style(f"{both}{asked}", tmp_path / "out.onnx", to=target, size=Size(48, 40))
    named = [entry.value for entry in onnx.load(tmp_path / "out.onnx").metadata_props if entry.key == "rtstyle.styles"]
    assert named == [json.dumps([left])]
    assert any("paints same alone" in note for note in sheet.notes) == told


@pytest.mark.parametrize("target", ["fp16", "static"])
def test_a_mix_stays_a_mix_where_the_contract_is_kept(target, photos, tmp_path):
    """A network of several styles can still be told which, and paints the first unless it is."""
    both = make_model(tmp_path / "both.onnx", kind="mix", styles='["same", "half"]')
    out = tmp_path / "out.onnx"
    export_style(both, out, to=target, size=Size(48, 40) if target == "static" else None, photos=photos)
    session = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
    (second,) = session.run(None, {"frames": FRAMES[:1], "style_weights": np.array([0, 1], np.float32)})
    np.testing.assert_array_equal(second, FRAMES[:1] // 2)
    assert json.loads(find_style(both).metadata["styles"]) == ["same", "half"]
    np.testing.assert_array_equal(run(out, FRAMES[:1]), FRAMES[:1])
