from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from rtstyle.errors import SourceError
from training.data import batches, find_photos, random_crop, read_artwork, split


def test_photos_are_found_in_subfolders_and_by_name(photos: Path) -> None:
    """All pictures below a folder are found, and a glob narrows them down."""
    assert [path.name for path in find_photos(photos)] == ["0.png", "2.png", "4.png", "1.png", "3.png"]
    assert [path.name for path in find_photos(photos, ("1*", "4.*"))] == ["4.png", "1.png"]


def test_no_photos_is_one_sentence(tmp_path: Path) -> None:
    """A missing folder, a file and an empty folder are told apart."""
    file = tmp_path / "file"
    file.touch()
    for path, got in ((tmp_path / "nowhere", "got nothing"), (file, "got a file"), (tmp_path, "found none")):
        with pytest.raises(SourceError, match=got):
            find_photos(path)


def test_held_out_photos_are_not_trained_on(photos: Path) -> None:
    """Every n-th photo by name is held out, the rest is for training, none is lost."""
    everything = find_photos(photos)
    seen, held_out = split(everything, 2)
    assert held_out == everything[::2]
    assert sorted(seen + held_out) == sorted(everything)
    assert split(everything, 0) == (everything, [])


def test_a_damaged_photo_is_passed_over(photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One bad file among many costs a warning; nothing but bad files is an error."""
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    mixed = [bad, *find_photos(photos)]
    crops = list(batches(mixed, size=32, batch=1, first=0, last=len(mixed), seed=0, workers=0))
    assert len(crops) == len(mixed)
    assert "bad.jpg" in caplog.text
    with pytest.raises(SourceError, match="none of the 1 photos"):
        next(batches([bad], size=32, batch=1, first=0, last=1, seed=0, workers=0))


def test_crops_are_square_and_repeatable() -> None:
    """The same generator gives the same crop, another one another."""
    photo = np.random.default_rng(0).integers(0, 256, (90, 130, 3), dtype=np.uint8)
    first, again, other = (random_crop(photo, 64, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == (64, 64, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_run_that_starts_later_sees_what_it_would_have_seen(photos: Path) -> None:
    """Batches from step 2 on are the same whether or not steps 0 and 1 were run: resuming changes nothing."""

    def run(first: int) -> list[torch.Tensor]:
        return list(batches(find_photos(photos), size=32, batch=2, first=first, last=5, seed=3, workers=0))

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
