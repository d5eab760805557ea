"""Predicts how much memory a picture takes, and when it has to be cut into tiles."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.gatys.recipe import MIN_TILE, Recipe
from rtstyle.gatys.sizes import Size, by_short_side
from rtstyle.gatys.tiles import margin_for
from rtstyle.perceptual.layers import features, layer_index, place_of

if TYPE_CHECKING:
    import torch

_WIDTHS = (64, 128, 256, 512, 512)  # channels of VGG's blocks
_FLOAT, _INDEX = 4, 8  # bytes; a max pooling remembers where its maxima were, in 64 bits
_PICTURES = 12  # copies of the picture beside the history: photo, start, best, x, its gradient, directions, casts
_LOADED = 360 << 20  # the weights, room to convolve in, and what torch adds to itself when it first works: measured
_IMPORTED = 800 << 20  # torch, where the system does not say
_TORCHVISION = 160 << 20  # which VGG imports when it is made
_CGROUPS = (  # of versions 2 and 1, as a container sees its own
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"),
)
_SHARE = 0.7  # of the memory that is free


def peak_bytes(size: Size, recipe: Recipe, tile: int | None, artworks: Sequence[Size] = ()) -> int:
    """What the process will take at its peak, with ``tile`` px or, None, whole; masks are not counted.

    ``artworks``: the sizes that they have as files. They are looked at one by one before a picture is painted.
    """
    loaded = sum(height * width * 3 * _FLOAT for height, width in artworks)
    picture = size[0] * size[1] * 3 * _FLOAT
    short = min(size) if recipe.style_size is None else recipe.style_size
    looks = (_look_bytes(by_short_side(artwork, short), recipe) for artwork in artworks)
    looking = _LOADED + _PICTURES * picture + max(looks, default=0)
    return _resident_bytes() + loaded + max(_needed_bytes(size, recipe, tile), looking)


def _needed_bytes(size: Size, recipe: Recipe, tile: int | None) -> int:
    """What painting takes besides what the process has."""
    height, width = size
    layers = [name for name, _ in (*recipe.content_layers, *recipe.style_layers)]
    margin = 2 * margin_for(layers, recipe.network)
    sides = (height, width) if tile is None else (min(height, tile + margin), min(width, tile + margin))
    pairs = 2 * recipe.history + 4 if recipe.optimizer == "lbfgs" else 3
    picture = height * width * 3 * _FLOAT
    maps = _network_bytes(sides, layers, recipe) + _taps_bytes(sides, size, recipe)
    return _LOADED + (_PICTURES + pairs) * picture + maps


def tile_for(size: Size, recipe: Recipe, device: torch.device | None = None) -> int | None:
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
    """Memory that is free now, as far as the system, or the container, says; on others much."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable"):
                return min([int(line.split()[1]) << 10, *_rooms()])
    if hasattr(os, "sysconf") and sys.platform == "darwin":
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return 8 << 30


def _rooms() -> Iterator[int]:
    """What a container's limits leave, with the cached files that would give way; nothing where there are none."""
    for folder, limit, used in _CGROUPS:
        with suppress(OSError, ValueError):  # not there, not for us to read, or no number but "max"
            room = int((folder / limit).read_text()) - int((folder / used).read_text())
            stat = (folder / "memory.stat").read_text().splitlines()
            yield max(0, room + sum(int(line.split()[1]) for line in stat if line.startswith("inactive_file ")))


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


def _network_bytes(size: Size, layers: list[str], recipe: Recipe) -> int:
    """Feature maps kept for the way back, and the largest one, whose gradient is beside them for a moment."""
    last = max(layer_index(name, recipe.network) for name in layers)
    kept, largest = size[0] * size[1] * 3 * _FLOAT, 0
    for index, (kind, block) in enumerate(features(recipe.network)):
        maps = _maps_bytes(size, block)
        if kind == "conv" and index <= last:
            kept, largest = kept + maps, max(largest, maps)
        elif kind == "pool" and index < last:
            kept += maps // 4 + (maps // 4 // _FLOAT * _INDEX if recipe.pooling == "max" else 0)
    return kept + largest + _winograd_bytes(last, recipe.network)


def _look_bytes(size: Size, recipe: Recipe) -> int:
    """An artwork's way through the network: the style's maps, all of them, and what a step has in and out."""
    taps = {layer_index(name, recipe.network) for name, _ in recipe.style_layers}
    kept = ins = peak = size[0] * size[1] * 3 * _FLOAT
    for index, (kind, block) in enumerate(features(recipe.network)):
        if index > max(taps):
            break
        maps = _maps_bytes(size, block)
        if kind == "conv":
            peak = max(peak, kept + ins + maps)
            tapped = len(taps & {index, index + 1})
            kept, ins = kept + tapped * maps, 0 if index + 1 in taps else maps
        elif kind == "pool":
            peak = max(peak, kept + ins + maps // 4 + maps // 4 // _FLOAT * _INDEX)
            ins = maps // 4
    return peak + _winograd_bytes(max(taps), recipe.network)


def _taps_bytes(seen: Size, whole: Size, recipe: Recipe) -> int:
    """Of content layers the photo's maps, whole, and the gap; of convolutions in the style what is rectified too."""

    def maps(name: str, size: Size) -> int:
        return _maps_bytes(size, place_of(name, recipe.network)[1])

    content = sum(maps(name, seen) + maps(name, whole) for name, _ in recipe.content_layers)
    tapped = (name for name, _ in recipe.style_layers if place_of(name, recipe.network)[0] == "conv")
    return content + sum(maps(name, seen) for name in tapped)


def _maps_bytes(size: Size, block: int) -> int:
    """The maps of one layer of a block, of a picture of that size."""
    return (size[0] >> block) * (size[1] >> block) * _WIDTHS[block] * _FLOAT


def _winograd_bytes(last: int, network: str) -> int:
    """The kernels' values at 64 points, up to the layer of that index; the first convolution has none."""
    convs = [(index, _WIDTHS[block]) for index, (kind, block) in enumerate(features(network)) if kind == "conv"]
    return sum(64 * ins * outs * _FLOAT for (_, ins), (index, outs) in pairwise(convs) if index <= last)
