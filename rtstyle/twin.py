"""The twin of a model file, NAME.int8.onnx beside NAME.onnx: the same network in 8 bits, faster on some CPUs."""

from __future__ import annotations

import logging
from pathlib import Path
from shlex import quote
from typing import get_args

from rtstyle.choices import Precision
from rtstyle.errors import ModelError, UsageError, reason_of
from rtstyle.model_file import sha256_of
from rtstyle.style import Style, read_style
from rtstyle.styles import TWIN

ORIGINAL = "original_sha256"  # the twin's metadata: which file it was made from

_log = logging.getLogger("rtstyle")


def twin_path(path: Path) -> Path:
    """The path at which a model file's twin is expected."""
    return path.with_name(path.stem + TWIN)


def find_twin(style: Style) -> Path | None:
    """Return the twin, if any; if damaged or made from another file, warn and return None.

    Raises ModelError where the model itself is gone.
    """
    path = twin_path(style.path)
    if style.mix or style.convention or not path.is_file():
        return None
    if fault := twin_fault(style):
        again = f"rtstyle export {quote(str(style.path))} --to int8 --photos FOLDER -o {quote(str(path))} --overwrite"
        _log.warning("%s; painting in full precision; make it again with: %s", fault, again)
        return None
    return path


def twin_fault(style: Style) -> str:
    """Why the file beside the style cannot be its twin, in words; empty if it can. Raises ModelError, as above."""
    path = twin_path(style.path)
    try:
        made_from = read_style(path).metadata.get(ORIGINAL)
    except (ModelError, UsageError) as error:
        return str(error)
    try:
        original = sha256_of(style.path)
    except OSError as error:  # removed while a program runs
        raise ModelError(f"{style.path}: cannot be read: {reason_of(error)}; was it moved?") from error
    return "" if made_from == original else f"{path}: was not made from {style.path.name} as it is now"


def wanted_twin(style: Style, precision: str) -> Path | None:
    """Return the twin to use at this ``--precision``, if any. Raises UsageError for an unknown precision."""
    check_precision(precision)
    return find_twin(style) if precision == "auto" else None


def check_precision(precision: str) -> None:
    """Raise UsageError for an unknown precision."""
    if precision not in get_args(Precision):
        raise UsageError(f"precision: expected one of {', '.join(get_args(Precision))}, got {precision}")
