"""How close a model comes to what minutes of optimisation would paint."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor

from training.evaluation.criterion import Criterion

HISTORY = 20
Objective = Callable[[Tensor], Tensor]


class _LowEnoughError(Exception):
    """Ends an optimisation from inside its line search."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Unweighted losses of one painting."""

    content: float
    style: float


@dataclass(frozen=True, slots=True)
class Quality:
    """One painting against L-BFGS on the same loss.

    ``ratio`` is the painting's loss over the optimised one; 1 is as good. The evaluations are those that L-BFGS
    needs to get as low as the painting; None where it did not within its iterations, or was not asked.
    """

    ratio: float
    from_photo: int | None
    from_noise: int | None


def losses(criterion: Criterion, painting: Tensor, photo: Tensor) -> Losses:
    """Of a painting and its photo, both (1, 3, H, W) RGB in [0, 1]."""
    with torch.no_grad():
        content, style = criterion(painting, criterion.content_of(photo))
    return Losses(content.item(), style.item())


def quality(
    criterion: Criterion,
    painting: Tensor,
    photo: Tensor,
    *,
    iterations: int,
    noise: bool,
    evaluated: Callable[[], None] = lambda: None,
) -> Quality:
    """The loss is content + w · style, with w such that both weigh the same in the painting.

    L-BFGS (strong Wolfe, history 20) starts from the photo and runs all its iterations; from white noise, if
    asked, it stops when it is as low as the painting. Pixels are left free, also beyond black and white.
    """
    content = criterion.content_of(photo)
    own = losses(criterion, painting, photo)
    weight = own.content / own.style

    def objective(image: Tensor) -> Tensor:
        evaluated()
        content_loss, style_loss = criterion(image, content)
        return content_loss + weight * style_loss

    reached = own.content + weight * own.style
    _, course = minimised(objective, photo, iterations=iterations)
    from_noise = None
    if noise:
        start = torch.rand(photo.shape, generator=torch.Generator().manual_seed(0))
        _, noisy = minimised(objective, start, iterations=iterations, enough=reached)
        from_noise = _first(noisy, reached)
    ratio = reached / min(course) if reached else 1.0  # a copy of the photo has no loss, since its w is 0
    return Quality(ratio, _first(course, reached), from_noise)


def minimised(
    objective: Objective, start: Tensor, *, iterations: int, enough: float | None = None
) -> tuple[Tensor, list[float]]:
    """The optimised picture, and the losses of all evaluations on the way; ends early where one is ``enough``."""
    image = start.clone(memory_format=torch.contiguous_format).requires_grad_(True)  # L-BFGS flattens it
    optimizer = torch.optim.LBFGS(
        [image],
        max_iter=iterations,
        max_eval=25 * iterations,  # the line search has a bound of its own
        tolerance_grad=0,
        tolerance_change=0,
        history_size=HISTORY,
        line_search_fn="strong_wolfe",
    )
    course: list[float] = []

    def closure() -> float:
        optimizer.zero_grad()
        loss = objective(image)
        course.append(loss.item())
        if enough is not None and course[-1] <= enough:
            raise _LowEnoughError
        loss.backward()
        return course[-1]

    with suppress(_LowEnoughError):
        optimizer.step(closure)
    return image.detach(), course


def _first(course: list[float], bound: float) -> int | None:
    """How many evaluations it takes until one is not above ``bound``."""
    return next((number for number, loss in enumerate(course, start=1) if loss <= bound), None)
