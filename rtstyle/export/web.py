"""A page that paints in the browser: a static folder with the networks and onnxruntime-web, and nothing from elsewhere.

The networks keep the contract's uint8 frames: a float32 variant was measured no faster on WebAssembly (docs/LOG.md).
"""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.errors import UsageError
from rtstyle.export.graph import batch_of, runner
from rtstyle.export.order import Made
from rtstyle.export.web_runtime import PACKAGE, VERSION, write_runtime
from rtstyle.stages.brushwork import pattern
from rtstyle.style import WEIGHTS

if TYPE_CHECKING:
    from onnx import ModelProto

    from rtstyle.export.order import Order, Subject
    from rtstyle.style import Style

Card = dict[str, str | list[float] | None]

SUFFIX = ""
SEVERAL = True
_PAGE = Path(__file__).parent / "page"
_SAME = (
    "The networks are the originals, run here by onnxruntime itself; Chromium paints the same to within one grey level "
    "(tests/export/test_web.py)."
)
_HOW = (
    f"It runs on {PACKAGE} {VERSION}. To look at it, run `python -m http.server --bind 127.0.0.1` in the folder and "
    "open http://localhost:8000. Any static web host serves it; for the camera it has to be https."
)


def make(order: Order, folder: Path) -> Made:
    """Write the page with all that it needs. Raises SourceError or UsageError."""
    if order.size:
        raise UsageError(f"--size {order.size}: the page paints at any size, as the device can; leave it out")
    for subject in order.subjects:
        if (count := batch_of(subject.model)) > 1:
            path = subject.style.path
            raise UsageError(f"{path}: expected a network for one picture at a time, got one for {count}; name another")
    shutil.copytree(_PAGE, folder, dirs_exist_ok=True)
    for name in ("runtime", "models"):
        (folder / name).mkdir()
    write_runtime(folder / "runtime")
    (folder / "strokes.bin").write_bytes(pattern().round().astype("i1").tobytes())
    cards: list[Card] = []
    for number, subject in enumerate(order.subjects, 1):
        url = f"models/{number}-{re.sub(r'[^A-Za-z0-9]+', '-', subject.style.name).strip('-')}.onnx"
        (folder / url).write_bytes(_asking_for_weights(subject).SerializeToString())
        cards += _cards(subject.style, url)
    listed = json.dumps(cards, ensure_ascii=False, indent=1) + "\n"
    (folder / "styles.json").write_text(listed, encoding="utf-8", errors="replace")
    return Made(
        runs=tuple(runner(subject.model) for subject in order.subjects),
        notes=(_SAME, _HOW),
    )


def _asking_for_weights(subject: Subject) -> ModelProto:
    """onnxruntime-web refuses an input that has a default, so where the page is to give the weights there is none."""
    if not _is_choice(subject.style):
        return subject.model
    model = copy.deepcopy(subject.model)
    model.graph.initializer.remove(next(one for one in model.graph.initializer if one.name == WEIGHTS))
    return model


def _is_choice(style: Style) -> bool:
    """Whether the page's user chooses among the styles inside."""
    return len(style.styles) > 1 and not style.mix


def _cards(style: Style, url: str) -> Iterator[Card]:
    """What the page shows to choose from: a card for every style in the network, or one for its mix."""
    about: Card = {
        "title": style.title,
        "artist": style.artist,
        "year": style.year,
        "licence": style.licence,
        "url": url,
    }
    if not _is_choice(style):
        yield {"name": style.name, **about, "weights": None}
        return
    for index, name in enumerate(style.styles):
        yield {"name": name, **about, "weights": [float(other == index) for other in range(len(style.styles))]}
