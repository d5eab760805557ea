"""A run's output: its checkpoint, previews, and a log for TensorBoard."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from rtstyle.errors import SinkError, SourceError, reason_of
from rtstyle.sources.photo_folder import spread
from training.checkpoint import Checkpoint
from training.nets import Network
from training.preview import preview, preview_path, write_preview

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
        self._photos = [photo for photo, _ in spread(photos, _PREVIEWS)]
        self._log_is_kept, self._lacks_previews = True, False
        self._hook, threading.excepthook = threading.excepthook, self._failed_in_a_thread
        try:
            self._log = SummaryWriter(str(checkpoint.with_suffix(".log")), purge_step=first + 1)
        except OSError as error:
            threading.excepthook = self._hook
            folder = checkpoint.with_suffix(".log")
            raise SinkError(
                f"{folder}: expected a folder for TensorBoard's log, got: {reason_of(error)}; "
                "move what is there, or give the checkpoint another name"
            ) from error

    def losses(self, step: int, losses: Mapping[str, float], *, learning_rate: float, photos_per_s: float) -> None:
        """Log those of every tenth step."""
        if step % LOG_EVERY:
            return
        with self._while_it_is_kept():
            for name, value in losses.items():
                self._log.add_scalar(f"loss/{name}", value, step)
            self._log.add_scalar("learning rate", learning_rate, step)
            self._log.add_scalar("photos per second", photos_per_s, step)

    def save(self, state: Checkpoint, averaged: Network) -> None:
        """The checkpoint, for which SinkError is raised, and a preview by the averaged weights, if there can be one."""
        state.save(self._checkpoint)
        if not self._photos:
            return
        try:
            sheet = preview(averaged, self._photos)
            write_preview(sheet, preview_path(self._checkpoint, state.step))
        except (SourceError, SinkError) as error:
            if not self._lacks_previews:
                _log.warning("no preview of step %d: %s", state.step, error)
            self._lacks_previews = True
            return
        with self._while_it_is_kept():
            self._log.add_image("preview", sheet, state.step, dataformats="HWC")

    def close(self) -> None:
        with self._while_it_is_kept():
            self._log.close()
        threading.excepthook = self._hook

    @contextmanager
    def _while_it_is_kept(self) -> Iterator[None]:
        """A full disk ends the log, with one warning; the run ends only if the checkpoint cannot be written either."""
        try:
            yield
        except OSError as error:
            self._end_log(error)

    def _end_log(self, error: OSError) -> None:
        if self._log_is_kept:
            _log.warning("TensorBoard's log ends here: %s", reason_of(error))
        self._log_is_kept = False

    def _failed_in_a_thread(self, failure: threading.ExceptHookArgs) -> None:
        """TensorBoard's writer has one, whose failure Python would show as a traceback."""
        if isinstance(failure.exc_value, OSError) and type(failure.thread).__module__.startswith("tensorboard."):
            self._end_log(failure.exc_value)
        else:
            self._hook(failure)
