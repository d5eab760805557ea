"""One process of a training run among several: ``torchrun --nproc-per-node 2 -m training train …``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Processes:
    """This process's place among all; a single one needs no backend."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0  # on this machine: the number of our GPU

    @staticmethod
    def of_environment() -> Processes:
        """Read what torchrun set in the environment."""
        names = (("RANK", "0"), ("WORLD_SIZE", "1"), ("LOCAL_RANK", "0"))
        return Processes(*(int(os.environ.get(name, default)) for name, default in names))

    @property
    def first(self) -> bool:
        """Whether this process writes files and prints."""
        return self.rank == 0

    @contextmanager
    def joined(self, device: str) -> Iterator[str]:
        """Join the others, over gloo on CPUs and nccl on GPUs; yields the device that is ours."""
        if self.count == 1:
            yield device
            return
        gpu = device.startswith("cuda")
        ours = f"cuda:{self.local_rank}" if gpu else device
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
