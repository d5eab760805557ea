"""Lattices: what a network draws at the periods of its own strides."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from rtstyle.frames import Image
from training.pictures import luma

PERIODS = (2, 4, 8, 16)  # px
NEAR, FAR = 2, 6  # bins: what lies between them on either side is a peak's neighbourhood
LEAST = 0.5  # a score that chance hardly ever gives
GREYS = (48, 128, 208)
FLAT = (480, 640)  # px, height and width of the grey pictures
BORDER = 112  # px, cut off before they are measured: 256×416 are left


def grid_scores(image: Image) -> dict[int, float]:
    """By period: the spectrum's amplitude there over that of its neighbourhood, along rows or columns, the higher.

    Spectra of lines under a Hann window, their amplitudes averaged over all lines, so that chance evens out; the
    neighbourhood's mean is geometric, since spectra of photos fall off like 1/f. About 1 where there is no lattice.
    """
    spectra = list(_spectra(luma(image)))
    return {period: max(_peak(spectrum, period) for spectrum in spectra) for period in PERIODS}


def relative_scores(painting: Image, photo: Image) -> dict[int, float]:
    """The painting's scores over the photo's own: what a JPEG has already is not the network's.

    Less than chance gives is no less than that, in either: a photo of one colour scores 0.
    """
    own = grid_scores(photo)
    return {period: max(score, LEAST) / max(own[period], LEAST) for period, score in grid_scores(painting).items()}


def flat_amplitudes(paint: Callable[[Image], Image]) -> dict[int, float]:
    """By period: the wave's amplitude in grey levels in paintings of flat greys, the strongest of all."""
    strongest = dict.fromkeys(PERIODS, 0.0)
    for grey in GREYS:
        painting = paint(np.full((*FLAT, 3), grey, np.uint8))[BORDER:-BORDER, BORDER:-BORDER]
        for spectrum in _spectra(luma(painting), power=2):
            for period in PERIODS:
                halved = 2 if period == 2 else 1  # noqa: PLR2004 - the Nyquist frequency has no mirror image
                amplitude = float(spectrum[_bin(spectrum, period)]) / halved
                strongest[period] = max(strongest[period], amplitude)
    return strongest


def _spectra(grey: NDArray[np.float32], *, power: int = 1) -> Iterator[NDArray[np.float64]]:
    """Of rows, then of columns: the mean amplitude of each frequency (the root of the mean ``power``), in levels."""
    for lines in (grey, grey.T):
        length = lines.shape[1] // max(PERIODS) * max(PERIODS)  # each period then falls on a bin
        if length < 8 * max(PERIODS):
            continue  # too short to tell a period from its neighbours
        window = np.hanning(length + 1)[:-1]
        cut = lines[:, :length] - lines[:, :length].mean(axis=1, keepdims=True)
        amplitudes = np.abs(np.fft.rfft(cut * window)) * 2 / window.sum()
        yield np.mean(amplitudes**power, axis=0) ** (1 / power)


def _bin(spectrum: NDArray[np.float64], period: int) -> int:
    return 2 * (len(spectrum) - 1) // period


def _peak(spectrum: NDArray[np.float64], period: int) -> float:
    place = _bin(spectrum, period)
    offsets = [offset for offset in range(-FAR, FAR + 1) if abs(offset) >= NEAR]
    near = [spectrum[place + offset] for offset in offsets if place + offset < len(spectrum) - 1]
    return float(spectrum[place] / np.exp(np.mean(np.log(np.array(near) + 1e-6))))
