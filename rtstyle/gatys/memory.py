"""How much memory a picture takes, known beforehand; and when it has to be cut into tiles."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.gatys.recipe import MIN_TILE, Recipe
from rtstyle.gatys.tiles import margin_for
from rtstyle.perceptual.layers import CONVS, layer_index, place_of

if TYPE_CHECKING:
    import torch

_WIDTHS = (64, 128, 256, 512, 512)  # channels of VGG's blocks
_FLOAT, _INDEX = 4, 8  # bytes; a max pooling remembers where its maxima were, in 64 bits
_PICTURES = 12  # copies of the picture beside the history: photo, start, best, x, its gradient, directions, casts
_LOADED = 360 << 20  # the weights, room to convolve in, and what torch adds to itself when it first works: measured
_IMPORTED = 800 << 20  # torch, where the system does not say
_TORCHVISION = 160 << 20  # which VGG imports when it is made
_SHARE = 0.7  # of the memory that is free


def peak_bytes(size: tuple[int, int], recipe: Recipe, tile: int | None) -> int:
    """What the process will take at its peak, with ``tile`` px or, None, whole; masks are not reckoned with."""
    return _resident_bytes() + _needed_bytes(size, recipe, tile)


def _needed_bytes(size: tuple[int, int], recipe: Recipe, tile: int | None) -> int:
    """The same, besides what the process has."""
    height, width = size
    layers = [name for name, _ in (*recipe.content_layers, *recipe.style_layers)]
    margin = 2 * margin_for(layers, recipe.network)
    sides = (height, width) if tile is None else (min(height, tile + margin), min(width, tile + margin))
    pairs = 2 * recipe.history + 4 if recipe.optimizer == "lbfgs" else 3
    picture = height * width * 3 * _FLOAT
    maps = _network_bytes(sides, layers, recipe) + _taps_bytes(sides, size, recipe)
    return _LOADED + (_PICTURES + pairs) * picture + maps


def tile_for(size: tuple[int, int], recipe: Recipe, device: torch.device | None = None) -> int | None:
    """The side of the tiles: the recipe's, or the largest that fits into the device's memory; None: no tiles."""
    if recipe.tile is not None:
        return recipe.tile or None
    free = _SHARE * (_free_on(device) if device is not None and device.type == "cuda" else free_bytes())
    if _needed_bytes(size, recipe, None) < free:  # what is free leaves out what the process has
        return None
    side = 1 << (max(size) - 1).bit_length()
    while side > MIN_TILE and _needed_bytes(size, recipe, side) > free:
        side //= 2
    return side


def free_bytes() -> int:
    """Physical memory that is free now, as far as the system says; on others much."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable"):
                return int(line.split()[1]) << 10
    if hasattr(os, "sysconf") and sys.platform == "darwin":
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return 8 << 30


def _free_on(device: torch.device) -> int:
    """Memory of a CUDA device that is free, or kept by PyTorch for what comes."""
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def _resident_bytes() -> int:
    """What this process takes already, with torch, and with torchvision although it may come later."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return _IMPORTED
    taken = int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return taken if "torchvision" in sys.modules else taken + _TORCHVISION


def _network_bytes(size: tuple[int, int], layers: list[str], recipe: Recipe) -> int:
    """Feature maps kept for the way back, and the largest one, whose gradient is beside them for a moment."""
    last = max(layer_index(name, recipe.network) for name in layers)
    height, width = size
    kept, largest, index = height * width * 3 * _FLOAT, 0, 0
    for block, (convs, channels) in enumerate(zip(CONVS[recipe.network], _WIDTHS, strict=True)):
        maps = (height >> block) * (width >> block) * channels * _FLOAT
        for _ in range(convs):
            if index <= last:
                kept, largest = kept + maps, max(largest, maps)
            index += 2
        if index < last:
            kept += maps // 4 + (maps // 4 // _FLOAT * _INDEX if recipe.pooling == "max" else 0)
        index += 1
    return kept + largest + _winograd_bytes(last, recipe.network)


def _taps_bytes(seen: tuple[int, int], whole: tuple[int, int], recipe: Recipe) -> int:
    """Of content layers the photo's maps, whole, and the gap; of convolutions in the style what is rectified too."""

    def maps(name: str, size: tuple[int, int]) -> int:
        _, block, _ = place_of(name, recipe.network)
        return (size[0] >> block) * (size[1] >> block) * _WIDTHS[block] * _FLOAT

    content = sum(maps(name, seen) + maps(name, whole) for name, _ in recipe.content_layers)
    tapped = (name for name, _ in recipe.style_layers if place_of(name, recipe.network)[0] == "conv")
    return content + sum(maps(name, seen) for name in tapped)


def _winograd_bytes(last: int, network: str) -> int:
    """The kernels' values at 64 points, up to the layer of that index; the first convolution has none."""
    size, index, ins = 0, 0, 0
    for convs, outs in zip(CONVS[network], _WIDTHS, strict=True):
        for _ in range(convs):
            size += 64 * ins * outs * _FLOAT if index <= last else 0
            index, ins = index + 2, outs
        index += 1
    return size
