"""What a painting will take, said beforehand."""

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

from rtstyle.jobs.keyframe.estimate import estimate
from tests.painting import TINY


def test_a_dry_run_knows_sizes_and_iterations(files):
    """And states the memory, which grows with the picture, and not so much with tiles."""
    small = estimate(files / "photo.png", TINY)
    assert (small.sizes, small.iterations) == (["43x32"], 12)
    large = estimate(files / "photo.png", replace(TINY, size="2048", tile=0))
    tiled = estimate(files / "photo.png", replace(TINY, size="2048", tile=256))
    assert large.memory - small.memory > 2 << 30
    assert tiled.memory < large.memory - (1 << 30)
    styled = estimate(files / "photo.png", replace(TINY, style_size=1024), [files / "art.png"])
    assert styled.memory > small.memory + (512 << 20)
