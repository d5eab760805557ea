"""One picture on its way through the scales, from coarse to fine."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

from torch import Tensor

from rtstyle.errors import PaintError
from rtstyle.frames import Image
from rtstyle.gatys.colors import finished
from rtstyle.gatys.descent import Descent
from rtstyle.gatys.objective import Losses, Memory, Objective
from rtstyle.gatys.pictures import resized, to_image
from rtstyle.gatys.recipe import MOST_ITERATIONS, Recipe
from rtstyle.gatys.sizes import Size, pyramid

_SHORTER = 0.7  # iterations of a scale, of those of the coarser one: it begins near its goal
_CARRIED_SCALES = 2  # by so many scales shorter, when it begins with the keyframe before
_STILL, _STILL_FOR = 0.01, 40  # share of the loss, and iterations that have to win as much
_ENOUGH, _ENOUGH_FOR = 0.1, 20  # the same for a coarse scale, which is only the start of the next
HINT = "try the optimiser's own learning rate or other weights"


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a run was stopped: enough to go on."""

    scale: int
    iteration: int  # of that scale
    picture: Tensor  # the best so far, before its colours are put back
    before: int = 0  # iterations at coarser scales
    rate: float | None = None  # the learning rate that was found; None: the recipe's
    lost: int = 0  # iterations of that scale that were spent on finding it


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """How far a picture has come; handed to ``progress`` after every iteration."""

    iteration: int  # from 1, through all scales, those that went nowhere too
    iterations: int  # as many as there will be, as far as is known
    scale: int  # from 0, coarse to fine
    size: Size
    losses: Losses
    seconds: float
    eta_s: float | None
    picture: Callable[[], Tensor]  # the best so far, (1, 3, H, W), as it would be saved
    place: Callable[[], Place]  # from which another run can go on


@dataclass(frozen=True, slots=True, eq=False)
class Painting:
    """What came of it."""

    picture: Tensor  # (1, 3, H, W) in [0, 1]: the best that was seen, if it was stopped at its scale's size
    start: Losses | None  # of the picture it began with, at full size; None: it never came to full size
    losses: Losses
    evaluations: int
    place: Place
    stopped: bool = False  # by Ctrl-C
    failed: str = ""  # why it is no better than its start

    def image(self, name: object) -> Image:
        """The picture as (H, W, 3) uint8 RGB. Raises as ``check``."""
        self.check(name)
        return to_image(self.picture)

    def check(self, name: object, *, hint: str = HINT) -> None:
        """Raise KeyboardInterrupt where it was stopped, and PaintError where it failed; ``hint``: what to do then."""
        if self.stopped:
            raise KeyboardInterrupt
        if self.failed:
            raise PaintError(f"{name}: {self.failed}, no lower than at the start; {hint}")


class Run:
    """One picture through its scales."""

    def __init__(
        self,
        make_objective: Callable[..., Objective],
        recipe: Recipe,
        content: Tensor,
        start: Tensor,
        *,
        memory: Memory | None = None,
        progress: Callable[[Step], None] | None = None,
    ) -> None:
        self._make_objective, self.recipe, self._progress = make_objective, recipe, progress
        self.content, self.start, self.memory = content, start, memory
        self.size = (content.shape[2], content.shape[3])
        self.sizes = pyramid(self.size, multiscale=recipe.multiscale and memory is None)
        self._descent: Descent  # of the scale at hand
        self._scale = self._iteration = self._before = self._evaluations = 0
        self._spent = 0  # pixels evaluated
        self._resumed = False
        self._begun = perf_counter()

    def go(self, place: Place | None) -> None:
        """Go through all scales, from ``place`` on."""
        first = 0 if place is None else place.scale
        picture = self.start if place is None else place.picture.to(self.start.device)
        self._resumed = place is not None
        before, recipe = 0 if place is None else place.before, self.recipe
        if place is not None and place.rate is not None:
            recipe = replace(recipe, learning_rate=place.rate)
        for scale in range(first, len(self.sizes)):
            size = self.sizes[scale]
            content, picture = resized(self.content, size), resized(picture, size)
            objective = self._make_objective(content, memory=self.memory, full_side=min(self.size))
            descent = Descent(objective, picture, recipe)
            iteration = 0
            if place is not None and scale == first:
                iteration, descent.lost = place.iteration, place.lost
            # All at once: Ctrl-C before this line means the scale before.
            self._scale, self._iteration, self._before, self._descent = scale, iteration, before, descent
            self._descend(self._descent, self.iterations(scale))
            self._evaluations += self._descent.evaluations
            picture, before = self._descent.best, before + self._iteration
            if not descent.given_up:
                recipe = replace(recipe, learning_rate=descent.rate)  # what was found need not be looked for again

    def iterations(self, scale: int) -> int:
        """How many there are at that scale, at most."""
        carried = _CARRIED_SCALES * (self.memory is not None and self.recipe.multiscale)
        return iterations_at(self.recipe, scale + carried)

    def painting(self, *, stopped: bool = False) -> Painting:
        """What there is now."""
        descent = self._descent
        start, failed = None, ""
        if self._scale == len(self.sizes) - 1 and not stopped:
            start = descent.start
            if len(self.sizes) > 1 or self._resumed:  # it began where another scale, or another run, had ended
                start = descent.objective.losses(resized(self.start, self.size))
            # What is carried over is painted already, and may be as good as it gets.
            settled = descent.is_flat or (self.memory is not None and math.isfinite(descent.losses.total))
            if not descent.losses.total < start.total and not settled:
                why = descent.given_up or "no step led downhill"
                failed = f"the loss stayed at {descent.losses.total:.4g} ({why})"
        return Painting(
            picture=self._finished(descent.best),
            start=start,
            losses=descent.losses,
            evaluations=self._evaluations,
            place=self._place(),
            stopped=stopped,
            failed=failed,
        )

    @property
    def has_begun(self) -> bool:
        """Whether there is a picture to hand over."""
        return hasattr(self, "_descent")

    def _descend(self, descent: Descent, iterations: int) -> None:
        history = [descent.losses.total]
        while self._iteration < iterations + descent.lost and not descent.given_up and not descent.is_flat:
            losses = descent.step()
            self._iteration += 1
            history.append(descent.losses.total)
            self._report(losses)
            if self._may_end(history):
                break
        descent.finish()

    def _may_end(self, history: list[float]) -> bool:
        """Whether the best losses of a scale hardly fall any more, and the end is open or the scale a coarse one."""
        coarse = self._scale < len(self.sizes) - 1
        if not coarse and self.recipe.iterations is not None:
            return False
        share, since = (_ENOUGH, _ENOUGH_FOR) if coarse else (_STILL, _STILL_FOR)
        return len(history) > since and history[-1 - since] - history[-1] < share * history[-1 - since]

    def _report(self, losses: Losses) -> None:
        height, width = self.sizes[self._scale]
        self._spent += height * width
        if self._progress is None:
            return
        descent, finer = self._descent, range(self._scale + 1, len(self.sizes))
        left = max(0, self.iterations(self._scale) + descent.lost - self._iteration)
        pixels = left * height * width + sum(self.iterations(s) * math.prod(self.sizes[s]) for s in finer)
        seconds = perf_counter() - self._begun
        self._progress(
            Step(
                iteration=self._before + self._iteration,
                iterations=self._before + self._iteration + left + sum(map(self.iterations, finer)),
                scale=self._scale,
                size=self.sizes[self._scale],
                losses=losses,
                seconds=seconds,
                eta_s=None if self.recipe.iterations is None else seconds * pixels / self._spent,
                picture=lambda: self._finished(descent.best),
                place=self._place,
            )
        )

    def _place(self) -> Place:
        descent = self._descent
        return Place(self._scale, self._iteration, descent.best.clone(), self._before, descent.rate, descent.lost)

    def _finished(self, picture: Tensor) -> Tensor:
        content = resized(self.content, (picture.shape[2], picture.shape[3]))
        return finished(picture, content, self.recipe.colors)


def iterations_at(recipe: Recipe, scale: int) -> int:
    """How many there are at a scale, counted from the coarsest, at most."""
    return MOST_ITERATIONS if recipe.iterations is None else max(1, round(recipe.iterations * _SHORTER**scale))
