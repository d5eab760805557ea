"""A training run on disk: what was asked, how far it came, and all that is needed to go on."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rtstyle.errors import ModelError, SinkError
from rtstyle.output_file import OutputFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides what comes out of a training run; travels into the exported model."""

    network: str
    style_image: str
    data: str  # folder of photos
    include: tuple[str, ...] = ("*",)  # globs, of the photos' names
    hold_out: int = 20  # every 20th photo by name is kept out of training; 0: none
    steps: int
    batch: int = 4
    size: int = 256  # px, side of a training crop
    style_size: int = 512  # px, short side of the artwork
    content_weight: float = 1.0
    style_weight: float = 2e5
    variation_weight: float = 2e5
    lattice_weight: float = 1e7
    tone_weight: float = 2e4
    border_weight: float = 2e6
    calm_weight: float = 1.5e7
    content_layers: tuple[str, ...] = ("relu2_2",)
    style_layers: dict[str, float] = field(
        default_factory=lambda: {"relu1_2": 1.0, "relu2_2": 1.0, "relu3_3": 1.0, "relu4_3": 1.0}
    )
    learning_rate: float = 1.5e-3
    seed: int = 0
    init_from: str = ""  # checkpoint whose weights it began with

    @property
    def dataset(self) -> str:
        """The photos in words, for the model's metadata."""
        kept = f", every {self.hold_out}th held out" if self.hold_out else ""
        return f"{Path(self.data).name}: {' '.join(self.include)}{kept}"

    @property
    def command(self) -> str:
        """The command that trains by this recipe, with file names in place of paths."""
        options = {
            "network": self.network,
            "data": Path(self.data).name,
            "hold-out": self.hold_out,
            "style": Path(self.style_image).name,
            "steps": self.steps,
            "batch": self.batch,
            "size": self.size,
            "style-size": self.style_size,
            "content-weight": f"{self.content_weight:g}",
            "style-weight": f"{self.style_weight:g}",
            "lattice-weight": f"{self.lattice_weight:g}",
            "tone-weight": f"{self.tone_weight:g}",
            "border-weight": f"{self.border_weight:g}",
            "calm-weight": f"{self.calm_weight:g}",
            "learning-rate": f"{self.learning_rate:g}",
            "seed": self.seed,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        words += [word for glob in self.include for word in ("--include", glob)]
        words += ["--init-from", Path(self.init_from).name] if self.init_from else []
        return f"python -m training train {shlex.join(words)} -o NAME.ckpt"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """The state behind ``step`` finished steps."""

    recipe: Recipe
    step: int
    vgg: str
    network: dict[str, Tensor]
    optimizer: dict[str, Any]
    losses: dict[str, float]  # means over the last steps, unweighted

    def save(self, path: Path) -> None:
        """Writes all or nothing: the old file stays until the new one is whole. Raises SinkError."""
        file = OutputFile(path, overwrite=True)
        content = {name: getattr(self, name) for name in ("step", "vgg", "network", "optimizer", "losses")}
        file.create()
        try:
            torch.save({"recipe": asdict(self.recipe), **content}, file.temporary)
        except (OSError, RuntimeError) as error:  # torch's zip writer reports a full disk as RuntimeError
            raise SinkError(f"{path}: the checkpoint cannot be written ({error}); make room on the disk") from error
        else:
            file.commit()
        finally:
            file.discard()

    @staticmethod
    def load(path: Path) -> Checkpoint:
        """Raises ModelError for a file that is not one of our checkpoints."""
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
            recipe = Recipe(**content.pop("recipe"))
            return Checkpoint(recipe=recipe, **content)
        except Exception as error:  # torch.load raises whatever the pickle inside provokes
            reason = "there is no such file" if not path.exists() else f"{type(error).__name__}"
            raise ModelError(f"{path}: expected a checkpoint of `python -m training train` ({reason})") from error
