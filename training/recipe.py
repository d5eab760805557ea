"""The settings of a training run, which decide its result and are stored in the exported model."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rtstyle.errors import UsageError
from rtstyle.perceptual.layers import place_of
from training.nets import Network, make_network

GRAMS = ("relative", "overall", "plain")
# Johnson et al. (2016): what `lite` is trained by, and what all models are judged by
CONTENT_LAYERS: Mapping[str, float] = MappingProxyType({"relu2_2": 1.0})
STYLE_LAYERS: Mapping[str, float] = MappingProxyType({"relu1_2": 1.0, "relu2_2": 1.0, "relu3_3": 1.0, "relu4_3": 1.0})
# weights of the losses: chosen so that content, style, tone and calm are of one size in a finished `lite`
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "content": 1.0,
        "style": 1.3e6,
        "tone": 3e4,
        "temporal": 5e6,
        "lattice": 1e7,
        "features": 0.0,
        "palette": 0.0,
        "calm": 0.0,
        "border": 0.0,
        "variation": 0.0,
        "teacher": 1e7,
    }
)
DISTILLED: Mapping[str, float] = MappingProxyType(dict.fromkeys(WEIGHTS, 0.0) | {"teacher": WEIGHTS["teacher"]})
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "smoke": {"steps": 100, "batch": 2, "size": 128, "style_size": 256},
        "quick": {"steps": 600, "batch": 2, "size": 192, "zoom": 1.3, "style_size": 512},
        "best": {"steps": 20000, "batch": 8, "size": 384, "style_size": 768},
        # for a network that paints already: it imitates itself, and what flickers goes
        "calm": {
            "steps": 220,
            "batch": 2,
            "size": 224,
            "zoom": 1.5,
            "brushwork": 0.8,
            "learning_rate": 1e-3,
            "weights": {"temporal": 5e6},
        },
        # for a large network that paints already: what optimisation is judged by, in small steps
        "refine": {
            "network": "full",
            "steps": 1500,
            "batch": 2,
            "size": 192,
            "zoom": 1.3,
            "content_layers": dict(CONTENT_LAYERS),
            "style_layers": dict(STYLE_LAYERS),
            "gram": "overall",
            "learning_rate": 2e-4,
            "weights": {"style": 3e6, "temporal": 3e6, "tone": 0.0},
        },
    }
)
# what suits one network alone: `full` can draw the artwork's strokes if deeper layers count and the photo's own
# grain hardly does, and forgets how to paint at the rate of `lite`
NETWORKS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "full": {
            "content_layers": {"relu2_2": 0.2, "relu3_3": 3.0},
            "style_layers": {"relu1_2": 0.4, "relu2_2": 0.3, "relu3_3": 0.2, "relu4_3": 0.1},
            "gram": "relative",
            "learning_rate": 4e-4,
        }
    }
)
_OF_PRESETS = {name for chosen in (*PRESETS.values(), *NETWORKS.values()) for name in chosen}
_OPTIONS = {"style_images": "style_image", "weights": "weight", "teachers": "teacher"}  # not called as in a recipe
_FILES = {"style_images", "data", "init_from", "teachers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Same recipe, same photos, same machine: same network."""

    network: str
    width: int = 32  # channels of the stem
    blocks: int | None = None  # residual blocks; None: the network's own number
    style_images: tuple[str, ...]  # one artwork for each style
    data: str  # folder of photos
    include: tuple[str, ...] = ("*",)  # globs, of the photos' names
    hold_out: int = 20  # every 20th photo by name is kept out of training; 0: none
    steps: int
    batch: int = 4  # photos per step, of all processes together
    size: int = 256  # px, side of a training crop
    zoom: float = 1.0  # how many times the photos are enlarged
    brushwork: float = 0.0  # 0 to 1: the most that is added to the photos
    style_size: int = 512  # px, short side of the artworks
    weights: dict[str, float] = field(default_factory=lambda: dict(WEIGHTS))  # of the losses; not named: 0
    content_layers: dict[str, float] = field(default_factory=lambda: dict(CONTENT_LAYERS))
    style_layers: dict[str, float] = field(default_factory=lambda: dict(STYLE_LAYERS))
    distance: str = "mse"  # of features and Gram matrices: mse or l1
    gram: str = "overall"  # the style loss divided by the artwork's own; relative: layer by layer; plain: undivided
    learning_rate: float = 1.5e-3
    ema: float = 0.999  # decay of the average of weights that is exported; 0: the last weights
    clip: float = 10.0  # largest norm of the gradient, in units of its running mean; 0: no limit
    seed: int = 0
    init_from: str = ""  # checkpoint or model whose weights it began with
    teachers: tuple[str, ...] = ()  # checkpoints or models to be imitated, one for each style

    def __post_init__(self) -> None:
        if unknown := set(self.weights) - set(WEIGHTS):
            raise UsageError(f"unknown loss {min(unknown)!r}: expected one of {', '.join(WEIGHTS)}")
        numbers = {f.name: getattr(self, f.name) for f in fields(self) if f.type == "float"}
        for name, number in {**numbers, **{f"{loss}_weight": weight for loss, weight in self.weights.items()}}.items():
            if not isfinite(number):  # infinity is within the bounds of every option
                raise UsageError(f"{name.replace('_', ' ')}: expected a finite number, got {number}")
        if self.teachers and len(self.teachers) != len(self.style_images):
            raise UsageError(
                f"{len(self.teachers)} teachers for {len(self.style_images)} artworks: "
                "expected one --teacher for each --style-image, in the same order"
            )
        if self.network not in ("lite", "full"):
            raise UsageError(f"unknown network {self.network!r}: expected lite or full")
        if self.distance not in ("mse", "l1"):
            raise UsageError(f"unknown distance {self.distance!r}: expected mse or l1")
        if self.gram not in GRAMS:
            raise UsageError(f"unknown gram {self.gram!r}: expected one of {', '.join(GRAMS)}")
        if not any(weight for name, weight in self.weights.items() if self.teachers or name != "teacher"):
            raise UsageError("weight: expected a loss that weighs more than 0, got none; say style=1e6")
        if self.needs_vgg:
            self._check_layers()

    def _check_layers(self) -> None:
        for name in (*self.content_layers, *self.style_layers):
            place_of(name)
        if not any(weight > 0 for weight in self.style_layers.values()):
            given = ", ".join(f"{name}={weight:g}" for name, weight in self.style_layers.items()) or "none"
            raise UsageError(f"style layers: expected one that weighs more than 0, got {given}")

    def make_network(self) -> Network:
        """The network with fresh weights."""
        return make_network(self.network, width=self.width, blocks=self.blocks, styles=len(self.style_images))

    @property
    def needs_vgg(self) -> bool:
        """Whether VGG is needed."""
        return bool(self.weights.get("content") or self.weights.get("style"))

    @property
    def dataset(self) -> str:
        """The photos in words, for the model's metadata."""
        kept = f", every {self.hold_out}th held out" if self.hold_out else ""
        return f"{Path(self.data).name}: {' '.join(self.include)}{kept}"

    @property
    def command(self) -> str:
        """The command that trains by this recipe, with file names in place of paths.

        Defaults are left out, but not of what presets or networks set: the command line takes theirs before a recipe's.
        """
        said = [f for f in fields(self) if f.name in _OF_PRESETS or getattr(self, f.name) != _default(f)]
        words = [word for f in said for value in self._in_words(f.name) for word in (option_of(f.name), value)]
        return f"python -m training train {shlex.join(words)} -o NAME.ckpt"

    def _in_words(self, name: str) -> list[str]:
        """As often as the option is given, its value."""
        value = getattr(self, name)
        if isinstance(value, dict):
            amounts = dict.fromkeys(WEIGHTS, 0.0) | value if name == "weights" else value
            return [",".join(f"{key}={str(amount).removesuffix('.0')}" for key, amount in amounts.items())]
        values = value if isinstance(value, tuple) else (value,)
        return [Path(one).name if name in _FILES else str(one) for one in values]


def in_utf8(name: str) -> str:
    """With ? for the bytes of a file's name that are none."""
    return name.encode(errors="replace").decode()


def usual_weights(teachers: Sequence[str | Path]) -> Mapping[str, float]:
    """Default loss weights; with a teacher only the teacher loss counts."""
    return DISTILLED if teachers else WEIGHTS


def option_of(name: str) -> str:
    """What a field of the recipe is called on the command line."""
    return f"--{_OPTIONS.get(name, name).replace('_', '-')}"


def _default(of: Field[Any]) -> Any:  # noqa: ANN401 - of whatever type the field is
    return of.default_factory() if callable(of.default_factory) else of.default
