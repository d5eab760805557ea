"""What a network learns from: random crops of photos, the same for the same seed, and the artwork."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from rtstyle.errors import SourceError, last_line
from rtstyle.frames import Batch, Image
from rtstyle.sources.photo_folder import read_photo
from rtstyle.stages.brushwork import PERIOD, Brushwork
from training.pictures import scaled, tensor
from training.sieve import Sieve

_log = logging.getLogger(__name__)

MIN_ARTWORK = 64  # px


class Crops(Dataset[Tensor]):
    """Random square crops (size, size, 3) uint8 RGB; sample k is a function of (seed, k) alone.

    A crop covers between 0.4 and 1 of the photo's short side, divided by ``zoom``: small ones are enlarged, since at
    720p a camera's picture is smoother than a small photo, and its flat areas are larger.
    ``sieve``, made for as many photos, knows which were skipped, whichever process met them.
    """

    def __init__(
        self,
        photos: Sequence[Path],
        *,
        size: int,
        zoom: float = 1.0,
        brushwork: float = 0.0,
        samples: Sequence[int],
        seed: int,
        sieve: Sieve | None = None,
    ) -> None:
        self.photos = list(photos)
        self.size = size
        self.zoom = zoom
        self.brushwork = brushwork
        self.samples = samples  # the numbers of the samples this dataset yields
        self.seed = seed
        self.sieve = sieve or Sieve(len(self.photos))
        self._epoch, self._order = -1, np.empty(0, np.int64)  # of the photos in it

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Tensor:
        sample = self.samples[index]
        epoch, position = divmod(sample, len(self.photos))
        photo = self._first_good(epoch, position)
        rng = np.random.default_rng((self.seed, epoch, position))
        crop = random_crop(photo, self.size, rng, self.zoom)
        return torch.from_numpy(brushed(crop, rng, self.brushwork) if self.brushwork else crop)

    def _first_good(self, epoch: int, position: int) -> Image:
        """A damaged photo, which is worth a warning, or a grey one is passed over for the next."""
        if epoch != self._epoch:
            self._epoch = epoch
            self._order = np.random.default_rng((self.seed, epoch)).permutation(len(self.photos))
        for step in range(len(self.photos)):
            number = int(self._order[(position + step) % len(self.photos)])
            if self.sieve.is_out(number):
                continue
            try:
                photo = read_photo(self.photos[number])
            except SourceError as error:
                _log.warning("%s; passed over", error)
                self.sieve.passes(number, None)
                continue
            if self.sieve.passes(number, photo):
                return photo
        raise SourceError(f"none of the {len(self.photos)} photos is of use: {self.sieve.skipped}")


def random_crop(photo: Image, size: int, rng: np.random.Generator, zoom: float = 1.0) -> Image:
    """A random square of the photo, mirrored half the time, as (size, size, 3)."""
    height, width = photo.shape[:2]
    side = max(1, round(min(height, width) * rng.uniform(0.4, 1) / zoom))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    square = photo[top : top + side, left : left + side]
    if rng.random() < 0.5:  # noqa: PLR2004 - a fair coin
        square = square[:, ::-1]
    shrinks = side > size
    crop = cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.ascontiguousarray(crop, dtype=np.uint8)


def brushed(crop: Image, rng: np.random.Generator, most: float) -> Image:
    """The crop with strokes laid under it, up to ``most``, as the runtime does where there is nothing to paint."""
    lay = Brushwork(rng.uniform(0, most), start=int(rng.integers(PERIOD)))
    image = crop[None]
    return np.asarray(lay(Batch(image, image, [Fraction(0)])).images[0])


def batches(crops: Crops, *, batch: int, workers: int) -> Iterator[Tensor]:
    """Batches (N, size, size, 3) uint8 RGB, read by worker processes.

    Raises SourceError where no photo is of use, and where a worker is killed.
    """
    loader: DataLoader[Tensor] = DataLoader(
        crops, batch_size=batch, num_workers=workers, persistent_workers=False, worker_init_fn=_quiet_worker
    )
    try:
        yield from _in_turn(loader)
    except SourceError as error:  # a worker's comes with its traceback, whose last line is type and sentence
        kind = f"{SourceError.__module__}.{SourceError.__qualname__}: "
        # Its traceback would keep the loader, and with it workers that no signal ends, as long as the exception lives.
        raise SourceError(last_line(error).removeprefix(kind)) from error.with_traceback(None)
    except (RuntimeError, OSError, EOFError) as error:  # the latter two of a connection to one that is just dying
        reason = last_line(error)
        tells_of_it = reason.startswith("DataLoader worker") or "</torch_" in reason  # as shared memory is called
        if not workers or (isinstance(error, RuntimeError) and not tells_of_it):
            raise
    else:
        return
    raise SourceError(  # here, as the other's causes would keep the loader, too
        f"a worker that reads photos has failed ({reason}), usually for want of memory, or of /dev/shm; "
        "continue with --resume --workers 0"
    )


def _in_turn(loader: DataLoader[Tensor]) -> Iterator[Tensor]:
    """The loader's batches, in whose place it tells of a worker's end.

    PyTorch's own signal handler would tell of it anywhere, in the middle of a step too, with weights half changed.
    """
    number = getattr(signal, "SIGCHLD", None)  # Windows has none
    before = None if number is None else signal.getsignal(number)  # None, too, for a handler that is not Python's
    found = iter(loader)
    if number is not None and before is not None and threading.current_thread() is threading.main_thread():
        signal.signal(number, before)
    yield from found


def read_artwork(path: Path, size: int) -> Tensor:
    """The style image as (1, 3, H, W) float RGB in [0, 1], its short side scaled down to ``size`` px.

    Raises SourceError for one too small to have a style.
    """
    image = read_photo(path)
    height, width = image.shape[:2]
    if min(height, width) < MIN_ARTWORK:
        raise SourceError(
            f"{path}: {width}×{height} px are too small to show a style; "
            f"expected at least {MIN_ARTWORK} px a side, better {size}"
        )
    return tensor(scaled(image, min(size, height, width)))


def _quiet_worker(_worker: int) -> None:
    """One thread; and a terminal's Ctrl-C, which goes to every process, is the first one's to answer."""
    cv2.setNumThreads(0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
