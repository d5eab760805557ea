"""One process of a training run among several: ``torchrun --nproc-per-node 2 -m training train …``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from rtstyle.errors import RtstyleError, UsageError

_OF_TORCHRUN = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


class PeerError(RtstyleError):
    """Another process of the run has ended; what for is that one's to say."""


@dataclass(frozen=True, slots=True)
class Processes:
    """This process's place among all; a single one needs no backend."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0  # on this machine: the number of our GPU

    @staticmethod
    def of_environment() -> Processes:
        """As torchrun has set them; alone where WORLD_SIZE is not above 1. Raises UsageError where some are missing."""
        if os.environ.get("WORLD_SIZE", "1") == "1":
            return Processes()
        given = {name: os.environ.get(name, "") for name in _OF_TORCHRUN}
        with suppress(ValueError):
            rank, count, local_rank = (int(given[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
            if 0 <= rank < count and all(given.values()):
                return Processes(rank, count, local_rank)
        got = ", ".join(f"{name}={value}" for name, value in given.items() if value)
        raise UsageError(f"expected torchrun's variables {', '.join(given)}, got {got}; use torchrun, or unset them")

    @property
    def first(self) -> bool:
        """Whether this process writes files and prints."""
        return self.rank == 0

    @contextmanager
    def joined(self, device: str) -> Iterator[str]:
        """Join the others, over gloo on CPUs and nccl on GPUs; yields the device that is ours.

        Raises PeerError where one of the others is no longer there.
        """
        if self.count == 1:
            yield device
            return
        gpu = device.startswith("cuda")
        ours = f"cuda:{self.local_rank}" if gpu else device
        with _translated():
            dist.init_process_group("nccl" if gpu else "gloo", rank=self.rank, world_size=self.count)
            try:
                yield ours
            finally:
                dist.destroy_process_group()

    def mean(self, values: Tensor) -> Tensor:
        """The mean over all processes."""
        if self.count == 1:
            return values
        values = values.clone()
        dist.all_reduce(values)
        return values / self.count

    def largest(self, values: Tensor, device: str) -> Tensor:
        """The largest over all processes, element by element; ``values`` themselves need not lie on the device."""
        if self.count == 1:
            return values
        there = values.to(device, copy=True)
        dist.all_reduce(there, dist.ReduceOp.MAX)
        return there.to(values.device)

    def any(self, ours: bool, device: str) -> bool:  # noqa: FBT001 - the subject
        """Whether any process says yes; all get the same answer."""
        return bool(self.mean(torch.tensor(float(ours), device=device)) > 0)


@contextmanager
def _translated() -> Iterator[None]:
    """What gloo and nccl raise."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        if not (isinstance(error, dist.DistError) or "gloo" in reason or "NCCL" in reason):
            raise
        told = (reason.partition("] ")[2] or reason).partition(". ")[0]  # behind the place in gloo's source
        raise PeerError(
            f"another process of this run has ended ({told}); fix what it reports, then continue with --resume"
        ) from error
