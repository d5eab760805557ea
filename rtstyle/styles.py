"""Finds styles: by name, by path, by what is inside them, or several in a mix."""

from __future__ import annotations

import difflib
import logging
import os
import re
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.amounts import read_amounts
from rtstyle.errors import ModelError, UsageError
from rtstyle.foreign.convention import Convention
from rtstyle.places import user_folders
from rtstyle.style import Style, read_style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODELS = "[!.]*.onnx"  # hidden files are no models: a killed export's, or macOS's notes (._NAME) on other disks
TWIN = ".int8.onnx"  # suffix of the 8-bit files beside a style's own, which are not styles themselves

_TOLD = re.compile(r"(.+\.onnx)\?(\w+=.*)", re.IGNORECASE)
_PACKAGE = Path(__file__).parent

_log = logging.getLogger("rtstyle")


@dataclass(frozen=True, slots=True)
class Mix:
    """Several styles of one network, weighted: ``Mix({"wave": 0.7, "udnie": 0.3})``."""

    parts: Mapping[str, float]  # by name; normalised to a sum of 1
    network: str | Path | None = None  # the model that holds them; None: the bundled one that does


StyleLike = str | Path | Mix | Style  # what ``find_style`` finds a style by


def list_styles() -> list[Style]:
    """All bundled styles by name, then the user's own. Raises ModelError where a bundled file is damaged.

    A user's style that cannot be read is skipped with a warning, one whose name is taken silently.
    """
    found = [read_style(path) for path in models_in(_folder())]
    for path in (path for folder in folders()[1:] for path in models_in(folder)):
        try:
            style = read_style(path)
        except ModelError as error:
            _log.warning("%s", error)
            continue
        if style.name not in {other.name for other in found}:
            found.append(style)
    return found


def find_styles(names: Sequence[str | Path]) -> list[Style]:
    """Find each, once; without names all that run in real time: neither ``full`` networks nor those that mix.

    Raises ModelError where there are none, and as ``find_style``.
    """
    if names:
        return list(dict.fromkeys(map(find_style, names)))
    quick = [style for style in list_styles() if style.network != "full" and len(style.styles) == 1]
    if not quick:
        raise ModelError("this copy has no styles; name one of your own: --style mine.onnx")
    return quick


def find_style(name_or_path: StyleLike) -> Style:
    """Take ``wave`` (the lite network), ``wave-full``, the path of an ``.onnx``, or a mix.

    A name that no file has may be that of a style inside one. As text, a mix is ``wave=0.7,udnie=0.3`` or, of a model
    that is not bundled, ``both.onnx:dawn=0.7,dusk=0.3``; a foreign network's convention is given as
    ``their.onnx?range=0..1&layout=nhwc&channels=bgr``. Raises ModelError or UsageError.
    """
    if isinstance(name_or_path, Style):
        return name_or_path
    if isinstance(name_or_path, Mix):
        return _mixed(name_or_path)
    try:
        return read_style(_expanded(name_or_path)) if isinstance(name_or_path, Path) else _named(name_or_path)
    except OSError as error:
        raise ModelError(f"{name_or_path}: cannot be read: {error.strerror}") from error


def _named(text: str) -> Style:
    """Try what ``text`` may mean, one after the other."""
    if told := _TOLD.fullmatch(text):
        return read_style(_expanded(told[1]), Convention.read(told[2]))
    if _may_be_mix(text) and not os.path.exists(text):  # noqa: PTH110 - Path.exists raises for a name that is too long
        return _mixed(_read_mix(text))
    if bundled := _bundled(text):
        return read_style(bundled)
    path = _expanded(text)
    if path.suffix.lower() == ".onnx" or len(path.parts) > 1 or (text and path.exists()):
        return read_style(path)
    known = list_styles()
    if network := _network_with([text], known):
        return _mixed(Mix({text: 1}, network.path))
    raise UsageError(_unknown(text, known))


def _expanded(path: str | Path) -> Path:
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises where nobody has that name


def folders() -> list[Path]:
    """The folders of styles: the bundled ones first, then the user's own."""
    return [_folder(), *user_folders()]


def models_in(folder: Path) -> list[Path]:
    """The model files of a folder, without the 8-bit twins."""
    return [path for path in sorted(folder.glob(MODELS)) if not path.name.endswith(TWIN)]


def _folder() -> Path:
    """In a wheel the models are inside the package, in a checkout beside it."""
    inside = _PACKAGE / "exported"
    return inside if inside.is_dir() else _PACKAGE.parent / "exported"


def _bundled(name: str) -> Path | None:
    if not name or Path(name).name != name:
        return None
    candidates = (folder / file for folder in folders() for file in (f"{name}-lite.onnx", f"{name}.onnx"))
    return next((path for path in candidates if path.is_file()), None)


def _may_be_mix(text: str) -> bool:
    return "=" in text and not text.lower().endswith(".onnx")


def _read_mix(text: str) -> Mix:
    network, _, parts = text.rpartition(":")
    return Mix(read_amounts("a mix", [parts]), network or None)


def _mixed(mix: Mix) -> Style:
    names = list(mix.parts)
    network = _bundled_with(names) if mix.network is None else find_style(mix.network)
    if missing := sorted(set(names) - set(network.styles)):
        raise UsageError(f"{network.path}: has no style {missing[0]}; it holds {', '.join(network.styles)}")
    total = sum(mix.parts.values())
    if not 0 < total < inf or min(mix.parts.values()) < 0:
        raise UsageError(f"a mix of {', '.join(names) or 'no style'}: expected a part above 0, and none below")
    weights = tuple(mix.parts.get(name, 0) / total for name in network.styles)
    return replace(network, name=_spelt(mix.parts), mix=weights if len(weights) > 1 else ())


def _spelt(parts: Mapping[str, float]) -> str:
    return "+".join(parts) if len(parts) > 1 else next(iter(parts))


def _bundled_with(names: Sequence[str]) -> Style:
    known = list_styles()
    if network := _network_with(names, known):
        return network
    if strangers := [name for name in names if name not in _all_names(known)]:
        raise UsageError(_unknown(strangers[0], known))
    raise UsageError(f"{' and '.join(names)}: no bundled network holds them together; `rtstyle styles` lists what is")


def _network_with(names: Sequence[str], known: Sequence[Style]) -> Style | None:
    """The smallest network of several styles that holds all of these."""
    found = (style for style in known if len(style.styles) > 1 and set(names) <= set(style.styles))
    return min(found, key=lambda style: len(style.styles), default=None)


def _unknown(name: str, known: Sequence[Style]) -> str:
    names = sorted(_all_names(known))
    nearest = difflib.get_close_matches(name, names, n=1)
    question = f"did you mean {nearest[0]}? " if nearest else ""
    return f"{name}: no such style; {question}there are: {', '.join(names) or 'none, this copy has no models'}"


def _all_names(known: Sequence[Style]) -> set[str]:
    """The names of the models, and of the styles inside them."""
    return {name for style in known for name in (style.name, *style.styles)}
