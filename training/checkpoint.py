"""A training run on disk: what was asked, how far it came, and all that is needed to go on."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rtstyle.errors import ModelError, SinkError
from rtstyle.output_file import OutputFile
from rtstyle.sources.input_file import missing, unreadable
from training.recipe import Recipe

LIST_IN = "the list of photos in"  # a folder: so an input is called


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """The state behind ``step`` finished steps."""

    recipe: Recipe
    step: int
    vgg: str
    network: dict[str, Tensor]
    average: dict[str, Any]  # of the weights
    optimizer: dict[str, Any]
    norm: float  # the gradient's, usually
    losses: dict[str, float]  # means over the last steps, unweighted
    # None of these is in older ones:
    inputs: dict[str, str] = field(default_factory=dict)  # fingerprints of what is read
    photos: list[str] = field(default_factory=list)  # names, of those held out, too
    window: list[dict[str, float]] = field(default_factory=list)  # what ``losses`` are the means of
    skipped: int = 0  # steps without a finite gradient
    verdicts: Tensor | None = None  # of the sieve

    @property
    def averaged(self) -> dict[str, Tensor]:
        """The average of the weights, by the network's own names: what is exported."""
        prefix = "module."
        return {k.removeprefix(prefix): v for k, v in self.average.items() if k.startswith(prefix)}

    @property
    def photo_list(self) -> str:
        """The digest of the photos' names; empty in older ones."""
        return self.inputs.get(f"{LIST_IN} {self.recipe.data}", "")

    def save(self, path: Path) -> None:
        """Write all or nothing: the old file stays until the new one is whole. Raises SinkError."""
        content = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "recipe"}
        whole = io.BytesIO()  # torch's own writer of files does not tell a full disk from other failures
        torch.save({"recipe": asdict(self.recipe), **content}, whole)
        try:
            with OutputFile(path, overwrite=True).written() as temporary:
                temporary.write_bytes(whole.getbuffer())
        except SinkError as error:
            left = "nothing is saved yet"
            if path.exists():
                left = f"continue from step {Checkpoint.load(path).step} with --resume"
            raise SinkError(f"{error}; {left}") from error

    @staticmethod
    def load(path: Path) -> Checkpoint:
        """Read one. Raises SourceError for a file that cannot be read, ModelError for one that is no checkpoint."""
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
            recipe = Recipe(**content.pop("recipe"))
            return Checkpoint(recipe=recipe, **content)
        except OSError as error:
            raise (unreadable(path, error) if path.exists() else missing(path)) from error
        except Exception as error:  # torch.load raises whatever the pickle inside provokes
            got = "a file of another kind, or of another version"
            raise ModelError(f"{path}: expected a checkpoint of `python -m training train`, got {got}") from error
