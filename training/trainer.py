"""A network in training: its weights, their average, the optimizer, and what one step does to them."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel

from rtstyle.errors import ModelError, UsageError, first_line
from rtstyle.perceptual import VggWeights
from training.checkpoint import Checkpoint
from training.machine import Machine
from training.nets import Network
from training.objective import Objective
from training.recipe import Recipe

PATIENCE = 5  # steps in a row without a finite gradient
FP16_SCALE = 256.0  # of the loss: l1's gradient, of one size everywhere, would be rounded to 0 in fp16


class Trainer:
    """All that a checkpoint holds, alive. Raises ModelError for weights of another network."""

    def __init__(
        self,
        recipe: Recipe,
        vgg: VggWeights | None,
        *,
        machine: Machine,
        device: str,
        start: Checkpoint | None,
        init: dict[str, Tensor] | None,
        inputs: dict[str, str] | None = None,
    ) -> None:
        """``inputs``: fingerprints of what the run reads, for the checkpoint."""
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.vgg_source = vgg.source if vgg else ""
        self.inputs = inputs or {}
        self.processes = machine.processes
        self.network: Network = recipe.make_network().to(device).train()
        self.network.to(memory_format=torch.channels_last)
        if weights := start.network if start else init:
            load(self.network, weights, recipe, "the checkpoint" if start else recipe.init_from or "init")
        self.average = AveragedModel(self.network, avg_fn=self._averaged)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99))
        self.step = start.step if start else 0
        self.norm = start.norm if start else 0.0  # running mean of the gradient's
        if start:
            self.average.load_state_dict(start.average)
            self.optimizer.load_state_dict(start.optimizer)
        self.skipped = start.skipped if start else 0
        self.failing = 0  # steps in a row, up to the last one, without a finite gradient
        self._scale = FP16_SCALE if machine.dtype == torch.float16 else 1.0
        self.objective = Objective(self.network, recipe, vgg, device=device, precision=machine.dtype)
        # Not the network: PyTorch 2.15 knows no strides of replication padding's gradient.
        if machine.compiled and self.objective.perceptual is not None:
            self.objective.perceptual.vgg.compile()
        several = self.processes.count > 1
        self._forward: nn.Module = DistributedDataParallel(self.objective) if several else self.objective

    @property
    def learning_rate(self) -> float:
        """Of the step to come."""
        return self.recipe.learning_rate * schedule(self.step / self.recipe.steps)

    @property
    def averaged(self) -> Network:
        """The network with the average of the weights."""
        return cast("Network", self.average.module)

    def learn(self, photos: Tensor, seeds: Sequence[int]) -> dict[str, float]:
        """One step on photos (N, H, W, 3) uint8; the losses before it. Raises ModelError when five in a row fail."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate
        self.optimizer.zero_grad(set_to_none=True)
        try:
            terms = self._forward(photos, seeds, self.step % len(self.recipe.style_images))
        except RuntimeError as error:
            if not type(error).__module__.startswith(("torch._inductor", "torch._dynamo")):
                raise
            raise UsageError(
                f"compile: cannot be done here ({first_line(error)}); install a C++ compiler, or leave it out"
            ) from error
        total = self.objective.total(terms)
        (self._scale * total).backward()
        for weight in self.network.parameters():
            if weight.grad is not None:
                weight.grad /= self._scale
        if self._clip():
            self.optimizer.step()
            self.average.update_parameters(self.network)
        self.step += 1
        values = self.processes.mean(torch.stack([*terms.values(), total]).detach()).tolist()
        return dict(zip((*terms, "total"), values, strict=True))

    def checkpoint(self, losses: dict[str, float]) -> Checkpoint:
        """The state as it stands between two steps."""
        return Checkpoint(
            recipe=self.recipe,
            step=self.step,
            vgg=self.vgg_source,
            network=self.network.state_dict(),
            average=self.average.state_dict(),
            optimizer=self.optimizer.state_dict(),
            norm=self.norm,
            losses=losses,
            inputs=self.inputs,
            skipped=self.skipped,
        )

    def _clip(self) -> bool:
        """Limit the gradient to a multiple of its usual norm; False where it is not finite and must not be used.

        The norm is that of all processes together, so that all of them skip the same steps.
        """
        limit = self.recipe.clip * self.norm or math.inf
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), limit).item()
        if not math.isfinite(norm):
            self.skipped += 1
            self.failing += 1
            logging.getLogger(__name__).warning("step %d: the gradient is not finite; skipped", self.step + 1)
            if self.failing == PATIENCE:
                raise ModelError(
                    f"no finite gradient in {PATIENCE} steps up to step {self.step + 1}: lower --learning-rate, "
                    "or use --precision f32; the last checkpoint is unchanged"
                )
            return False
        self.failing = 0
        self.norm = 0.98 * self.norm + 0.02 * min(norm, limit) if self.norm else norm
        return True

    def _averaged(self, average: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        """Exponential moving average, shorter in the beginning, when the weights of the start would weigh too much."""
        decay = min(self.recipe.ema, (1 + int(count)) / (10 + int(count)))
        return average.lerp(current, 1 - decay)


def schedule(progress: float) -> float:
    """The learning rate at ``progress`` in [0, 1) of the run: 5 % linear warm-up, then a cosine to nothing."""
    warm_up = 0.05
    if progress < warm_up:
        return 0.05 + 0.95 * progress / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))


def load(network: Network, weights: dict[str, Tensor], recipe: Recipe, source: str) -> None:
    """A network of one style is a beginning for one of several. Raises ModelError for ``source``'s of another."""
    styles = next((len(weight) for weight in weights.values() if weight.ndim == 2), 1)  # noqa: PLR2004 - StyleNorm's
    if styles not in (1, network.styles):
        raise ModelError(f"{source}: holds {styles} styles, this run {network.styles}; begin with a network of one")
    wanted = {name: weight.shape for name, weight in network.state_dict().items()}
    fitted = {
        name: weight.expand(wanted[name]) if weight.shape == wanted.get(name, ())[1:] else weight
        for name, weight in weights.items()
    }
    try:
        network.load_state_dict(fitted)
    except RuntimeError as error:
        blocks = "the usual --blocks" if recipe.blocks is None else f"--blocks {recipe.blocks}"
        raise ModelError(
            f"{source}: expected the weights of a {recipe.network} of --width {recipe.width} and {blocks}, for one "
            f"style or {network.styles}, got another network's; give the options that it was trained with"
        ) from error
