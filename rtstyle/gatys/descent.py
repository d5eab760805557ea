"""Goes down an objective from a picture: L-BFGS, Adam or gradient descent, with a guard beside it."""

from __future__ import annotations

import logging
import math

import torch
from torch import Tensor
from torch.optim import LBFGS, SGD, Adam, Optimizer

from rtstyle.gatys.guard import Guard, Verdict
from rtstyle.gatys.objective import Losses, Objective
from rtstyle.gatys.pictures import saturation
from rtstyle.gatys.recipe import LEARNING_RATES, Recipe

_log = logging.getLogger(__name__)

_STEP = 0.01  # mean change of a value, of its range, in a step of L-BFGS's that knows no curvature yet
_SMALLEST_RATE, _LARGEST_RATE = 1e-12, 1e12
_FAR_BELOW = 0.01  # times the optimizer's own rate
_NEAR = 2.0  # rates too small and too large that are no further apart have nothing between them
_MOST_LOST = 100  # wasted iterations that are added again
_COARSE, _COARSE_FOR = 0.02, 20  # bf16 gives way to float32 once 20 iterations lower the loss by less than 2 %


class Descent:
    """One picture on its way down; ``best`` is the picture of the lowest total loss that was seen.

    The loss is that of the picture held within [0, 1], as a file holds it; where a value is at the end of the
    range, the gradient that would push it further counts as none. Where ``free`` (1, 1, H, W) is false, nothing
    changes. The gradient is scaled so that its root mean square is 1 at the start: losses may have any weights, and a
    learning rate means the same for all.
    """

    def __init__(self, objective: Objective, start: Tensor, recipe: Recipe, *, free: Tensor | None = None) -> None:
        self.objective, self.recipe, self.rate = objective, recipe, recipe.rate
        self.evaluations = 0
        self.lost = 0  # iterations that were spent on finding a step, and do not count
        self._restarted_at = 0
        self._too_small, self._too_large = 0.0, math.inf  # rates
        self.best = start.detach().clamp(0, 1).contiguous()
        self._free, self._fixed = free, self.best.clone() if free is not None else self.best
        self.losses, gradient = self._gradient(self.best)  # the best's
        self.start = self.losses
        scale = float(gradient.double().square().mean().sqrt())
        self.is_flat = scale == 0  # nothing to gain from here
        self.given_up = "" if math.isfinite(scale) else "the loss, or its gradient, is not a number"  # why, if it has
        self._scale = 1 / scale if 0 < scale < math.inf else 1.0
        # Where the curvature is negative torch's L-BFGS takes the gradient for its step: a sensible one in this unit.
        self._unit = math.sqrt(_STEP) if recipe.optimizer == "lbfgs" else 1.0
        usual = max(saturation(self.best), objective.saturation)
        self._guard = Guard(self.start.total, usual, best=self.start.total)
        self._latest = self.losses
        self._totals = [self.losses.total]  # the best by iteration
        self._first = self.best.clone() if objective.half else self.best
        self._mean: Tensor | None = None
        self._restart()

    def step(self) -> Losses:
        """One iteration of the optimiser; the losses of the last picture that it evaluated."""
        self._optimizer.step(self._evaluate)
        self._optimizer.param_groups[0]["lr"] = self.rate
        self._follow()
        self._totals.append(self.losses.total)
        if self.objective.half and self._is_slow():
            self._refine()
        verdict = self._guard.judge(self._latest.total, saturation(self._picture()), timid=self._is_timid())
        if verdict is Verdict.GIVE_UP:
            self.given_up = self._guard.reason
            _log.warning("%s: the run %s", self.given_up, verdict.value)
        elif verdict is not Verdict.GO_ON:
            self._mend(verdict)
        return self._latest

    def finish(self) -> None:
        """Evaluate where the last step led, and the mean of the iterates: the better one stays."""
        for candidate in (self._picture(), self._mean):
            if candidate is not None and bool(torch.isfinite(candidate).all()):
                picture = candidate.clamp(0, 1)
                self._keep_best(picture, self.objective.losses(picture))

    def _evaluate(self) -> float:
        """Loss and gradient at x, as optimisers of torch want them."""
        raw = self._picture()
        picture = raw.clamp(0, 1)
        losses, gradient = self._gradient(picture)
        self.evaluations += 1
        self._latest = losses
        if bool(torch.isfinite(gradient).all()):
            self._keep_best(picture, losses)
        outwards = ((raw <= 0) & (gradient > 0)) | ((raw >= 1) & (gradient < 0))
        self._x.grad = (gradient * (self._scale * self._unit)).masked_fill_(outwards, 0).contiguous()
        return losses.total * self._scale

    def _gradient(self, picture: Tensor) -> tuple[Losses, Tensor]:
        losses, gradient = self.objective.gradient(picture)
        return losses, gradient if self._free is None else gradient * self._free

    def _keep_best(self, picture: Tensor, losses: Losses) -> None:
        if losses.total < self.losses.total:
            self.losses = losses
            self.best.copy_(picture)

    def _follow(self) -> None:
        """The running mean of the iterates (as in crowsonkb/style-transfer-pytorch), without a bias to the start."""
        now = self._picture().clamp(0, 1)
        if not self.recipe.average or not bool(torch.isfinite(now).all()):
            return
        self._averaged += 1
        decay = min(self.recipe.average, 1 - 1 / self._averaged)
        self._mean = now if self._mean is None else self._mean.lerp(now, 1 - decay)

    def _picture(self) -> Tensor:
        """The picture that x stands for, not held within any range."""
        picture = self._x.detach() * self._unit
        return picture if self._free is None else torch.where(self._free, picture, self._fixed)

    def _is_slow(self) -> bool:
        """Whether the last iterations have won less than bf16's rounding is worth."""
        if len(self._totals) <= _COARSE_FOR:
            return False
        before = self._totals[-1 - _COARSE_FOR]
        return before - self._totals[-1] < _COARSE * before

    def _is_timid(self) -> bool:
        """Whether the rate is far below the optimizer's own, and below what was too large."""
        return self.rate < min(_FAR_BELOW * LEARNING_RATES[self.recipe.optimizer], self._too_large / _NEAR**2)

    def _refine(self) -> None:
        """Go on in float32, with the optimiser as it is: L-BFGS in bf16 takes ever more iterations (docs/LOG.md)."""
        self.objective.half = False
        self.start, self.losses = self.objective.losses(self._first), self.objective.losses(self.best)

    def _mend(self, verdict: Verdict) -> None:
        """Another rate: by a factor, or half-way between one too small and one too large."""
        factor = self._guard.factor()
        if verdict is Verdict.FASTER:
            self._too_small, rate = self.rate, self.rate * factor
        else:
            self._too_large, rate = self.rate, self.rate / factor
        if 0 < _NEAR * self._too_small < self._too_large < math.inf:
            rate = math.sqrt(self._too_small * self._too_large)
        self.rate = min(max(rate, _SMALLEST_RATE), _LARGEST_RATE)
        self.lost = min(self.lost + self.evaluations - self._restarted_at, _MOST_LOST)
        self._restarted_at = self.evaluations
        _log.warning("%s: the run %s, %.3g", self._guard.reason, verdict.value, self.rate)
        self._restart()

    def _restart(self) -> None:
        """A new optimiser, from the best picture."""
        self._x = (self.best / self._unit).requires_grad_()
        self._optimizer = self._make_optimizer()
        self._mean, self._averaged = None, 0

    def _make_optimizer(self) -> Optimizer:
        if self.recipe.optimizer == "adam":
            return Adam([self._x], lr=self.rate)
        if self.recipe.optimizer == "sgd":
            return SGD([self._x], lr=self.rate, momentum=0.9)
        return LBFGS(
            [self._x],
            lr=self.rate * self._unit * self._x.numel(),  # of the first step, whose absolutes torch makes sum to 1
            max_iter=1,
            history_size=self.recipe.history,
            tolerance_grad=0,  # torch's own would end a run whose gradient is merely small in number
            tolerance_change=0,
        )
