"""The user's folders: for styles of their own, and for caches."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

VARIABLE = "RTSTYLE_STYLES"


def user_folders() -> list[Path]:
    """The folders that RTSTYLE_STYLES names, and ``styles`` in the user's data directory; existing ones only."""
    named = [Path(name) for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]
    return [folder for folder in (*named, user_data_path("rtstyle", appauthor=False) / "styles") if folder.is_dir()]


def cache_folder() -> Path:
    return user_cache_path("rtstyle", appauthor=False)
