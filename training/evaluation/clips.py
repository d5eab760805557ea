"""Clips to measure flicker on: videos, and sequences that come with their exact flow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rtstyle.errors import SourceError
from rtstyle.frames import Frame, Image
from rtstyle.sources import video_reader
from rtstyle.sources.photo_folder import read_photo
from training.evaluation.flow import Motion, estimated, read_exact
from training.pictures import scaled

SUFFIXES = video_reader.SUFFIXES - {".webp"}  # which is a photo here


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Frames of one size, and the motion from each but the first back to the one before."""

    name: str
    frames: list[Image]
    motions: list[Motion]


def find_clips(places: Sequence[Path]) -> list[Path]:
    """Videos and sequences (folders with ``frames`` and ``flow_bw``) in what is named, folders searched.

    Raises SourceError where there is nothing, none in it, or two of one name.
    """
    found: list[Path] = []
    for place in places:
        if not place.exists():
            raise SourceError(f"{place}: there is no such clip")
        within = [place] if place.is_file() or _is_sequence(place) else sorted(place.iterdir())
        clips = [path for path in within if _is_sequence(path) or path.suffix.lower() in SUFFIXES]
        if not clips:
            raise SourceError(f"{place}: expected clips, found none of {sorted(SUFFIXES)}")
        found += clips
    twice, count = Counter(path.stem for path in found).most_common(1)[0] if found else ("", 0)
    if count > 1:
        raise SourceError(f"{twice}: expected clips with different names, got {count} called this")
    return found


def read_clip(path: Path, *, frames: int, side: int) -> Clip:
    """The first ``frames`` of a clip; a video comes down to ``side`` px of short side. Raises SourceError."""
    if _is_sequence(path):
        names = sorted((path / "frames").glob("*.png"))[:frames]
        images = [read_photo(name) for name in names]
        motions = [read_exact(path / "flow_bw" / name.name, path / "occ_bw" / name.name) for name in names[1:]]
    else:
        images = list(_video(path, frames, side))
        motions = [estimated(before, now) for before, now in pairwise(images)]
    if not motions:
        raise SourceError(f"{path}: expected at least 2 frames, got {len(images)}")
    return Clip(path.stem, images, motions)


def _video(path: Path, frames: int, side: int) -> Iterator[Image]:
    source = video_reader.VideoReader(path)
    try:
        images = (item.image for item in source if isinstance(item, Frame))
        for image, _ in zip(images, range(frames), strict=False):
            yield scaled(image, min(side, *image.shape[:2]))
    finally:
        source.close()


def _is_sequence(path: Path) -> bool:
    return (path / "frames").is_dir() and (path / "flow_bw").is_dir()
