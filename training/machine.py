"""Where and how a training run is computed: changes its speed, and its result only by rounding."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from rtstyle.cores import usable_cores
from rtstyle.gatys.precision import half_pays
from training.processes import Processes

PRECISIONS = {"f32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The settings that are not part of the recipe."""

    device: str = "cpu"
    precision: str = "auto"  # of convolutions: f32, bf16, fp16, or what is fast on the device
    workers: int = field(default_factory=lambda: min(2, usable_cores()))  # processes that read photos
    compiled: bool = False  # VGG, by torch.compile
    save_every: int = 200  # steps between checkpoints and previews
    processes: Processes = field(default_factory=Processes.of_environment)

    @property
    def dtype(self) -> torch.dtype:
        """``auto`` is bf16 where it pays."""
        if self.precision != "auto":
            return PRECISIONS[self.precision]
        return torch.bfloat16 if half_pays(torch.device(self.device)) else torch.float32
