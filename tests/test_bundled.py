"""The models that we give away: every one keeps the contract on every engine for the CPU."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from rtstyle.engines.onnxruntime import CPU, OnnxRuntimeEngine
from rtstyle.engines.openvino import OpenVinoEngine
from rtstyle.styles import find_style, list_styles
from rtstyle.twin import find_twin
from tests.pictures import psnr_db

ARTWORKS = ("beatus", "composition-vii", "scream", "starry-night", "tree-of-life", "udnie", "water-lilies", "wave")
PROMISED = {"gallery", *ARTWORKS, *(f"{name}-full" for name in ARTWORKS)}
LARGEST = {"lite": (2_000_000, 500_000), "full": (7_000_000, 4_000_000)}  # bytes, of the file and of its twin
STYLES = {style.name for style in list_styles()}
SEVERAL = {style.name for style in list_styles() if len(style.styles) > 1}  # are in one network, which has no twin
ENGINES = {
    "openvino": OpenVinoEngine,
    "openvino f32": lambda path: OpenVinoEngine(path, precision="f32"),
    "onnxruntime": lambda path: OnnxRuntimeEngine(path, [(CPU, {})]),
}


@pytest.fixture(params=sorted(PROMISED | STYLES))
def style(request):
    """The name of each style in turn, of those that are missing too."""
    return request.param


def scene(height, width, *, seed=0):
    """Clouds of colour with an edge through them: like a photo, smooth and sharp in places."""
    clouds = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    image = cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC)
    image[:, width // 3 : width // 2] //= 2
    return image[None]  # (1, H, W, 3) uint8


def test_the_promised_styles_are_bundled():
    """Whatever else there is, README and demo count on these."""
    assert STYLES >= PROMISED


def test_it_says_whose_art_it_is(style):
    """Title, artist and licence are there, and so is what made it."""
    metadata = find_style(style).metadata
    for key in ("title", "artist", "year", "artwork_licence", "network", "parameters", "steps", "dataset", "weights"):
        assert metadata.get(key), key


def test_it_is_small(style):
    """At most 2 MB for the network that runs in real time, 7 MB for the other."""
    found = find_style(style)
    assert found.path.stat().st_size <= LARGEST[found.network][0]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 31), (250, 333)])
def test_any_size_comes_out_as_it_went_in(style, engine, height, width):
    """Odd and tiny sizes are padded and cropped in the graph."""
    frames = scene(height, width)
    painted = ENGINES[engine](find_style(style).path)(frames)
    assert painted.shape == frames.shape
    assert painted.dtype == np.uint8


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "onnxruntime"])
def test_engines_agree(style, engine):
    """What OpenVINO paints, in bf16 too, is what onnxruntime paints in f32, within 40 dB."""
    frames, path = scene(250, 333), find_style(style).path
    assert psnr_db(ENGINES[engine](path)(frames), ENGINES["onnxruntime"](path)(frames)) >= 40


@pytest.mark.parametrize("style", sorted((PROMISED | STYLES) - SEVERAL))
def test_its_twin_is_near_on_every_cpu(style):
    """There is one for every network of one style, made from it as it is, small, and 38 dB from it with AVX2, too.

    Without VNNI products of 8 bits saturate unless the weights leave room. If it is missing or stale:
    python -m training catalogue exported --photos photos/
    """
    found = find_style(style)
    twin = find_twin(found)
    assert twin is not None
    assert twin.stat().st_size <= LARGEST[found.network][1]
    frames = np.concatenate([scene(250, 333), scene(96, 333)], axis=1)
    program = (
        "import sys, numpy as np; from pathlib import Path; from rtstyle.engines.openvino import OpenVinoEngine;"
        "frames = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(1, -1, 333, 3);"
        "sys.stdout.buffer.write(OpenVinoEngine(Path(sys.argv[1]), precision='f32')(frames).tobytes())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(twin)],
        input=frames.tobytes(),
        capture_output=True,
        check=True,
        env={**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"},
    )
    reference = ENGINES["onnxruntime"](found.path)(frames)
    assert psnr_db(np.frombuffer(done.stdout, np.uint8).reshape(frames.shape), reference) >= 38
    assert psnr_db(ENGINES["openvino f32"](twin)(frames), reference) >= 38


def test_batching_is_invisible(style):
    """Three different frames together are the same three alone, to one grey level, inside the network as well."""
    path = find_style(style).path
    frames = np.concatenate([scene(96, 128, seed=seed) for seed in range(3)])
    together = OnnxRuntimeEngine(path, [(CPU, {})], chunk=3)(frames).astype(int)
    alone = OnnxRuntimeEngine(path, [(CPU, {})])(frames)
    assert np.abs(together - alone).max() <= 1
