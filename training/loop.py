"""The training loop: photos in, a network that paints them out."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rtstyle.errors import SourceError, UsageError, first_line
from rtstyle.fingerprint import fingerprints
from rtstyle.output_file import OutputFile
from rtstyle.perceptual import VggWeights
from rtstyle.resumption import check_inputs
from training.checkpoint import LIST_IN, Checkpoint
from training.data import Crops, batches, read_artwork
from training.machine import PRECISIONS, Machine
from training.photos import find_photos, list_digest, matches, names_below, split
from training.preview import preview_path
from training.processes import Processes
from training.recipe import Recipe
from training.record import Record
from training.sieve import Sieve
from training.trainer import Trainer


@dataclass(frozen=True, slots=True)
class Progress:
    """Handed to the caller after every step."""

    step: int  # finished steps
    steps: int
    eta_s: float
    losses: dict[str, float]  # means over the last 50 steps, of what is finite: the terms unweighted, and the total
    skipped_steps: int = 0  # their gradient was not finite; they left the weights as they were
    skipped_photos: str = ""  # in words


def train(
    recipe: Recipe,
    checkpoint: Path,
    *,
    vgg: VggWeights | None,
    machine: Machine | None = None,
    start: Checkpoint | None = None,
    init: dict[str, Tensor] | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> None:
    """Train as the recipe says and leave the result in ``checkpoint``, previews and TensorBoard's log beside it.

    ``vgg``: for a recipe that ``needs_vgg``. ``start`` continues a run of the same recipe; ``init`` provides another
    run's weights. ``progress`` may raise KeyboardInterrupt: the run is saved as it stands between two steps.
    Raises SourceError, SinkError, ModelError, UsageError for a device that is not available.
    """
    machine = machine or Machine()
    processes = machine.processes
    seen, held_out = check(recipe, checkpoint, machine, anew=start is None)
    names = names_below(Path(recipe.data), [*seen, *held_out])
    inputs = _inputs(recipe, vgg, [*seen, *held_out])
    if start:
        change = _change(start.photos, names)
        check_inputs(
            checkpoint, start.inputs, inputs, anew=f"{change}restore what was there, or begin anew with --init-from"
        )
    with processes.joined(machine.device) as device, ExitStack() as stack:
        trainer = Trainer(recipe, vgg, machine=machine, device=device, start=start, init=init, inputs=inputs)
        window = deque((start.window or [start.losses]) if start else (), maxlen=50)
        sieve = Sieve(len(seen), start.verdicts if start else None)

        def state() -> Checkpoint:
            done = trainer.checkpoint(_means(window))
            return replace(done, photos=names, window=list(window), verdicts=sieve.lasting)

        begun, first = time.monotonic(), trainer.step
        record = (
            stack.enter_context(closing(Record(checkpoint, held_out or seen, first=first))) if processes.first else None
        )
        stack.enter_context(_saved(trainer, record, state))
        stream = _batches(recipe, seen, processes, first=first, workers=machine.workers, sieve=sieve)
        for photos, seeds in stack.enter_context(closing(stream)):  # whatever ends the loop, no reader outlives it
            rate = trainer.learning_rate
            window.append(trainer.learn(photos.to(device), seeds))
            step = trainer.step
            s_per_step = (time.monotonic() - begun) / (step - first)
            eta_s = s_per_step * (recipe.steps - step)
            due = (step % machine.save_every == 0 and not trainer.failing) or step == recipe.steps
            if due:  # the others' photos are heard of now and then
                sieve.verdicts.copy_(processes.largest(sieve.verdicts, device))
            try:
                progress(Progress(step, recipe.steps, eta_s, _means(window), trainer.skipped, str(sieve.skipped)))
                stopped = False
            except KeyboardInterrupt:
                stopped = True
            stopped = processes.any(stopped, device)  # all of them between the same two steps
            if record:
                record.losses(step, window[-1], learning_rate=rate, photos_per_s=recipe.batch / s_per_step)
                if stopped or due:
                    record.save(state(), trainer.averaged)
            if stopped:
                raise KeyboardInterrupt


def check(recipe: Recipe, checkpoint: Path, machine: Machine, *, anew: bool) -> tuple[list[Path], list[Path]]:
    """Find the photos: those to learn from, those held out. Raises what can be told before anything is loaded."""
    OutputFile(checkpoint, overwrite=True)  # a name that cannot be written to shows now, not in an hour
    _check(recipe, machine)
    if anew:
        _check_artworks(recipe)
    photos = photos_of(recipe)
    _check_place(checkpoint, recipe)
    return photos


@contextmanager
def _saved(trainer: Trainer, record: Record | None, state: Callable[[], Checkpoint]) -> Iterator[None]:
    """Where photos can no longer be read, save what was learnt."""
    first = trainer.step
    try:
        yield
    except SourceError:
        if record and trainer.step > first:
            record.save(state(), trainer.averaged)
        raise


def _batches(
    recipe: Recipe, photos: list[Path], processes: Processes, *, first: int, workers: int, sieve: Sieve
) -> Generator[tuple[Tensor, list[int]]]:
    """This process's share of every step's photos (N, size, size, 3) uint8, and a seed for each.

    Sample k is the same whoever takes it: two processes learn from the photos that one would have learnt from.
    """
    share = recipe.batch // processes.count
    steps = range(first * recipe.batch, recipe.steps * recipe.batch, recipe.batch)
    samples = _Samples(steps, share * processes.rank, share)
    crops = Crops(
        photos,
        size=recipe.size,
        zoom=recipe.zoom,
        brushwork=recipe.brushwork,
        samples=samples,
        seed=recipe.seed,
        sieve=sieve,
    )
    for index, batch in enumerate(batches(crops, batch=share, workers=workers)):
        yield batch, [film_seed(recipe.seed, samples[index * share + i]) for i in range(share)]


@dataclass(frozen=True, slots=True)
class _Samples(Sequence[int]):
    """Numbers of samples, ``share`` of every step from ``offset`` on; never all of them in memory."""

    steps: range  # the number of each step's first
    offset: int
    share: int

    def __len__(self) -> int:
        return len(self.steps) * self.share

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - of int alone
        return self.steps[index // self.share] + self.offset + index % self.share


def film_seed(seed: int, sample: int) -> int:
    """What decides a sample's film: PyTorch's generator knows 32 bits of it. A run's own seed 0 adds nothing."""
    return int(np.random.SeedSequence((seed, sample)).generate_state(1)[0]) if seed else sample


def _inputs(recipe: Recipe, vgg: VggWeights | None, photos: Sequence[Path]) -> dict[str, str]:
    """Fingerprints of what decides what is learnt: of the photos their names, by which some are held out."""
    return {
        f"{LIST_IN} {recipe.data}": list_digest(Path(recipe.data), photos),
        **({"VGG-16": vgg.fingerprint} if vgg else {}),
        **fingerprints([*recipe.style_images, *recipe.teachers]),
    }


def _check(recipe: Recipe, machine: Machine) -> None:
    if recipe.batch % machine.processes.count:
        raise UsageError(f"batch {recipe.batch}: expected a multiple of the {machine.processes.count} processes")
    if machine.precision not in ("auto", *PRECISIONS):
        raise UsageError(f"unknown precision {machine.precision!r}: expected auto, {', '.join(PRECISIONS)}")
    try:
        torch.zeros(1, device=machine.device).item()  # meta has no numbers
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"device {machine.device!r}: expected cpu, or cuda where there is one ({first_line(error)})"
        ) from error


def _check_place(checkpoint: Path, recipe: Recipe) -> None:
    """Previews among the photos would be learnt from, and change the list of photos by which some are held out."""
    one = preview_path(checkpoint.resolve(), 1)
    if one.is_relative_to(Path(recipe.data).resolve()) and matches(one, recipe.include):
        raise UsageError(
            f"{checkpoint}: its previews would lie among the photos in {recipe.data}, and count as some; "
            "choose a place outside of --data"
        )


def _check_artworks(recipe: Recipe) -> None:
    """An exported model knows them by their files' names."""
    for i, one in enumerate(recipe.style_images):
        for other in recipe.style_images[:i]:
            if one != other and Path(one).name == Path(other).name:
                raise UsageError(f"{other} and {one}: expected artworks of different file names; rename one of them")
    for one in recipe.style_images:
        read_artwork(Path(one), recipe.style_size)


def _change(before: Sequence[str], now: Sequence[str]) -> str:
    """The first name that came or went since, in words; nothing where it is not known."""
    came, went = sorted({*now} - {*before}), sorted({*before} - {*now})
    if not before or not (came or went):
        return ""
    more = f", and {len(came) + len(went) - 1} more came or went" if len(came) + len(went) > 1 else ""
    return f"{came[0]} has come{more}; " if came else f"{went[0]} has gone{more}; "


def photos_of(recipe: Recipe) -> tuple[list[Path], list[Path]]:
    """(training, held out) photos of a run. Raises SourceError where there is nothing to learn from."""
    seen, held_out = split(find_photos(Path(recipe.data), recipe.include), recipe.hold_out)
    if not seen:
        raise SourceError(
            f"{recipe.data}: --hold-out {recipe.hold_out} keeps all its photos ({len(held_out)}) out of training; "
            "use --hold-out 0"
        )
    return seen, held_out


def _means(window: deque[dict[str, float]]) -> dict[str, float]:
    """Of what is finite: a step that was skipped says nothing about the others."""
    names = window[-1] if window else {}
    finite = {name: [x for losses in window if math.isfinite(x := losses.get(name, math.nan))] for name in names}
    return {name: sum(values) / len(values) for name, values in finite.items() if values}
