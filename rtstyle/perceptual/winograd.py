"""Frozen 3×3 convolutions on the CPU with a fifth of the multiplications: Winograd's F(6×6, 3×3).

Lavin & Gray (2016); oneDNN, as torch calls it, convolves directly. Patches of 8×8 px, which overlap by two, become
tiles of 6×6 by matrix products along columns and rows; only the one between them mixes channels. The points at which
polynomials are evaluated come in reciprocal pairs: a kernel turned by 180° has the same values at the reciprocal
points, so that the gradient, a convolution with turned kernels, needs no others.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

_POINTS = np.array([0, 1, -1, 2, 0.5, -2, -0.5])  # and ∞
_ONE = 1  # the place of 1, at which all powers are 1
_PATCH = len(_POINTS) + 1  # px
_TILE = _PATCH - 2  # px
_CHUNK = 1 << 16  # tiles × channels at a time, so that what one product leaves the next finds in the cache
_LEAST_CHANNELS, _LEAST_WORK = 64, 6 << 20  # in × out × px; less is quicker convolved directly (docs/LOG.md)


class _Transforms(NamedTuple):
    gather: Tensor  # (8, 8): of a patch's row or column, by point
    spread: Tensor  # (6, 8): a tile's, of the product's values at the points

    def turned(self) -> _Transforms:
        """For kernels turned by 180°, whose values are those at the reciprocal points; 0 and ∞ change places."""
        around = [_PATCH - 1, *(int(np.flatnonzero(1 / p == _POINTS)[0]) for p in _POINTS[1:]), 0]
        return _Transforms(self.gather[around], self.spread[:, around])


def _gather() -> Tensor:
    """By point the product of (x - q) over all others, in powers of x, scaled as ``_KERNEL`` needs it."""
    rows = []
    for place, point in enumerate(_POINTS):
        others = np.delete(_POINTS, place)
        rows.append(np.append(np.poly(others)[::-1], 0) / np.prod(point - others) * (point or 1))
    return torch.tensor(np.array([*rows, np.poly(_POINTS)[::-1]])).float()


_KERNEL = torch.tensor(np.array([[1, 0, 0], *([1 / p, 1, p] for p in _POINTS[1:]), [0, 0, 1]]))  # (8, 3) float64
_SPREAD = torch.tensor(np.vstack([np.vander(_POINTS, _TILE, increasing=True), np.eye(_TILE)[-1]]).T).float()
_THERE = _Transforms(_gather(), _SPREAD)
_BACK = _THERE.turned()


class FrozenConv(nn.Module):
    """A 3×3 convolution, stride 1, padded by 1 px, that never learns, and the ReLU behind it where asked for.

    By Winograd's algorithm where that is faster; the kernels' values at the points then take seven times the
    kernels' own memory.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.weight, self.bias, self.padding_mode = conv.weight, conv.bias, conv.padding_mode
        self._values: Tensor | None = None

    def forward(self, maps: Tensor, *, relu: bool = False) -> Tensor:
        """Maps (N, out, H, W) of maps (N, in, H, W)."""
        margin = 1  # px of zeros
        if self.padding_mode != "zeros":
            maps, margin = F.pad(maps, (1, 1, 1, 1), mode=self.padding_mode), 0
        if self.uses_winograd(maps):
            return _Convolution.apply(maps, self, relu, margin)  # type: ignore[no-any-return]  # torch's
        result = F.conv2d(maps, self.weight, self.bias, padding=margin)
        return F.relu_(result) if relu else result

    @property
    def values(self) -> Tensor:
        """The kernels' values at the points, (64, in, out)."""
        if self._values is None:
            self._values = _values(self.weight)
        return self._values

    def uses_winograd(self, maps: Tensor) -> bool:
        """Whether that is how such maps would be convolved: on a CPU, in float32, if they are many."""
        return (
            maps.device.type == "cpu"
            and maps.dtype == self.weight.dtype == torch.float32
            and not torch.is_autocast_enabled("cpu")
            and maps.shape[1] >= _LEAST_CHANNELS
            and maps.numel() * self.weight.shape[0] >= _LEAST_WORK
        )


class _Convolution(torch.autograd.Function):
    """Nothing is kept for the gradient but the result, which says where it was rectified."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, conv: FrozenConv, relu: bool, margin: int) -> Tensor:  # noqa: ANN401, FBT001 - torch's
        ctx.conv, ctx.margin = conv, margin
        result = _Sweep(maps, conv.values, _THERE, margin).convolved(conv.bias, relu=relu)
        ctx.save_for_backward(*([result] if relu else []))
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None, None]:  # noqa: ANN401 - torch's
        rectified = ctx.saved_tensors[0] if ctx.saved_tensors else None
        sweep = _Sweep(slope, ctx.conv.values.mT, _BACK, 2 - ctx.margin, rectified)
        return sweep.convolved(), None, None, None


class _Sweep:
    """One convolution, chunk by chunk: some lines of tiles of one picture, or all those of several.

    ``margin``: px of zeros around the maps; with 1 the result is as large. Where ``rectified`` (N, in, H, W) is 0, the
    maps count as 0.
    """

    def __init__(
        self, maps: Tensor, values: Tensor, transforms: _Transforms, margin: int, rectified: Tensor | None = None
    ) -> None:
        self._maps, self._values, self._transforms = maps.permute(0, 2, 3, 1), values, transforms  # (N, H, W, C)
        self._rectified = None if rectified is None else rectified.permute(0, 2, 3, 1)
        self._count, self._height, self._width, self._ins = self._maps.shape
        self._outs = values.shape[2]
        self._per_tile = _PATCH * _PATCH * max(self._ins, self._outs)
        self._margin = margin
        self._size = tuple(side + 2 * margin - 2 for side in (self._height, self._width))  # of the result
        self._rows, self._columns = (-(-side // _TILE) for side in self._size)
        lines = max(1, _CHUNK // max(self._ins, self._outs) // self._columns)
        self._lines, self._images = min(lines, self._rows), max(1, min(lines // self._rows, self._count))

    def convolved(self, bias: Tensor | None = None, *, relu: bool = False) -> Tensor:
        """Maps (N, out, H, W), channels_last."""
        maps = self._maps
        result = maps.new_empty(self._count, *self._size, self._outs)
        size = (self._images, self._lines * _TILE + 2, self._columns * _TILE + 2, self._ins)
        count = self._images * self._lines * self._columns
        padded, *room = _room(math.prod(size), count * self._per_tile, count * self._per_tile)
        padded = padded.view(size)
        padded[:, :, : self._margin].zero_()
        padded[:, :, self._margin + self._width :].zero_()
        for image, line in product(range(0, self._count, self._images), range(0, self._rows, self._lines)):
            images = slice(image, min(image + self._images, self._count))
            lines = min(self._lines, self._rows - line)
            self._fill(padded, images, line * _TILE - self._margin)
            tiles = self._tiles(_patches(padded[: images.stop - image], lines, self._columns), room, bias)
            _lay(tiles, result[images, line * _TILE : (line + lines) * _TILE], relu=relu)
        return result.permute(0, 3, 1, 2)

    def _fill(self, padded: Tensor, images: slice, top: int) -> None:
        """Copy the lines from ``top`` on; above and below the maps is 0, as it is beside them from the beginning."""
        first, last = max(0, top), min(self._height, top + padded.shape[1])
        padded[:, : first - top].zero_()
        padded[:, last - top :].zero_()
        columns = slice(self._margin, self._margin + self._width)
        target = padded[: images.stop - images.start, first - top : last - top, columns]
        source = self._maps[images, first:last]
        if self._rectified is None:
            target.copy_(source)
        else:
            mask = self._rectified[images, first:last]
            torch.ops.aten.threshold_backward.grad_input(source, mask, 0, grad_input=target)

    def _tiles(self, patches: Tensor, room: Sequence[Tensor], bias: Tensor | None) -> Tensor:
        """Tiles (n, lines, 6, columns, 6, out) of patches (8, 8, n, lines, columns, in), in two vectors by turns."""
        one, other = room
        gather, spreading = self._transforms
        count = patches.shape[2:5].numel()
        seen = one[: patches.numel()].view(_PATCH, _PATCH, count, self._ins)
        seen.view(patches.shape).copy_(patches)
        seen = _along_both(gather, seen, other, one)
        mixed = other[: _PATCH * _PATCH * count * self._outs].view(_PATCH * _PATCH, count, self._outs)
        torch.bmm(seen.flatten(0, 1), self._values, out=mixed)
        if bias is not None:
            mixed[_ONE * _PATCH + _ONE].add_(bias)  # whence it gets into every pixel of a tile
        tiles = _along_both(spreading, mixed.unflatten(0, (_PATCH, _PATCH)), one, other)
        return tiles.view(_TILE, _TILE, *patches.shape[2:5], self._outs).permute(2, 3, 0, 4, 1, 5)


def _lay(tiles: Tensor, target: Tensor, *, relu: bool) -> None:
    """Tiles (n, lines, 6, columns, 6, C) into (n, H, W, C), where the last ones may not quite fit."""
    for (lines, high, rows), (places, wide, columns) in product(*map(_pieces, target.shape[1:3])):
        part = tiles[:, lines, :high, places, :wide]
        spot = target[:, rows, columns].unflatten(2, (-1, wide)).unflatten(1, (-1, high))
        if relu:
            torch.clamp_min(part, 0, out=spot)
        else:
            spot.copy_(part)


def _pieces(length: int) -> list[tuple[slice, int, slice]]:
    """Which tiles, how much of each, and where: the whole ones, and the rest of the last."""
    whole, rest = divmod(length, _TILE)
    pieces = [(slice(whole), _TILE, slice(whole * _TILE)), (slice(whole, whole + 1), rest, slice(length - rest, None))]
    return pieces[not whole : 1 + bool(rest)]


def _along_both(transform: Tensor, squares: Tensor, between: Tensor, result: Tensor) -> Tensor:
    """A transform (m, 8) of the rows, then of the columns, of squares (8, 8, …): (m, m, …), in ``result``."""
    outs, ins = transform.shape
    rows = between[: outs * squares[0].numel()].view(outs, ins, -1)
    torch.mm(transform, squares.view(ins, -1), out=rows.view(outs, -1))
    both = result[: outs * outs * rows.shape[2]].view(outs, outs, -1)
    torch.bmm(transform.expand(outs, outs, ins), rows, out=both)
    return both.view(outs, outs, *squares.shape[2:])


def _values(kernels: Tensor) -> Tensor:
    """(64, in, out) of kernels (out, in, 3, 3)."""
    with torch.inference_mode(mode=False):
        values = torch.einsum("ai,ocij,bj->abco", _KERNEL, kernels.detach().double(), _KERNEL)
        return values.flatten(0, 1).float().contiguous()


def _patches(padded: Tensor, lines: int, columns: int) -> Tensor:
    """A view (8, 8, n, lines, columns, C) of (n, H, W, C): what lies around each tile of 6×6."""
    image, row, column, channel = padded.stride()
    size = (_PATCH, _PATCH, len(padded), lines, columns, padded.shape[3])
    return padded.as_strided(size, (row, column, image, _TILE * row, _TILE * column, channel))


_own = threading.local()


def _room(*sizes: int) -> tuple[Tensor, ...]:
    """Uninitialised vectors, in the same memory every time: the system is slow to hand out fresh pages."""
    if not hasattr(_own, "room") or len(_own.room) < sum(sizes):
        with torch.inference_mode(mode=False):  # what was made in it could not be written to outside
            _own.room = torch.empty(sum(sizes))
    room: Tensor = _own.room
    parts: tuple[Tensor, ...] = room[: sum(sizes)].split(sizes)
    return parts
