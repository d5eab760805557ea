"""A run's output: its checkpoint, previews, and a log for TensorBoard."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from rtstyle.errors import SinkError
from training.data import spread
from training.preview import preview, write_preview
from training.trainer import Trainer

LOG_EVERY = 10  # steps
_PREVIEWS = 6  # photos

_log = logging.getLogger(__name__)


class Record:
    """Writes ``NAME.ckpt``, ``NAME.000200.png`` and the folder ``NAME.log``. The owner closes it."""

    def __init__(self, checkpoint: Path, photos: Sequence[Path], *, first: int) -> None:
        """Previews are of some of ``photos``; of steps after ``first`` there is no log yet, or no longer.

        Raises SinkError where a file cannot be written.
        """
        self._checkpoint = checkpoint
        self._photos = spread(photos, _PREVIEWS)
        self._log_is_kept = True
        try:
            self._log = SummaryWriter(str(checkpoint.with_suffix(".log")), purge_step=first + 1)
        except OSError as error:
            folder = checkpoint.with_suffix(".log")
            raise SinkError(f"{folder}: TensorBoard's log cannot be kept there ({error.strerror})") from error

    def losses(self, step: int, losses: Mapping[str, float], *, learning_rate: float, photos_per_s: float) -> None:
        """Logs every tenth step's."""
        if step % LOG_EVERY:
            return
        with self._while_it_is_kept():
            for name, value in losses.items():
                self._log.add_scalar(f"loss/{name}", value, step)
            self._log.add_scalar("learning rate", learning_rate, step)
            self._log.add_scalar("photos per second", photos_per_s, step)

    def save(self, trainer: Trainer, losses: dict[str, float]) -> None:
        """The checkpoint and a preview by the averaged weights. Raises SinkError."""
        trainer.checkpoint(losses).save(self._checkpoint)
        if not self._photos:
            return
        sheet = preview(trainer.averaged, self._photos)
        write_preview(sheet, self._checkpoint.with_suffix(f".{trainer.step:06}.png"))
        with self._while_it_is_kept():
            self._log.add_image("preview", sheet, trainer.step, dataformats="HWC")

    def close(self) -> None:
        with self._while_it_is_kept():
            self._log.close()

    @contextmanager
    def _while_it_is_kept(self) -> Iterator[None]:
        """A full disk ends the log, with one warning; the run ends only if the checkpoint cannot be written either."""
        try:
            yield
        except OSError as error:
            if self._log_is_kept:
                _log.warning("TensorBoard's log ends here: %s", error.strerror or error)
            self._log_is_kept = False
