"""From high to standard dynamic range: the curve by itself, and films in PQ and HLG."""

import av
import numpy as np
import pytest

from rtstyle.frames import Frame
from rtstyle.sources.tone_mapper import (
    WHITE_NITS,
    hlg_to_nits,
    nits_to_pq,
    peak_nits,
    pq_to_nits,
    tone_curve,
)
from rtstyle.sources.video_reader import VideoReader

PEAKS = [203.1, 400.0, 1000.0, 4000.0, 10_000.0]
KR, KB = 0.2627, 0.0593  # ITU-R BT.2020
PQ, HLG = 16, 18
# Colours of BT.709 as they are to be seen, of 0 to 255; none is brighter than where the curve begins.
PATCHES = np.array([[16, 16, 16], [60, 60, 60], [120, 120, 120], [150, 60, 40], [40, 120, 60], [50, 60, 150]])


@pytest.mark.parametrize("peak", PEAKS)
def test_the_curve_begins_and_ends_where_it_should(peak):
    """Black stays black, and the peak becomes diffuse white."""
    assert tone_curve(np.array([0.0, peak]), peak) == pytest.approx([0, WHITE_NITS], abs=0.01)


@pytest.mark.parametrize("peak", PEAKS)
def test_the_curve_never_falls_and_never_brightens(peak):
    """More light is more light, and the curve only takes."""
    nits = np.geomspace(0.001, peak, 2000)
    mapped = tone_curve(nits, peak)
    assert np.all(np.diff(mapped) >= 0)
    assert np.all(mapped <= nits * 1.0001)


@pytest.mark.parametrize("peak", PEAKS)
def test_the_dark_half_is_left_alone(peak):
    """Below the knee, which BT.2390 puts at 1.5 times the target less a half, nothing changes."""
    top = nits_to_pq(np.array(peak))
    knee = pq_to_nits((1.5 * nits_to_pq(np.array(WHITE_NITS)) / top - 0.5) * top)
    nits = np.linspace(0, knee, 100)
    assert tone_curve(nits, peak) == pytest.approx(nits, rel=1e-6, abs=1e-9)


def test_the_curve_is_smooth_at_the_knee():
    """No edge in a sky: the slope changes by less than a hundredth from one of 5,000 steps to the next."""
    nits = np.linspace(1, 1000, 5000)
    slopes = np.diff(nits_to_pq(tone_curve(nits, 1000.0))) / np.diff(nits_to_pq(nits))
    assert np.abs(np.diff(slopes)).max() < 0.01


def test_a_film_no_brighter_than_white_is_only_clipped():
    """There is nothing to make room for."""
    assert tone_curve(np.array([50.0, 203, 300]), 150.0) == pytest.approx([50, 203, 203])


def test_levels_that_the_standards_print():
    """BT.2408, table 1: diffuse white of 203 cd/m² is 58 % in PQ and 75 % in HLG; the peak of HLG is 1000."""
    assert nits_to_pq(np.array(203.0)) == pytest.approx(0.58, abs=0.002)
    assert pq_to_nits(nits_to_pq(np.array([0.1, 1, 100, 10_000]))) == pytest.approx([0.1, 1, 100, 10_000])
    assert hlg_to_nits(np.full(3, 0.75)) == pytest.approx(np.full(3, 203), rel=0.01)
    assert hlg_to_nits(np.ones(3)) == pytest.approx(np.full(3, 1000), rel=0.001)


def _coded(nits, transfer):
    """PQ or HLG of BT.2020 light, as BT.2100 writes them; (N, 3) nits to (N, 3) of 0 to 1."""
    if transfer == PQ:
        power = (nits / 10_000) ** (2610 / 16384)
        return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    luminance = nits @ [KR, 1 - KR - KB, KB] / 1000
    scene = nits / 1000 * luminance[:, None] ** (1 / 1.2 - 1)  # the inverse of the system's gamma
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def make_hdr_clip(path, transfer):
    """The patches side by side, 32×64 pixels each, in HEVC of ten bits and BT.2020, without loss."""
    to_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])  # BT.2087
    red, green, blue = _coded((PATCHES / 255) ** 2.4 * WHITE_NITS @ to_2020.T, transfer).T
    luma = KR * red + (1 - KR - KB) * green + KB * blue
    planes = [64 + 876 * luma, 512 + 896 * (blue - luma) / 2 / (1 - KB), 512 + 896 * (red - luma) / 2 / (1 - KR)]
    frame = av.VideoFrame(32 * len(PATCHES), 64, "yuv420p10le")
    for plane, levels, size in zip(frame.planes, planes, (32, 16, 16), strict=True):
        row = np.zeros(plane.line_size // 2, np.uint16)
        values = np.round(levels).astype(np.uint16).repeat(size)
        row[: len(values)] = values
        plane.update(np.tile(row, (plane.height, 1)).tobytes())
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx265", rate=25, options={"x265-params": "lossless=1:log-level=error"})
        video.width, video.height, video.pix_fmt = frame.width, frame.height, "yuv420p10le"
        context = video.codec_context
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 9, 9, transfer
        for n in range(3):
            frame.pts = n
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    return path


@pytest.mark.parametrize(("transfer", "name"), [(PQ, "PQ"), (HLG, "HLG")])
def test_a_film_in_hdr(tmp_path, transfer, name):
    """nunif#372: colours and greys below the highlights come out as in SDR, within three levels, and a line says so."""
    reader = VideoReader(make_hdr_clip(tmp_path / "hdr.mp4", transfer))
    frames = [item for item in reader if isinstance(item, Frame)]
    assert reader.notes == [f"HDR ({name}, up to 1000 nits) is tone-mapped to SDR BT.709"]
    assert (reader.format.color.matrix, reader.format.color.primaries, reader.format.color.transfer) == (1, 1, 1)
    reader.close()
    middles = frames[1].image[32, 16::32].astype(int)
    assert np.abs(middles - PATCHES).max() <= 3
    assert len(frames) == 3


def test_the_peak_that_a_film_names(shared_video):
    """The brightest level is read from the film; HLG has that of its reference display."""
    with av.open(str(shared_video("s15_hevc10_hdr10_pq.mp4"))) as film:
        assert peak_nits(next(film.decode(video=0))) == 1000
