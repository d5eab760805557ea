from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.evaluation.grid import PERIODS, flat_amplitudes, grid_scores, relative_scores
from training.evaluation.sharpness import sharpness


def scene(seed: int = 0, size: tuple[int, int] = (340, 256)) -> np.ndarray:
    """Noise whose spectrum falls off like a photo's, 1/f."""
    rng = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(size[1])[:, None], np.fft.rfftfreq(size[0])[None]
    falling = 1 / np.maximum(np.hypot(rows, columns), 1 / 256)
    noise = np.fft.irfft2(np.fft.rfft2(rng.normal(size=size[::-1])) * falling, size[::-1])
    return np.clip(128 + 40 * noise[..., None] / noise.std() + np.zeros(3), 0, 255).astype(np.uint8)


def lattice(image: np.ndarray, period: int, amplitude: float) -> np.ndarray:
    wave = np.cos(2 * np.pi * np.arange(image.shape[1]) / period)
    return np.clip(np.rint(image + amplitude * wave[:, None]), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(3))
def test_a_picture_without_a_lattice_scores_about_one(seed: int) -> None:
    """Chance makes no peak."""
    assert all(0.7 < score < 1.35 for score in grid_scores(scene(seed)).values())


@pytest.mark.parametrize("period", PERIODS)
def test_a_lattice_is_seen_at_its_period_only(period: int) -> None:
    """Twelve grey levels of stripes or of columns show at their own period, and leave the others as they were."""
    photo = scene()
    for painting in (lattice(photo, period, 12), lattice(photo.swapaxes(0, 1), period, 12).swapaxes(0, 1)):
        scores = relative_scores(painting, photo)
        assert scores.pop(period) > 1.5
        assert all(score == pytest.approx(1, abs=0.1) for score in scores.values())


def test_the_photos_own_blocks_do_not_count() -> None:
    """A photo with JPEG's 8-px lattice has a score of its own; repainting it unchanged is 1."""
    photo = lattice(scene(), 8, 8)
    assert grid_scores(photo)[8] > 2
    assert relative_scores(photo, photo) == dict.fromkeys(PERIODS, 1)


def test_a_photo_of_one_colour_is_measured_too() -> None:
    """What is not there cannot be divided by: repainted unchanged it is 1, and a lattice drawn on it is seen."""
    flat = np.full((256, 340, 3), 90, np.uint8)
    assert relative_scores(flat, flat) == dict.fromkeys(PERIODS, 1)
    assert 10 < relative_scores(lattice(flat, 8, 5), flat)[8] < np.inf


@pytest.mark.parametrize("period", PERIODS)
def test_on_flat_grey_the_amplitude_is_in_levels(period: int) -> None:
    """A wave of 5 levels on flat grey measures 5 at its period and next to nothing elsewhere."""
    found = flat_amplitudes(lambda image: lattice(image, period, 5))
    assert found.pop(period) == pytest.approx(5, rel=0.08)  # rounded to whole levels
    assert max(found.values()) < 0.6
    assert max(flat_amplitudes(lambda image: image).values()) == 0


def test_sharpness_is_the_slope() -> None:
    """A ramp of 2 levels a pixel measures 2; contrast counts linearly; a blur costs."""
    ramp = np.broadcast_to(np.arange(0, 200, 2, dtype=np.uint8)[None, :, None], (80, 100, 3))
    assert sharpness(ramp) == pytest.approx(2, rel=0.05)  # the outermost columns have only half a neighbourhood
    photo = scene()
    dull = (64 + photo // 2).astype(np.uint8)
    assert sharpness(dull) == pytest.approx(sharpness(photo) / 2, rel=0.03)
    assert sharpness(np.asarray(cv2.GaussianBlur(photo, (0, 0), 1.5))) < 0.6 * sharpness(photo)
