"""``static``: the contract's network for frames of one size, its arithmetic on shapes computed in advance."""

from __future__ import annotations

from pathlib import Path

from rtstyle.errors import UsageError
from rtstyle.export.graph import runner, save_checked, varied
from rtstyle.export.order import Made, Order

SUFFIX = ".onnx"
SEVERAL = False


def make(order: Order, folder: Path) -> Made:
    """Raise UsageError without a size."""
    if order.size is None:
        raise UsageError("--to static: expected a size, as in --size 1280x720")
    path = folder / order.name
    save_checked(varied(order.model, "static", str(order.size)), path)
    return Made((runner(path),))
