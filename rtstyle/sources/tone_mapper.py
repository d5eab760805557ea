"""Brings pictures of high dynamic range, PQ or HLG, to SDR BT.709, through a look-up table that FFmpeg applies."""

from __future__ import annotations

import struct
from pathlib import Path
from tempfile import TemporaryDirectory

import av.filter
import numpy as np
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Colors = NDArray[np.float64]  # (..., 3) RGB
Levels = NDArray[np.float64]  # (...)

TRANSFERS = {16: "PQ", 18: "HLG"}  # AVCOL_TRC_SMPTE2084, AVCOL_TRC_ARIB_STD_B67
WHITE_NITS = 203.0  # diffuse white in HDR (ITU-R BT.2408), which becomes SDR's 255
_PEAK_NITS = 1000.0  # where nothing is said: the usual grading monitor's, and HLG's reference
_GRID = 49  # points a side; the table is interpolated between them
_DISPLAY_GAMMA = 2.4  # ITU-R BT.1886

# ITU-R BT.2100, table 4.
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
# ITU-R BT.2100, table 5.
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_HLG_BEND, _HLG_GAMMA = 0.5, 1.2
_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593])
# ITU-R BT.2087: linear BT.2020 to linear BT.709.
_TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])


class ToneMapper:
    """Maps decoded frames of one stream, all alike, to rgb24 of SDR BT.709.

    Up to about half of diffuse white nothing changes but the coding; above, ITU-R BT.2390's curve
    makes room for the highlights up to the peak that the stream names.
    """

    def __init__(self, first: VideoFrame) -> None:
        self.peak_nits = peak_nits(first)
        self._graph = av.filter.Graph()
        source = self._graph.add(
            "buffer",
            video_size=f"{first.width}x{first.height}",
            pix_fmt=first.format.name,
            time_base="1/90000",
            colorspace=str(int(first.colorspace)),
            range=str(int(first.color_range)),
        )
        with TemporaryDirectory(prefix="rtstyle-") as folder:
            path = Path(folder) / "sdr.cube"
            path.write_text(cube(table(first.color_trc, self.peak_nits)), encoding="ascii")
            nodes = (
                self._graph.add("scale", in_color_matrix="bt2020nc", flags="accurate_rnd+full_chroma_int"),
                self._graph.add("format", pix_fmts="gbrp12le"),
                self._graph.add("lut3d", file=str(path), interp="tetrahedral"),
                self._graph.add("format", pix_fmts="gbrp12le"),
                self._graph.add("setparams", color_trc="bt709", color_primaries="bt709"),
                self._graph.add("scale"),
                self._graph.add("format", pix_fmts="rgb24"),
            )
            self._graph.link_nodes(source, *nodes, self._graph.add("buffersink")).configure()

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """Give the frame as rgb24."""
        self._graph.vpush(frame)
        return self._graph.vpull()


def table(transfer: int, peak: float) -> Colors:
    """(G, G, G, 3), indexed by coded blue, green, red of 0 to 1: coded SDR RGB of 0 to 1."""
    steps = np.linspace(0, 1, _GRID)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    coded = np.stack([red, green, blue], axis=-1)
    nits = pq_to_nits(coded) if TRANSFERS[transfer] == "PQ" else hlg_to_nits(coded)
    brightest = nits.max(axis=-1, keepdims=True)  # scaling all three by one factor keeps the hue
    scale = tone_curve(brightest, peak) / np.maximum(brightest, 1e-6)
    linear = np.clip(nits * scale / WHITE_NITS @ _TO_709.T, 0, 1)
    return np.asarray(linear ** (1 / _DISPLAY_GAMMA), dtype=np.float64)


def cube(colors: Colors) -> str:
    """A table in the words of a .cube file; red changes fastest."""
    rows = "\n".join("{:.6f} {:.6f} {:.6f}".format(*color) for color in colors.reshape(-1, 3))
    return f"LUT_3D_SIZE {_GRID}\n{rows}\n"


def tone_curve(nits: Levels, peak: float) -> Levels:
    """Bring 0 to ``peak`` down to 0 to diffuse white: ITU-R BT.2390-10, 5.4.1, with black at 0."""
    if peak <= WHITE_NITS:
        return np.minimum(nits, WHITE_NITS)
    top = float(nits_to_pq(np.array(peak)))
    white = float(nits_to_pq(np.array(WHITE_NITS))) / top
    knee = 1.5 * white - 0.5
    level = np.minimum(nits_to_pq(nits) / top, 1)
    t = (level - knee) / (1 - knee)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * white
    return pq_to_nits(np.where(level < knee, level, spline) * top)


def pq_to_nits(coded: Levels) -> Levels:
    """ITU-R BT.2100's PQ EOTF."""
    root = np.power(np.maximum(coded, 0), 1 / _M2)
    return np.asarray(10_000 * np.power(np.maximum(root - _C1, 0) / (_C2 - _C3 * root), 1 / _M1), dtype=np.float64)


def nits_to_pq(nits: Levels) -> Levels:
    """The inverse of ``pq_to_nits``."""
    power = np.power(np.maximum(nits, 0) / 10_000, _M1)
    return np.asarray(np.power((_C1 + _C2 * power) / (1 + _C3 * power), _M2), dtype=np.float64)


def hlg_to_nits(coded: Colors) -> Colors:
    """ITU-R BT.2100's HLG EOTF on a display of 1000 nits, black at 0."""
    scene = np.where(coded <= _HLG_BEND, coded**2 / 3, (np.exp((coded - _C) / _A) + _B) / 12)
    luminance = (scene * _LUMA_2020).sum(axis=-1, keepdims=True)
    return np.asarray(_PEAK_NITS * np.power(luminance, _HLG_GAMMA - 1) * scene, dtype=np.float64)


def peak_nits(frame: VideoFrame) -> float:
    """The brightest level of the film: as measured (MaxCLL), else as the grading monitor's, else 1000."""
    if TRANSFERS.get(frame.color_trc) != "PQ":
        return _PEAK_NITS
    for kind, read in (("CONTENT_LIGHT_LEVEL", _max_cll), ("MASTERING_DISPLAY_METADATA", _mastering_peak)):
        data = frame.side_data.get(kind)
        nits = read(bytes(data)) if isinstance(data, SideData) else 0
        if nits:
            return min(max(nits, WHITE_NITS), 10_000.0)
    return _PEAK_NITS


def _max_cll(data: bytes) -> float:
    """AVContentLightMetadata: MaxCLL, MaxFALL."""
    return float(struct.unpack_from("=I", data)[0])


def _mastering_peak(data: bytes) -> float:
    """AVMasteringDisplayMetadata: nine rationals of eight bytes, the highest luminance, two flags."""
    numerator, denominator, _, has_luminance = struct.unpack_from("=iiii", data, 9 * 8)
    return numerator / denominator if has_luminance and denominator else 0.0
