"""Tells the viewers that something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rtstyle.lettering import write_lines

if TYPE_CHECKING:
    from rtstyle.frames import Batch


class Notice:
    """Writes ``text()`` into the middle of the images, unless it is empty."""

    def __init__(self, text: Callable[[], str]) -> None:
        self._text = text

    def __call__(self, batch: Batch, /) -> Batch:
        text = self._text()
        if not text:
            return batch
        images = batch.images.copy()
        for image in images:
            write_lines(image, [text], middle=True)
        return replace(batch, images=images)

    def reset(self) -> None:
        """Nothing to forget."""
