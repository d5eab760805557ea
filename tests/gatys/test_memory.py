"""What is known of memory before a picture is painted."""

from pathlib import Path

import pytest

from rtstyle.gatys import memory
from rtstyle.gatys.recipe import Recipe


def test_a_large_artwork_counts(monkeypatch):
    """Looked at in 1024 px it takes more than painting 128 px does; in the picture's size no more than its pixels."""
    photo, artwork = (128, 192), (1024, 1300)
    alone = memory._needed_bytes(photo, Recipe(), None)
    maps = 1024 * 1300 * 64 * 4
    monkeypatch.setattr(memory, "_resident_bytes", lambda: 0)
    large = memory.peak_bytes(photo, Recipe(style_size=1024), None, [artwork, (64, 64)])
    small = memory.peak_bytes(photo, Recipe(), None, [artwork])
    assert 2 * maps < large - alone < 4 * maps
    assert small - alone == 1024 * 1300 * 3 * 4


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="no such hardware: containers are Linux's")
@pytest.mark.parametrize("version", [2, 1])
def test_a_container_has_what_its_limit_leaves(tmp_path, monkeypatch, version):
    """With the cache that it could drop; of a limit that is none, or not to be read, nothing is said."""
    monkeypatch.setattr(memory, "_CGROUPS", [(tmp_path, *names) for _, *names in memory._CGROUPS])
    without = memory.free_bytes()
    limit, used = {2: ("memory.max", "memory.current"), 1: ("memory.limit_in_bytes", "memory.usage_in_bytes")}[version]
    (tmp_path / limit).write_text(f"{64 << 20}\n")
    (tmp_path / used).write_text(f"{48 << 20}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {4 << 20}\ntotal_inactive_file 7\n")
    assert memory.free_bytes() == 20 << 20
    (tmp_path / limit).write_text("max\n")
    assert memory.free_bytes() == pytest.approx(without, rel=0.5)


def test_tiles_are_for_pictures_that_do_not_fit(monkeypatch):
    """Held against what is free, which leaves out what the process has already."""
    recipe = Recipe(style_layers=(("relu1_1", 1.0), ("relu2_1", 1.0)), content_layers=(("relu2_2", 1.0),))
    needed = memory.peak_bytes((512, 512), recipe, None) - memory._resident_bytes()
    monkeypatch.setattr(memory, "free_bytes", lambda: round(1.05 * needed / 0.7))
    assert memory.tile_for((512, 512), recipe) is None
    monkeypatch.setattr(memory, "free_bytes", lambda: round(0.95 * needed / 0.7))
    assert memory.tile_for((512, 512), recipe) in {128, 256}
