from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rtstyle.errors import SourceError
from training.data import Crops, batches, random_crop, read_artwork
from training.photos import find_photos
from training.sieve import Sieve, is_grey


def crops_of(photos: list[Path], sieve: Sieve | None = None, workers: int = 0) -> list[torch.Tensor]:
    count = len(photos)
    crops = Crops(photos, size=32, samples=range(2 * count), seed=0, sieve=sieve)
    return list(batches(crops, batch=1, workers=workers))


def test_a_damaged_photo_is_passed_over(mixed: list[Path], caplog: pytest.LogCaptureFixture) -> None:
    """One bad file among many costs one warning; nothing but bad files is an error."""
    assert len(crops_of(mixed)) == 2 * len(mixed)
    assert caplog.text.count("bad.jpg") == 1


@pytest.mark.parametrize("workers", [0, 2])
def test_nothing_but_damaged_photos_is_one_sentence(mixed: list[Path], workers: int) -> None:
    """Without the traceback of the process that read them."""
    with pytest.raises(SourceError) as caught:
        crops_of(mixed[:1], workers=workers)
    assert str(caught.value) == "none of the 1 photos is of use: 1 of 1 photos skipped: 1 unreadable"


@pytest.mark.skipif(os.name != "posix", reason="kill -9 as POSIX has it")
def test_a_reader_that_is_killed_is_one_sentence(photos: Path) -> None:
    """It is told of where photos are asked for, not wherever training is just then."""
    stream = batches(Crops(find_photos(photos), size=32, samples=range(50), seed=0), batch=1, workers=1)
    next(stream)
    (reader,) = multiprocessing.active_children()
    os.kill(reader.pid or 0, signal.SIGKILL)
    reader.join()
    time.sleep(0.1)  # time for a signal handler
    with pytest.raises(SourceError, match=r"a worker that reads photos has failed \(.*\), .*--workers 0$"):
        list(stream)


def test_a_handler_that_is_not_pythons_is_let_be(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a program that Python is a part of: it could not be given back."""
    monkeypatch.setattr(signal, "getsignal", lambda _: None)
    (batch,) = batches(Crops(find_photos(photos), size=32, samples=range(1), seed=0), batch=1, workers=0)
    assert batch.shape == (1, 32, 32, 3)


@pytest.mark.parametrize("workers", [0, 2])
def test_what_was_skipped_is_counted(mixed: list[Path], workers: int) -> None:
    """Each useless photo once, whichever process met it, and however often."""
    sieve = Sieve(len(mixed))
    assert str(sieve.skipped) == "0 of 8 photos skipped"
    crops_of(mixed, sieve, workers)
    assert str(sieve.skipped) == "3 of 8 photos skipped: 1 unreadable, 2 grey"


def test_a_sample_does_not_depend_on_what_was_read_before(mixed: list[Path]) -> None:
    """A sieve that knows the bad photos already, and one that does not, let the same crops through."""
    sieve = Sieve(len(mixed))
    first = crops_of(mixed, sieve)
    assert all(torch.equal(a, b) for a, b in zip(first, crops_of(mixed, sieve), strict=True))


def test_pale_photos_are_not_grey() -> None:
    """Fog has little colour and a grey photo none; a small coloured thing makes a photo coloured."""
    levels = np.random.default_rng(0).integers(20, 200, (100, 100, 1)) + np.zeros(3)
    assert is_grey(levels.astype(np.uint8))
    assert not is_grey((levels + np.array((0, 0, 18))).astype(np.uint8))
    levels[:20, :20, 0] += 50
    assert not is_grey(levels.astype(np.uint8))


def test_crops_are_square_and_repeatable() -> None:
    """The same generator gives the same crop, another one another."""
    photo = np.random.default_rng(0).integers(0, 256, (90, 130, 3), dtype=np.uint8)
    first, again, other = (random_crop(photo, 64, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == (64, 64, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_zoom_of_two_shows_half_as_much() -> None:
    """Of a slope from 0 to 255, crops nearer by two span half as many levels."""
    slope = np.tile(np.linspace(0, 255, 256).astype(np.uint8)[:, None], (256, 1, 3)).transpose(1, 0, 2).copy()
    spans = [int(np.ptp(random_crop(slope, 64, np.random.default_rng(0), zoom)[..., 0])) for zoom in (1.0, 2.0)]
    assert spans[1] == pytest.approx(spans[0] / 2, abs=4)


def test_brushwork_lies_under_a_wall(tmp_path: Path) -> None:
    """As strong as chance says, and elsewhere every time, the same for the same sample; none unless asked for."""
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((90, 90, 3), (40, 160, 90), np.uint8))

    def depths(brushwork: float, first: int = 0) -> list[float]:
        crops = Crops([tmp_path / "wall.png"], size=64, brushwork=brushwork, samples=range(first, 12), seed=0)
        return [float(crop[..., 0].float().std()) for crop in batches(crops, batch=1, workers=0)]

    assert depths(0.0) == [0.0] * 12
    strokes = depths(0.8)
    assert len(set(strokes)) == 12
    assert max(strokes) > 10
    assert min(strokes) < 5
    assert depths(0.8, first=5) == strokes[5:]


def test_a_run_that_starts_later_sees_what_it_would_have_seen(photos: Path) -> None:
    """Batches from step 2 on are the same whether or not steps 0 and 1 were run: resuming changes nothing."""

    def run(first: int) -> list[torch.Tensor]:
        crops = Crops(find_photos(photos), size=32, samples=range(2 * first, 10), seed=3)
        return list(batches(crops, batch=2, workers=0))

    whole, rest = run(0), run(2)
    assert len(whole) == 5
    assert whole[0].shape == (2, 32, 32, 3)
    assert whole[0].dtype == torch.uint8
    assert all(torch.equal(a, b) for a, b in zip(whole[2:], rest, strict=True))


def test_artwork_is_scaled_down_never_up(photos: Path) -> None:
    """The short side of the artwork comes down to the style size; a small one stays."""
    path = find_photos(photos)[0]
    assert read_artwork(path, 45).shape == (1, 3, 45, 60)
    assert read_artwork(path, 500).shape == (1, 3, 90, 120)
    assert 0 <= read_artwork(path, 45).min() <= read_artwork(path, 45).max() <= 1
