"""Cuts a picture into tiles whose features, but for a margin, are those of the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rtstyle.perceptual.layers import CONVS, place_of

ALIGN = 96  # px: where all poolings of VGG begin anew, and so do Winograd's tiles of 6×6 at every depth
_CELL = 16  # px: of VGG's deepest layers


@dataclass(frozen=True, slots=True)
class Tile:
    """``outer`` goes through the network, ``inner`` counts: (top, bottom, left, right) px of the whole picture."""

    outer: tuple[int, int, int, int]
    inner: tuple[int, int, int, int]

    def pixels(self) -> tuple[slice, slice]:
        """The outer tile of a picture (…, H, W)."""
        top, bottom, left, right = self.outer
        return slice(top, bottom), slice(left, right)

    def cells(self, stride: int, size: tuple[int, int]) -> tuple[slice, slice]:
        """The inner tile of the whole picture's feature maps of that stride; ``size`` is the whole picture's, px."""
        top, bottom, left, right = self.inner
        last_row, last_column = size[0] // stride, size[1] // stride
        return (
            slice(top // stride, last_row if bottom == size[0] else bottom // stride),
            slice(left // stride, last_column if right == size[1] else right // stride),
        )

    def own_cells(self, stride: int, size: tuple[int, int]) -> tuple[slice, slice]:
        """The same cells, counted from the outer tile's corner."""
        rows, columns = self.cells(stride, size)
        top, left = self.outer[0] // stride, self.outer[2] // stride
        return slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)


def tiles(size: tuple[int, int], side: int | None, margin: int) -> list[Tile]:
    """Cover a picture of ``size`` (height, width); one tile where ``side`` is None or no smaller."""
    height, width = size
    if side is None or max(size) <= side:
        whole = (0, height, 0, width)
        return [Tile(whole, whole)]
    rows, columns = _cuts(height, side), _cuts(width, side)
    return [
        Tile(
            (max(0, top - margin), min(height, bottom + margin), max(0, left - margin), min(width, right + margin)),
            (top, bottom, left, right),
        )
        for top, bottom in rows
        for left, right in columns
    ]


def margin_for(layers: Sequence[str], network: str) -> int:
    """How far the deepest of ``layers`` looks beyond its own cell: px, a multiple of 96; 0 where there is none."""
    if not layers:
        return 0
    block, conv = max(place_of(name, network)[1:] for name in layers)
    # Every convolution looks one cell further; a pooling takes the very cells that its own covers.
    before = sum(convs << index for index, convs in enumerate(CONVS[network][:block]))
    return math.ceil((before + ((conv + 1) << block)) / ALIGN) * ALIGN


def stride_of(layer: str, network: str) -> int:
    """Pixels per cell of a layer's map."""
    return 1 << place_of(layer, network)[1]


def _cuts(length: int, side: int) -> list[tuple[int, int]]:
    """About equal pieces of at most ``side``, but no less than 96, cut at multiples of 96."""
    longest = max(side // ALIGN, 1) * ALIGN
    step = math.ceil(length / math.ceil(length / longest) / ALIGN) * ALIGN
    starts = list(range(0, length, step))
    if len(starts) > 1 and length - starts[-1] < _CELL:
        starts.pop()  # a sliver has no cell of the deepest layer
    return list(zip(starts, [*starts[1:], length], strict=True))
