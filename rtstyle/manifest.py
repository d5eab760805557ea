"""``manifest.json`` beside models: what they are and their SHA-256; written from them, and checked against them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtstyle.errors import ModelError
from rtstyle.model_file import sha256_of
from rtstyle.style import read_style
from rtstyle.styles import MODELS, folders

NAME = "manifest.json"

_KEYS = ("title", "artist", "year", "artwork_licence", "network", "parameters", "steps", "commit", "created", "variant")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one file matches its manifest."""

    path: Path
    error: str = ""  # empty: it matches


def describe(folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder's models, from their own metadata. Raises ModelError."""
    return {"models": [_entry(path) for path in sorted(folder.glob(MODELS))]}


def verify() -> list[Verdict]:
    """Check every folder of styles that has a manifest. Raises ModelError if a manifest cannot be read."""
    return [verdict for folder in folders() if (folder / NAME).exists() for verdict in _verify(folder)]


def _entry(path: Path) -> dict[str, Any]:
    style = read_style(path)
    facts = {key: style.metadata[key] for key in _KEYS if key in style.metadata}
    return {
        "file": path.name,
        "sha256": sha256_of(path),
        "bytes": style.size,
        "contract": style.metadata.get("contract", ""),
        "styles": list(style.styles),
        **facts,
    }


def _verify(folder: Path) -> list[Verdict]:
    expected = _read(folder / NAME)
    names = sorted(set(expected) | {path.name for path in folder.glob(MODELS)})
    return [Verdict(folder / name, _error(folder / name, expected.get(name))) for name in names]


def _read(path: Path) -> dict[str, str]:
    """The SHA-256 of each file, by name."""
    try:
        return {str(entry["file"]): str(entry["sha256"]) for entry in json.loads(path.read_bytes())["models"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: expected a list of models with file and sha256, got something else") from error


def _error(path: Path, expected: str | None) -> str:
    if expected is None:
        return "is not in the manifest"
    try:
        got = sha256_of(path)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "" if got == expected else f"expected sha256 {expected[:12]}…, got {got[:12]}…: the file was changed"
