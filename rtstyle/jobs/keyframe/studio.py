"""Where keyframes are painted: a network, artworks and a recipe on one device. Torch is loaded when it opens."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.errors import DeviceError, ModelError, UsageError
from rtstyle.frames import Image
from rtstyle.gatys.recipe import STARTS, Layers, Recipe
from rtstyle.gatys.sizes import size_for
from rtstyle.jobs.defaults import DEVICE
from rtstyle.sinks.photo_extras import read_alpha
from rtstyle.sources.photo_folder import read_photo

if TYPE_CHECKING:
    import torch

    from rtstyle.gatys.painter import Artwork, Painter
    from rtstyle.perceptual import VggWeights

_log = logging.getLogger(__name__)

INSTALL = "pip install 'rtstyle[keyframe]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleImage:
    """An artwork's file, how much of it, and a mask: its style where the mask is white."""

    path: Path
    weight: float = 1.0
    mask: Path | None = None

    def __post_init__(self) -> None:
        """Raise UsageError for a weight that is none."""
        if not (isfinite(self.weight) and self.weight > 0):
            raise UsageError(f"{self.path}: expected a weight above 0, got {self.weight:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """Everything needed to paint."""

    styles: Sequence[StyleImage] = ()
    recipe: Recipe = field(default_factory=Recipe)
    device: str = DEVICE
    vgg: str | Path | None = None  # the network's weights; None: found and cached

    def files(self) -> list[Path]:
        """All files that are read besides the content; one that is not there does no harm."""
        styles = [path for style in self.styles for path in (style.path, style.mask) if path is not None]
        start = [] if self.recipe.init in STARTS else [Path(self.recipe.init)]
        return [*styles, *start, *([] if self.vgg is None else [Path(self.vgg)])]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyframeExtras:
    """What is kept beside the painting: pictures along the way, and a place from which to go on."""

    process: int = 0  # so many pictures along the way, as a strip and as an mp4; 0: none
    save_every: int = 0  # iterations between two saves; 0: never
    resume: bool = False


NOTHING = KeyframeExtras()


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A photo, and the picture to begin with, both (1, 3, H, W) in the size to paint."""

    content: torch.Tensor
    start: torch.Tensor

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, px."""
        return self.content.shape[2], self.content.shape[3]


@dataclass(frozen=True, slots=True, eq=False)
class Studio:
    """A painter with its network and artworks, on a device."""

    painter: Painter
    device: torch.device
    weights: str  # where they came from
    fingerprint: str  # of the weights

    @classmethod
    def open(cls, materials: Materials, weights: VggWeights | None = None) -> Studio:
        """Load artworks, and the weights unless they are given. Raises what ``paint_keyframe`` raises."""
        device = find_device(materials.device)
        from rtstyle.gatys.painter import Painter
        from rtstyle.gatys.precision import half_pays

        _check_masks(materials.styles)
        _check_init(materials.recipe, materials)
        works = [_artwork(style, device) for style in materials.styles]
        weights = weights or find_weights(materials.recipe.network, materials.vgg)
        recipe = seen_by(weights.network, materials.recipe)
        painter = Painter(works, recipe, weights, half=half_pays(device))
        return cls(painter, device, weights.source, weights.fingerprint)

    def check(self, shape: tuple[int, int]) -> None:
        """Raise UsageError where a content of ``shape`` (height, width) leaves nothing of a mask, or is too small."""
        from rtstyle.gatys.painter import check_masks

        check_masks(self.painter.artworks, size_for(self.painter.recipe.size, shape))

    def scene(self, photo: Image) -> Scene:
        """The photo in the recipe's size, and what the recipe begins with."""
        from rtstyle.gatys.painter import white_noise
        from rtstyle.gatys.pictures import resized, to_tensor

        recipe = self.painter.recipe
        size = size_for(recipe.size, (photo.shape[0], photo.shape[1]))
        content = resized(to_tensor(photo, self.device), size)
        if recipe.init == "content":
            return Scene(content, content)
        if recipe.init == "noise":
            return Scene(content, white_noise(content, recipe.seed))
        if recipe.init == "style":
            return Scene(content, resized(self.painter.artworks[0].image, size))
        return Scene(content, resized(to_tensor(read_photo(Path(recipe.init)), self.device), size))


def check(materials: Materials, recipes: Sequence[Recipe], shape: tuple[int, int]) -> None:
    """Raise what painting by ``recipes`` would of artworks, masks, device and start; ``shape``: the content's.

    The network's weights are looked for only where a recipe needs VGG-19's own layers.
    """
    device = find_device(materials.device)
    from rtstyle.gatys.painter import check_masks

    _check_masks(materials.styles)
    works = [_artwork(style, device) for style in materials.styles]
    for recipe in recipes:
        check_masks(works, size_for(recipe.size, shape))
        _check_init(recipe, materials)
        _check_layers(recipe, materials.vgg)


def seen_by(network: str, recipe: Recipe) -> Recipe:
    """The recipe for the network that was found: counted through, a VGG-16 layer's name is another's in VGG-19.

    Raises UsageError for a layer that VGG-16, where it stands in, does not have.
    """
    if network == recipe.network:
        return recipe
    content, style = (
        _renamed(layers, recipe.network, network) for layers in (recipe.content_layers, recipe.style_layers)
    )
    return replace(recipe, network=network, content_layers=content, style_layers=style)


def _renamed(layers: Layers, wanted: str, found: str) -> Layers:
    from rtstyle.perceptual.layers import TITLES, layer_index, paper_name

    renamed = []
    for given, weight in layers:
        name = paper_name(given, wanted)
        try:
            layer_index(name, found)
        except UsageError:
            raise UsageError(
                f"layer {given}: is {name} of {TITLES[wanted]}, which {TITLES[found]}, found in its place, does not "
                "have; name another layer, or give the weights with --vgg"
            ) from None
        renamed.append((name, weight))
    return tuple(renamed)


def _check_layers(recipe: Recipe, vgg: str | Path | None) -> None:
    from rtstyle.perceptual.layers import layer_index

    for name, _ in (*recipe.content_layers, *recipe.style_layers):
        layer_index(name, recipe.network)
    try:
        seen_by("vgg16", recipe)
    except UsageError:
        seen_by(find_weights(recipe.network, vgg).network, recipe)


def _check_init(recipe: Recipe, materials: Materials) -> None:
    """Raise SourceError where the picture to begin with cannot be read."""
    if recipe.init == "style" and not materials.styles:
        raise UsageError("init style: expected a --style-image, got none")
    if recipe.init not in STARTS:
        read_photo(Path(recipe.init))


def find_device(name: str) -> torch.device:
    """``auto`` is CUDA where there is one. Raises DeviceError where torch, or the device, is missing."""
    try:
        import torch
    except ImportError as error:
        raise DeviceError(f"keyframes are painted with PyTorch, which is not installed: {INSTALL}") from error
    if name not in {"auto", "cpu", "cuda"}:
        raise UsageError(f"device: expected auto, cpu or cuda for keyframes, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError("cuda: PyTorch sees no CUDA device here; use --device cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def find_weights(network: str, path: str | Path | None) -> VggWeights:
    """The network's weights; VGG-16's, with a warning, where VGG-19's cannot be had."""
    from rtstyle.perceptual import find_vgg16, find_vgg19

    file = None if path is None else Path(path)
    if network == "vgg16":
        return find_vgg16(file)
    try:
        return find_vgg19(file)
    except ModelError as error:
        if file is not None:
            raise
        _log.warning("VGG-16 paints in place of VGG-19: %s", error)
        return find_vgg16()


def _check_masks(styles: Sequence[StyleImage]) -> None:
    """Masks for some styles only: the one that has none takes the rest. Raises UsageError for two of these."""
    without = [style.path.name for style in styles if style.mask is None]
    if len(without) > 1 and len(without) < len(styles):
        raise UsageError(f"masks: expected one for every style but at most one, got none for {', '.join(without)}")


def _artwork(style: StyleImage, device: torch.device) -> Artwork:
    import torch

    from rtstyle.gatys.painter import Artwork
    from rtstyle.gatys.pictures import to_tensor

    mask = None
    if style.mask is not None:
        mask = to_tensor(read_photo(style.mask), device).mean(dim=1, keepdim=True)
        if (alpha := read_alpha(style.mask)) is not None:
            mask *= torch.from_numpy(alpha).to(device) / 255
    return Artwork(to_tensor(read_photo(style.path), device), style.weight, mask, str(style.mask))
