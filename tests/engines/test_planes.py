"""What a network gives as Y, U and V is what it paints."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

import rtstyle
from rtstyle.engines.openvino import OpenVinoEngine
from rtstyle.engines.planes import _to_yuv
from rtstyle.frames import SWS_MATRIX
from rtstyle.styles import find_style
from rtstyle.twin import twin_path
from tests.models import make_model

SHARES = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}  # of red and blue in BT.709, BT.601, BT.2020


def scene(height, width):
    """Clouds of strong colours with an edge through them."""
    clouds = np.random.default_rng(1).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    image = cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC)
    image[:, width // 3 : width // 2] //= 2
    return image[None]  # (1, H, W, 3) uint8


def converted(image, matrix):
    """(H, W, 3) RGB as I420 of limited range, by the recommendation's own words and in float."""
    red, blue = SHARES[matrix]
    rgb = image.astype(float)
    y = rgb @ [red, 1 - red - blue, blue]
    chroma = [(rgb[..., channel] - y) / (1 - share) / 2 for channel, share in ((2, blue), (0, red))]
    means = [part.reshape(part.shape[0] // 2, 2, part.shape[1] // 2, 2).mean(axis=(1, 3)) for part in chroma]
    planes = np.concatenate([(128 + part * 224 / 255).ravel() for part in means])
    return np.concatenate([(16 + y * 219 / 255).ravel(), planes]).reshape(-1, image.shape[1])


def psnr_db(one, other):
    """Of 8 bits."""
    return 10 * np.log10(255**2 / max(np.mean((one.astype(float) - other) ** 2), 1e-9))


@pytest.mark.parametrize("matrix", SHARES)
@pytest.mark.parametrize("in_8_bits", [True, False])
@pytest.mark.parametrize(("height", "width"), [(16, 18), (90, 122), (144, 256)])
def test_planes_are_the_painting(height, width, matrix, in_8_bits):
    """At any even size, with every matrix, in 8 bits and in float: 50 dB and more from the painting, converted."""
    path = find_style("wave").path
    engine = OpenVinoEngine(path, precision="f32", twin=twin_path(path) if in_8_bits else None)
    frames = np.concatenate([scene(height, width), 255 - scene(height, width)])
    painted = engine(frames)
    engine.prepare(height, width, yuv=matrix)
    planes = engine(frames)
    assert planes.shape == (2, height * 3 // 2, width)
    for image, plane in zip(painted, planes, strict=True):
        assert psnr_db(plane, converted(image, matrix)) >= 50


@pytest.mark.parametrize("most", [63, None])
@pytest.mark.parametrize("matrix", SHARES)
def test_greys_stay_grey(matrix, most):
    """What is made of equal R, G and B has no colour, and white is 235, where weights are rounded to steps too."""
    steps, scales, bias = _to_yuv(matrix, most=most)
    white = (steps * scales).reshape(6, 12).astype(float).sum(axis=1) * 255 + bias.ravel()
    assert np.abs(white - np.array([235] * 4 + [128] * 2)).max() < 1e-3
    assert most is None or np.abs(steps).max() <= most


@pytest.mark.parametrize(("height", "width"), [(33, 64), (64, 33)])
def test_odd_sizes_stay_rgb(height, width):
    """4:2:0 has no half lines."""
    engine = OpenVinoEngine(find_style("wave").path)
    engine.prepare(height, width, yuv=1)
    assert engine(scene(height, width)).shape == (1, height, width, 3)


@pytest.mark.parametrize("kind", ["invert", "blur"])
def test_networks_without_cells_stay_rgb(tmp_path, kind):
    """Whoever asks for planes gets what there is."""
    engine = OpenVinoEngine(make_model(tmp_path / "other.onnx", kind=kind))
    engine.prepare(32, 48, yuv=1)
    assert engine(scene(32, 48)).shape == (1, 32, 48, 3)


@pytest.mark.parametrize(("matrix", "size"), [(1, (320, 180)), (6, (128, 96))])
def test_a_film_of_planes_is_the_film_of_pictures(tmp_path, matrix, size):
    """Coded without loss it is 45 dB from one that went through RGB, and says the same of its colours."""
    clip, films = tmp_path / "clip.mp4", []
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, 1
        for number in range(3):
            rgb = av.VideoFrame.from_ndarray(np.roll(scene(size[1], size[0])[0], 4 * number, axis=1), "rgb24")
            frame = rgb.reformat(format="yuv420p", dst_colorspace=SWS_MATRIX[matrix], dst_color_range=1)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    for strength in (1, 0.9999):  # what is mixed is mixed in RGB
        target = tmp_path / f"{strength}.mp4"
        options = rtstyle.FilmOptions(encoding=rtstyle.Encoding(crf=0))
        rtstyle.transcode(clip, target, style="wave", strength=strength, options=options)
        with av.open(str(target)) as film:
            frames = list(film.decode(video=0))
            films.append(np.stack([frame.to_ndarray(format="rgb24") for frame in frames]))
            assert {(frame.colorspace, frame.color_range, frame.format.name) for frame in frames} == {
                (matrix, 1, "yuv420p")
            }
    assert len(films[0]) == 3
    assert psnr_db(*films) >= 45
