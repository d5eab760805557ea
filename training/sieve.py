"""Which photos are no use for training, remembered across the processes that read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rtstyle.frames import Image

COLOUR = 10  # grey levels
_UNSEEN, _GOOD, _UNREADABLE, _GREY = range(4)


@dataclass(frozen=True, slots=True)
class Skipped:
    """How many of the photos were passed over; said so by ``str``."""

    photos: int  # all there are
    unreadable: int
    grey: int

    def __str__(self) -> str:
        reasons = [f"{count} {name}" for name in ("unreadable", "grey") if (count := getattr(self, name))]
        bad = self.unreadable + self.grey
        return f"{bad:,} of {self.photos:,} photos skipped" + (f": {', '.join(reasons)}" if reasons else "")


class Sieve:
    """A verdict for each photo, by its number, in memory that worker processes share.

    A verdict depends on the photo alone, so that it does not matter who comes to it, or when. Photos that were
    never read are not counted.
    """

    def __init__(self, photos: int, known: Tensor | None = None) -> None:
        """``known``: what ``lasting`` was of an earlier run with the same photos."""
        self.verdicts = torch.zeros(photos, dtype=torch.uint8).share_memory_()
        if known is not None and len(known) == photos:
            self.verdicts.copy_(known)

    @property
    def lasting(self) -> Tensor:
        """The verdicts, but of photos that could not be read: a disk that was gone may be back in the next run."""
        lasting: Tensor = self.verdicts * (self.verdicts != _UNREADABLE)
        return lasting

    def is_out(self, number: int) -> bool:
        """Whether a photo was found useless before: it need not be read again."""
        return int(self.verdicts[number]) > _GOOD

    def passes(self, number: int, photo: Image | None) -> bool:
        """Judge a photo (H, W, 3); None: it cannot be read."""
        verdict = _UNREADABLE if photo is None else _GREY if is_grey(photo) else _GOOD
        self.verdicts[number] = verdict
        return verdict == _GOOD

    @property
    def skipped(self) -> Skipped:
        counts = torch.bincount(self.verdicts, minlength=4).tolist()
        return Skipped(len(self.verdicts), counts[_UNREADABLE], counts[_GREY])


def is_grey(photo: Image) -> bool:
    """Whether 99 % of the pixels have no colour, their channels less than 10 levels apart.

    JPEG blurs a grey photo's channels apart by a few levels; of 1,017 colour photos looked at, the palest has 18.
    """
    some = photo[::4, ::4]
    apart = some.max(axis=2) - some.min(axis=2)
    return bool(np.quantile(apart, 0.99) < COLOUR)
