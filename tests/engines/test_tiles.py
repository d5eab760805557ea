"""Pictures too large for memory, in tiles."""

import subprocess
import sys

import numpy as np
import pytest

from rtstyle.engines import open_engine, tiles
from rtstyle.engines.tiles import paint_in_tiles
from rtstyle.styles import find_style
from rtstyle.stylizer import Stylizer
from tests.fakes import one_batch
from tests.models import make_model
from tests.pictures import psnr_db


def landscape(height, width):
    """Dark on one side, light and full of detail on the other: tiles have statistics of their own."""
    random = np.random.default_rng(1)
    slope = np.linspace(20, 200, width)[None, :, None]
    detail = random.normal(0, 1, (height, width, 3)) * np.linspace(2, 25, height)[:, None, None]
    return np.clip(slope + detail, 0, 255).astype(np.uint8)


def on_openvino(model):
    return open_engine(model, "openvino", batch=1)


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(tiles, "_TILE", 192)
    monkeypatch.setattr(tiles, "_CROP", 50)  # eight by eight of which fit into a picture of this size


def test_tiles_have_no_seam(monkeypatch):
    """With a bundled network, tiles give the very pixels that one go with the same statistics gives."""
    model, picture = find_style("wave").path, landscape(400, 640)
    monkeypatch.setattr(tiles, "_TILE", 10_000)
    whole = paint_in_tiles(picture, model, on_openvino)
    monkeypatch.setattr(tiles, "_TILE", 192)
    assert np.abs(paint_in_tiles(picture, model, on_openvino).astype(int) - whole).max() <= 1


def test_tiles_look_like_the_whole(small_tiles):
    """Levelled by a sample's statistics, a picture is within 30 dB of one that is levelled by its own."""
    model, picture = find_style("wave").path, landscape(400, 640)
    assert psnr_db(paint_in_tiles(picture, model, on_openvino), on_openvino(model)(picture[None])[0]) > 30


@pytest.mark.parametrize("kind", ["invert", "blur"])
@pytest.mark.parametrize("size", [(17, 700), (193, 385), (400, 200)])
def test_tiles_of_any_network_and_size(tmp_path, small_tiles, kind, size):
    """Strips and remainders of one pixel, with and without a normalisation to freeze."""
    model, picture = make_model(tmp_path / "model.onnx", kind=kind), landscape(*size)
    painted = paint_in_tiles(picture, model, on_openvino)
    assert painted.shape == picture.shape
    assert kind == "blur" or np.array_equal(painted, 255 - picture)


def test_the_stylizer_takes_tiles_by_itself(invert_model, monkeypatch):
    """A picture above the limit comes out painted all over."""
    monkeypatch.setattr("rtstyle.stylizer.MAX_PIXELS", 10_000)
    picture = landscape(120, 100)
    with Stylizer(invert_model) as stylizer:
        stylizer.prepare(120, 100)
        assert np.array_equal(stylizer(one_batch(picture[None])).images[0], 255 - picture)


@pytest.mark.slow
def test_a_hundred_megapixels_in_four_gigabytes(tmp_path, invert_model):
    """From a PNG to a PNG, in a process whose memory is measured."""
    program = (
        "import sys, resource, cv2, numpy as np, rtstyle\n"
        "cv2.imwrite(sys.argv[1], np.full((10_000, 10_000, 3), 77, np.uint8), [cv2.IMWRITE_PNG_COMPRESSION, 1])\n"
        "rtstyle.stylize_photos(sys.argv[1], sys.argv[2], style=sys.argv[3])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    command = [sys.executable, "-c", program, tmp_path / "in.png", tmp_path / "out.png", invert_model]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(done.stdout) * unit < 4 * 2**30
    assert (tmp_path / "out.png").stat().st_size > 10_000
