"""The twin of a model file, NAME.int8.onnx beside NAME.onnx: the same network in 8 bits, for CPUs that like that."""

from __future__ import annotations

import logging
from pathlib import Path

from rtstyle.errors import ModelError, UsageError
from rtstyle.manifest import sha256_of
from rtstyle.style import Style, read_style
from rtstyle.styles import TWIN

ORIGINAL = "original_sha256"  # the twin's metadata: which file it was made from
PRECISIONS = ("auto", "full")  # 8 bits where they are faster and there is a twin; as the model file is

_log = logging.getLogger("rtstyle")


def twin_path(path: Path) -> Path:
    """Where the twin of a model file is looked for."""
    return path.with_name(path.stem + TWIN)


def find_twin(style: Style) -> Path | None:
    """The twin, if there is one. One that is damaged, or was made from another file, is a warning and None."""
    path = twin_path(style.path)
    if style.mix or style.convention or not path.is_file():
        return None
    if fault := twin_fault(style):
        _log.warning("%s; painting in full precision; make it again with: rtstyle export --to int8", fault)
        return None
    return path


def twin_fault(style: Style) -> str:
    """What keeps the file beside the style from being its twin, in words; empty where nothing does."""
    path = twin_path(style.path)
    try:
        made_from = read_style(path).metadata.get(ORIGINAL)
    except (ModelError, UsageError) as error:
        return str(error)
    return "" if made_from == sha256_of(style.path) else f"{path}: was not made from {style.path.name} as it is now"


def wanted_twin(style: Style, precision: str) -> Path | None:
    """The twin that may stand for the style, at what ``--precision`` says. Raises UsageError for what it cannot say."""
    check_precision(precision)
    return find_twin(style) if precision == "auto" else None


def check_precision(precision: str) -> None:
    """Raise UsageError for what is none."""
    if precision not in PRECISIONS:
        raise UsageError(f"precision: expected one of {', '.join(PRECISIONS)}, got {precision}")
