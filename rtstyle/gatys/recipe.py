"""How a picture is to be painted: every setting with its default, written once. Loads without torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NoReturn, get_args

from rtstyle.errors import UsageError

Network = Literal["vgg16", "vgg19"]
Pooling = Literal["max", "average"]
Loss = Literal["mse", "l1"]
Optimizer = Literal["lbfgs", "adam", "sgd"]
Colors = Literal["style", "luminance", "covariance", "histogram"]
STARTS = ("content", "style", "noise")  # to begin with; anything else is a picture's path
LEARNING_RATES: Mapping[str, float] = MappingProxyType({"lbfgs": 1.0, "adam": 0.02, "sgd": 0.003})
MOST_ITERATIONS = 5000  # of a run that goes on until it no longer improves

_LARGEST_SEED = (1 << 63) - 1  # of torch's generators

Layers = tuple[tuple[str, float], ...]  # names, in any way in use, and their weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Every layer's loss is relative to its target's own strength, so that weights mean the same everywhere."""

    network: str = "vgg16"
    pooling: str = "max"
    content_layers: Layers = (("relu4_2", 1.0),)
    style_layers: Layers = tuple((f"relu{block}_1", 1.0) for block in range(1, 6))
    content_weight: float = 1.0
    style_weight: float = 1e2
    tv_weight: float = 1.0  # of the total variation
    temporal_weight: float = 1e3  # of what the flow brings from the keyframe before: videos only
    loss: str = "mse"
    optimizer: str = "lbfgs"
    learning_rate: float | None = None  # None: LEARNING_RATES
    history: int = 20  # pairs that lbfgs remembers
    init: str = "content"  # one of STARTS, or the path of a picture
    iterations: int | None = 300  # at the coarsest scale; None: until it no longer improves
    multiscale: bool = True
    average: float = 0.0  # decay of the running mean of the iterates; 0: none
    size: str = "512"  # short side in px, WxH, or "content"
    style_size: int | None = None  # short side of the artworks in px; None: the picture's
    colors: str = "style"
    tile: int | None = None  # side of a tile in px; None: tiles where memory asks for them; 0: never
    seed: int = 0

    def __post_init__(self) -> None:
        _one_of("network", self.network, get_args(Network))
        _one_of("pooling", self.pooling, get_args(Pooling))
        _one_of("loss", self.loss, get_args(Loss))
        _one_of("optimizer", self.optimizer, get_args(Optimizer))
        _one_of("colors", self.colors, get_args(Colors))
        for name in ("content_weight", "style_weight", "tv_weight", "temporal_weight"):
            if not (math.isfinite(weight := getattr(self, name)) and weight >= 0):
                _refuse(name, "a finite number from 0", weight)
        if not self.content_weight and not self.style_weight:
            raise UsageError("content and style weight: expected one of them above 0, got 0 and 0")
        rate = self.rate
        if not (math.isfinite(rate) and rate > 0):
            _refuse("learning_rate", "a finite number above 0", rate)
        if not 0 <= self.average < 1:
            _refuse("average", "0 to 0.999…", self.average)
        for name, least in (("iterations", 1), ("history", 1), ("style_size", 16)):
            value = getattr(self, name)
            if value is not None and value < least:
                _refuse(name, f"{least} or more", value)
        if self.tile and self.tile < MIN_TILE:
            _refuse("tile", f"0 or at least {MIN_TILE}", self.tile)
        if not -_LARGEST_SEED <= self.seed <= _LARGEST_SEED:
            _refuse("seed", f"a whole number up to {_LARGEST_SEED}", self.seed)
        _check_layers("content layers", self.content_layers)
        _check_layers("style layers", self.style_layers)

    @property
    def rate(self) -> float:
        """The learning rate, the optimiser's own unless one is set."""
        return LEARNING_RATES[self.optimizer] if self.learning_rate is None else self.learning_rate


MIN_TILE = 128


def parse_layers(text: str) -> Layers:
    """``relu4_2`` or ``relu1_1=1,relu2_1=0.5``: names and weights. Raises UsageError."""
    layers = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, weight = item.partition("=")
        try:
            value = float(weight or 1)
        except ValueError:
            value = math.nan
        if not _is_weight(value):
            raise UsageError(f"layer {name}: expected a weight above 0, got {weight!r}")
        layers.append((name, value))
    if not layers:
        raise UsageError(f"layers: expected names like relu4_2 or conv_4,conv_5=0.5, got {text!r}")
    return tuple(layers)


def parse_blocks(text: str) -> Layers:
    """``1-3``: the first layers of those blocks, as in the paper's Figure 3; anything else as ``parse_layers``."""
    first, _, last = text.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal()):
        return parse_layers(text)
    if not 1 <= int(first) <= int(last or first) <= 5:  # noqa: PLR2004 - VGG has five blocks
        raise UsageError(f"style layers: expected blocks between 1 and 5, got {text!r}")
    return tuple((f"relu{block}_1", 1.0) for block in range(int(first), int(last or first) + 1))


def _is_weight(number: float) -> bool:
    return math.isfinite(number) and number > 0


def _check_layers(kind: str, layers: Layers) -> None:
    names = [name for name, _ in layers]
    if not names:
        raise UsageError(f"{kind}: expected at least one, got none")
    for name, weight in layers:
        if not _is_weight(weight):
            raise UsageError(f"{kind}: expected weights above 0, got {name}={weight:g}")
        if names.count(name) > 1:
            raise UsageError(f"{kind}: expected each once, got {name} twice; a weight makes it count more: {name}=2")


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        _refuse(name, ", ".join(choices), repr(value))


def _refuse(name: str, expected: str, got: object) -> NoReturn:
    raise UsageError(f"{name.replace('_', ' ')}: expected {expected}, got {got}")
