"""Networks of others' making paint what they paint elsewhere."""

import logging
from fractions import Fraction

import numpy as np
import onnx
import onnxruntime
import pytest

from rtstyle.errors import ModelError, UsageError
from rtstyle.frames import Batch
from rtstyle.style import load_model
from rtstyle.styles import find_style
from rtstyle.stylizer import Stylizer
from tests.foreign import lookalikes
from tests.models import make_model
from tests.pictures import psnr_db


def frames(count, height, width):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def painted(style, images, device="cpu"):
    with Stylizer(style, device=device, batch=2) as stylizer:
        return stylizer(Batch(images, images, [Fraction(i) for i in range(len(images))])).images


def alone(path, planes):
    """What the network itself gives, without us."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: planes})[0]


def as_picture(planes):
    return planes.transpose(0, 2, 3, 1).round().clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("scales", ["constant", "shapes"])
def test_the_zoos_networks_paint_as_they_do(scales, tmp_path):
    """Opset 9, 224×224, 0 to 255: at its own size exactly the network's own picture."""
    path, image = lookalikes.zoo(tmp_path / "mosaic.onnx", scales=scales), frames(1, 224, 224)
    expected = as_picture(alone(path, image.transpose(0, 3, 1, 2).astype(np.float32)))
    assert np.ptp(expected) > 100
    assert psnr_db(painted(path, image), expected) > 40
    assert psnr_db(painted(path, image, "openvino"), expected) > 40


@pytest.mark.parametrize(("height", "width"), [(90, 120), (61, 83), (16, 40)])
def test_a_size_that_is_only_declared_binds_nobody(height, width, tmp_path, caplog):
    """Its layers would take any size, so any size is painted whole, several frames too, and nothing is scaled."""
    path, images = lookalikes.zoo(tmp_path / "candy.onnx"), frames(3, height, width)
    with caplog.at_level(logging.WARNING):
        assert painted(path, images).shape == images.shape
    assert "scaled to that and back" not in caplog.text
    one = painted(path, images[2:])
    assert np.abs(painted(path, images)[2:].astype(int) - one).max() <= 6  # bf16, where the CPU has it


def test_a_size_that_is_built_in_is_scaled_to_and_a_warning_says_so(tmp_path, caplog):
    """A network that can only do 48×32 gets every frame at that size; one that has it is painted as it is."""
    path, image = lookalikes.baked(tmp_path / "fixed.onnx"), frames(2, 32, 48)
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(painted(path, image), 255 - image)
    assert "paints at 48×32 only" in caplog.text
    smooth = np.linspace(0, 255, 200, dtype=np.uint8)[None, None, :, None].repeat(100, 1).repeat(3, 3)
    assert np.abs(painted(path, smooth).astype(int) - (255 - smooth)).mean() < 2


def test_a_size_that_is_built_in_and_a_number_of_frames_that_is_not(tmp_path):
    """Two at a time, as a GPU gets them, are scaled as one is."""
    model = load_model(find_style(lookalikes.baked(tmp_path / "fixed.onnx", count="N")))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    images = frames(2, 50, 70)
    both = session.run(None, {"frames": images})[0]
    np.testing.assert_array_equal(both, [session.run(None, {"frames": image[None]})[0][0] for image in images])


@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_number_of_frames_that_is_built_in(count, tmp_path):
    """It is tried with as many as it takes, and painted with as many, and the last batch may be short."""
    path, images = lookalikes.counted(tmp_path / "fixed.onnx", count=count), frames(5, 32, 48)
    np.testing.assert_array_equal(painted(path, images), 255 - images)


@pytest.mark.parametrize(("squash", "layout"), [("Sigmoid", "nhwc"), ("Tanh", "nchw"), ("Tanh", "nhwc")])
def test_layout_and_range_are_found_out(squash, layout, tmp_path):
    """0 to 1 or -1 to 1, channels first or last: seen in the shape, and in what comes out."""
    path, image = lookalikes.unit(tmp_path / "unit.onnx", squash=squash, layout=layout), frames(2, 20, 24)
    x = image / 255 if squash == "Sigmoid" else image / 127.5 - 1
    y = x * np.array([1, 2, -1])
    expected = 255 / (1 + np.exp(-y)) if squash == "Sigmoid" else np.tanh(y) * 127.5 + 127.5
    assert np.abs(painted(path, image).astype(float) - expected).max() < 2


def test_bgr_has_to_be_said(tmp_path):
    """Nothing in a network tells; with channels=bgr the first plane is blue."""
    path, image = lookalikes.unit(tmp_path / "unit.onnx", layout="nchw"), frames(1, 20, 24)
    swapped = painted(f"{path}?channels=bgr", image)
    np.testing.assert_array_equal(swapped, painted(path, image[..., ::-1].copy())[..., ::-1])
    assert not np.array_equal(swapped, painted(path, image))


def test_what_is_said_is_done(tmp_path):
    """A range that was given is not looked for."""
    path, image = lookalikes.unit(tmp_path / "unit.onnx", layout="nchw"), np.full((1, 16, 16, 3), 3, np.uint8)
    expected = 255 / (1 + np.exp(-3.0))
    assert abs(float(painted(f"{path}?range=0..255", image)[0, 8, 8, 0]) - expected) < 2


def test_a_network_without_our_metadata_that_keeps_our_contract(tmp_path):
    """Bytes in, bytes out, channels last: that is a layout like any other."""
    path, image = make_model(tmp_path / "plain.onnx", kind="no_metadata"), frames(2, 17, 31)
    np.testing.assert_array_equal(painted(path, image), 255 - image)


def test_a_layout_that_the_network_contradicts_is_refused(tmp_path):
    """Its three colours are where its input has a 3, whatever was typed."""
    path = lookalikes.zoo(tmp_path / "their.onnx")
    said = r"their.onnx: expected --layout nchw, since its input is \(1, 3, 224, 224\), got --layout nhwc"
    with pytest.raises(ModelError, match=said):
        load_model(find_style(f"{path}?layout=nhwc"))


def test_a_layout_that_cannot_be_seen_is_asked_for(tmp_path):
    """Three pixels high and three channels, or nothing known at all."""
    path = lookalikes.unit(tmp_path / "unit.onnx", layout="nchw", dims=("N", "H", 3))
    with pytest.raises(ModelError, match="say --layout nchw or --layout nhwc"):
        Stylizer(path)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("range=0..7", "--input-range 0..7: expected one of: 0..255, 0..1, -1..1"),
        ("layout=hwc", "--layout hwc: expected one of"),
        ("channels=cmyk", "--channels cmyk: expected one of"),
        ("size=3", "size: expected range, layout or channels"),
    ],
)
def test_words_without_sense(told, said, tmp_path):
    """Each is answered with those that have some."""
    with pytest.raises(UsageError, match=said):
        find_style(f"{lookalikes.unit(tmp_path / 'unit.onnx')}?{told}")


def test_ours_want_no_telling(tmp_path):
    """A model under the contract says itself what it wants."""
    with pytest.raises(UsageError, match="keeps rtstyle's contract"):
        find_style(f"{make_model(tmp_path / 'ours.onnx')}?range=0..1")


def test_an_operator_that_nobody_knows(tmp_path):
    """By name, in one sentence, before any frame."""
    path = lookalikes.unit(tmp_path / "unit.onnx", squash="Paint")
    with pytest.raises(ModelError, match="Paint") as error:
        Stylizer(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("damage", [(b"\x12\x041000", b"\x12\x041xyz"), (b"Conv", b"Cinv"), (b"Relu", b"Gelu")])
@pytest.mark.parametrize("opset", [9, 17])
def test_a_damaged_graph(opset, damage, tmp_path, capfd):
    """One sentence of ours, and not a line of the libraries' own."""
    path = lookalikes.zoo(tmp_path / "zoo.onnx")
    model = onnx.load(path)
    model.opset_import[0].version = opset
    del model.graph.value_info[:]
    path.write_bytes(model.SerializeToString().replace(*damage, 1))
    with pytest.raises(ModelError) as error:
        load_model(find_style(path))
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.filterwarnings("ignore")  # the tracer's remarks, and that it is the older of two
def test_what_pytorch_exports_runs(tmp_path):
    """Padding by reflection, instance normalisation, upsampling, opset 11, as pytorch/examples has them."""
    torch = pytest.importorskip("torch", reason="the exporter is PyTorch's: pip install -e .[keyframe]")
    layers = [torch.nn.ReflectionPad2d(4), torch.nn.Conv2d(3, 4, 9), torch.nn.InstanceNorm2d(4, affine=True)]
    layers += [torch.nn.ReLU(), torch.nn.Upsample(scale_factor=2, mode="nearest"), torch.nn.ReflectionPad2d(1)]
    net = torch.nn.Sequential(*layers, torch.nn.Conv2d(4, 3, 3, stride=2)).eval()
    with torch.no_grad():
        net[-1].weight.mul_(50)
        net[-1].bias.fill_(120)
    image = frames(1, 40, 48)
    x = torch.from_numpy(image.transpose(0, 3, 1, 2).astype(np.float32))
    expected = as_picture(net(x).detach().numpy())
    path = tmp_path / "theirs.onnx"
    torch.onnx.export(net, (x,), path, opset_version=11, dynamo=False)
    assert psnr_db(painted(path, image), expected) > 40
