"""Sizes of pictures, as people write them."""

from __future__ import annotations

import re

from rtstyle.errors import UsageError


def parse_size(text: str) -> tuple[int, int]:
    """Read ``1280x720`` as (width, height). Raises UsageError."""
    found = re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", text)
    if not found:
        raise UsageError(f"{text}: expected a size such as 1280x720")
    return int(found[1]), int(found[2])
