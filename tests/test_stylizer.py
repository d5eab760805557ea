"""The stylizer, on every engine for the CPU."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import onnx
import pytest

from rtstyle.engines.onnxruntime import CPU, OnnxRuntimeEngine
from rtstyle.engines.openvino import OpenVinoEngine
from rtstyle.errors import DeviceError, ModelError, UsageError
from rtstyle.frames import Batch
from rtstyle.styles import Mix
from rtstyle.stylizer import Stylizer
from tests.models import make_model
from tests.pictures import psnr_db

ENGINES = {
    "openvino": OpenVinoEngine,
    "openvino f32": lambda path: OpenVinoEngine(path, precision="f32"),
    "onnxruntime": lambda path: OnnxRuntimeEngine(path, [(CPU, {})]),
    "onnxruntime, batches of 4": lambda path: OnnxRuntimeEngine(path, [(CPU, {})], chunk=4),
}


def noise(count, height, width):
    return np.random.default_rng(height * width).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def batch_of(frames):
    return Batch(content=frames, images=frames, times=[Fraction(i, 25) for i in range(len(frames))])


@pytest.fixture(params=ENGINES)
def make_engine(request):
    return ENGINES[request.param]


@pytest.fixture
def blur(tmp_path):
    return make_model(tmp_path / "blur.onnx", kind="blur")


def test_batching_is_invisible(make_engine, blur):
    """f(batch) is stack(f(one)): to one grey level in f32, and at 45 dB or better where the engine computes in bf16."""
    engine, frames = make_engine(blur), noise(5, 48, 80)
    together, alone = engine(frames), np.concatenate([engine(frames[i : i + 1]) for i in range(5)])
    assert psnr_db(together, alone) >= 45
    if "bf16" not in engine.name:
        assert np.abs(together.astype(int) - alone).max() <= 1


def test_engines_agree(make_engine, blur):
    """Every engine paints what onnxruntime paints in f32, within 40 dB."""
    frames = noise(2, 40, 56)
    assert psnr_db(make_engine(blur)(frames), OnnxRuntimeEngine(blur, [(CPU, {})])(frames)) >= 40


def test_what_was_returned_is_never_written_again(make_engine, tmp_path):
    """A caller may keep a picture while the next one is painted, and the input is left as it was."""
    engine = make_engine(make_model(tmp_path / "invert.onnx"))
    first, second = noise(2, 32, 48), noise(2, 32, 48)[::-1]
    before = first.copy()
    kept = engine(first)
    engine(second)
    np.testing.assert_array_equal(kept, 255 - before)
    np.testing.assert_array_equal(first, before)


@pytest.mark.parametrize("frozen", [True, False])
def test_any_memory_layout(make_engine, frozen, tmp_path):
    """A read-only or strided picture (a crop, a mirror image) is painted like any other."""
    frames = noise(2, 40, 40)
    frames.flags.writeable = not frozen
    mirrored = frames[:, 3:-3, ::-1]
    np.testing.assert_array_equal(make_engine(make_model(tmp_path / "m.onnx"))(mirrored), 255 - mirrored)


def test_every_size_from_16_pixels(make_engine, tmp_path):
    """Odd sizes, tiny sizes, and a new size after another."""
    engine = make_engine(make_model(tmp_path / "invert.onnx"))
    for height, width in [(16, 16), (17, 31), (31, 17), (16, 1001), (250, 333), (17, 31)]:
        frames = noise(1, height, width)
        engine.prepare(height, width)
        np.testing.assert_array_equal(engine(frames), 255 - frames)


def test_the_stage_paints_the_images_and_keeps_the_rest(tmp_path):
    """Content and times travel on untouched; the images are the stylizer's own input and output."""
    with Stylizer(make_model(tmp_path / "invert.onnx")) as stylizer:
        given = Batch(content=noise(2, 20, 30), images=noise(2, 20, 31), times=[Fraction(0), Fraction(1, 25)])
        stylizer.prepare(20, 31)
        painted = stylizer(given)
        stylizer.reset()
    assert painted.content is given.content
    assert painted.times is given.times
    np.testing.assert_array_equal(painted.images, 255 - given.images)


def test_an_empty_batch_stays_empty(tmp_path):
    """The end of a stream may leave nothing to paint."""
    assert len(Stylizer(make_model(tmp_path / "invert.onnx"))(batch_of(noise(0, 16, 16)))) == 0


@pytest.mark.parametrize(("height", "width"), [(15, 64), (64, 15)])
def test_too_small_says_both_sizes(height, width, tmp_path):
    """Below the contract's 16 pixels the answer is a sentence, not a crash in an engine."""
    stylizer = Stylizer(make_model(tmp_path / "invert.onnx"))
    with pytest.raises(UsageError, match=f"{width}×{height}: too small.*16×16"):
        stylizer(batch_of(noise(1, height, width)))
    with pytest.raises(UsageError):
        stylizer.prepare(height, width)


@pytest.mark.parametrize("given", [np.zeros((1, 32, 32, 3), np.float32), np.zeros((1, 32, 32, 4), np.uint8)])
def test_pictures_of_another_kind_are_named(given, tmp_path):
    """Floats, transparency: the sentence gives both sides, and blames no device."""
    stylizer = Stylizer(make_model(tmp_path / "invert.onnx"))
    with pytest.raises(UsageError, match=rf"expected pictures of uint8 \(N, H, W, 3\) RGB, got {given.dtype}"):
        stylizer(batch_of(given))


def test_threads_may_share_a_stylizer(tmp_path):
    """Each gets its own paintings, of whatever size."""
    with Stylizer(make_model(tmp_path / "invert.onnx")) as stylizer, ThreadPoolExecutor(4) as threads:
        given = [noise(1, 16 + 16 * (i % 2), 32) for i in range(40)]
        for frames, painted in zip(given, threads.map(stylizer, map(batch_of, given)), strict=True):
            np.testing.assert_array_equal(painted.images, 255 - frames)


def test_a_batch_of_none_is_refused(tmp_path):
    """A batch holds at least one frame."""
    with pytest.raises(UsageError, match="batch 0: expected at least 1"):
        Stylizer(make_model(tmp_path / "invert.onnx"), batch=0)


def test_closed_is_closed(tmp_path):
    """A closed stylizer says so."""
    stylizer = Stylizer(make_model(tmp_path / "invert.onnx"))
    stylizer.close()
    with pytest.raises(UsageError, match="closed"):
        stylizer(batch_of(noise(1, 16, 16)))
    with pytest.raises(UsageError, match="closed"):
        stylizer.prepare(16, 16)


def test_a_style_that_is_not_there(tmp_path):
    """The style is looked for before any engine starts."""
    with pytest.raises(ModelError, match="no such file"):
        Stylizer(tmp_path / "no.onnx")


def test_an_operator_that_no_engine_knows(make_engine, tmp_path):
    """What an engine refuses is one sentence of ours."""
    model = make_model(tmp_path / "odd.onnx", kind="unknown_operator")
    with pytest.raises(DeviceError, match="cannot run this model") as error:
        make_engine(model)(noise(1, 16, 16))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("kind", "value"), [("to", onnx.TensorProto.FLOAT), ("perm", [0, 2, 1, 3])])
def test_a_network_that_is_not_what_it_declares(kind, value, make_engine, tmp_path):
    """Floats come out, or a picture on its side: that is one sentence too."""
    path = make_model(tmp_path / "false.onnx", kind="identity")
    model = onnx.load(path)
    operator = "Cast" if kind == "to" else "Transpose"
    model.graph.node[0].CopyFrom(onnx.helper.make_node(operator, ["frames"], ["stylized"], **{kind: value}))
    onnx.save(model, path)
    with pytest.raises(DeviceError) as error:
        make_engine(path)(noise(1, 16, 32))
    assert "\n" not in str(error.value)


def test_mixing_weights_have_defaults(make_engine, tmp_path):
    """A network that holds several styles runs without weights."""
    frames = noise(1, 16, 16)
    np.testing.assert_array_equal(make_engine(make_model(tmp_path / "mix.onnx", kind="mix"))(frames), frames)


@pytest.mark.parametrize("device", ["cpu", "openvino"])
def test_a_mix_paints_between_its_styles(device, tmp_path):
    """Every engine computes with the mix: one style as it is, the other halves, and what lies between."""
    model = make_model(tmp_path / "both.onnx", kind="mix", styles='["same", "half"]')
    white = np.full((1, 16, 16, 3), 200, np.uint8)
    for parts, expected in (({"same": 1}, 200), ({"half": 1}, 100), ({"same": 1, "half": 1}, 150)):
        with Stylizer(Mix(parts, model), device=device) as stylizer:
            assert np.all(stylizer(batch_of(white)).images == expected)
    with Stylizer(model, device=device) as stylizer:
        assert np.all(stylizer(batch_of(white)).images == 200)
