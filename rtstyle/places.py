"""Where files are: the user's folders, for styles of their own and for caches, and what an address names."""

from __future__ import annotations

import os
import re
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

VARIABLE = "RTSTYLE_STYLES"
_FILE = "file://"
_NUMBER = re.compile(r"%(?=0\d+d)")  # of numbered pictures, frame_%04d.png: no escape of a control character


def user_folders() -> list[Path]:
    """The folders that RTSTYLE_STYLES names, and ``styles`` in the user's data directory; those that can be read."""
    named = [Path(name) for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]
    wanted = (*named, user_data_path("rtstyle", appauthor=False) / "styles")
    return [folder for folder in wanted if _is_folder(folder)]


def _is_folder(path: Path) -> bool:
    """Whether it is one that may be looked into; Path.is_dir raises where its parents may not."""
    return os.path.isdir(path) and os.access(path, os.R_OK | os.X_OK)  # noqa: PTH112


def local_path(name: str) -> str:
    """The path in a ``file://`` address, as browsers and file managers write it; any other name as it is."""
    if not name.startswith(_FILE):
        return name
    from urllib.request import url2pathname  # imported here: 40 ms that only an address is worth

    return url2pathname(_NUMBER.sub("%25", name.removeprefix(_FILE)))


def cache_folder() -> Path:
    return user_cache_path("rtstyle", appauthor=False)
