"""How large a picture is to be painted. Loads without torch."""

from __future__ import annotations

import math
import re

from rtstyle.errors import UsageError

Size = tuple[int, int]  # height, width
MIN_SIDE = 32  # px: relu5_1 sees two cells of it
_COARSEST = 128  # px of the short side, as in crowsonkb/style-transfer-pytorch (there of the long one)


def by_short_side(size: Size, short: int) -> Size:
    """The size of that shape whose short side is ``short``."""
    scale = short / min(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def size_for(text: str, content: Size) -> Size:
    """``512`` (short side), ``640x480`` (width by height) or ``content``. Raises UsageError."""
    if match := re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", text):
        size = int(match[2]), int(match[1])
    elif re.fullmatch(r"\d{1,6}", text):
        size = by_short_side(content, max(1, int(text)))
    elif text == "content":
        size = content
    else:
        raise UsageError(f"size: expected a short side (512), WxH (640x480) or content, got {text!r}")
    if min(size) < MIN_SIDE:
        raise UsageError(f"size: expected at least {MIN_SIDE}×{MIN_SIDE} pixels, got {size[1]}×{size[0]}")
    return size


def even(size: Size) -> Size:
    """The size as most codecs ask for it: both sides rounded down to even numbers."""
    return size[0] - size[0] % 2, size[1] - size[1] % 2


def pyramid(size: Size, *, multiscale: bool) -> list[Size]:
    """Sizes from coarse to fine in steps of √2, the last is ``size``."""
    if not multiscale:
        return [size]
    steps = max(0, math.floor(2 * math.log2(min(size) / _COARSEST) + 0.01))
    return [by_short_side(size, round(min(size) / math.sqrt(2) ** step)) for step in range(steps, 0, -1)] + [size]
