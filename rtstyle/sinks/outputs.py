"""A window and any number of other outputs, none of which waits for another."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Thread
from time import monotonic

from rtstyle.channel import Channel
from rtstyle.errors import RtstyleError, SinkError
from rtstyle.frames import Frame, Packet, VideoFormat
from rtstyle.protocols import Sink

_log = logging.getLogger("rtstyle")


class Outputs:
    """Gives every frame to its ``window``, in the caller's thread, and to each attached sink in a thread of its own.

    Attached sinks get their frames through a short queue. One that falls behind without ``connecting`` to explain
    it loses the oldest, and one that fails is given up, each with one warning. Packets are left out. Closed when the
    window is or, without a window, when nothing is left to write to.
    """

    def __init__(self, window: Sink | None = None) -> None:
        self.window = window
        self._lines: dict[str, Line] = {}
        self._ending: list[Line] = []  # detached, not yet known to have finished
        self._format: VideoFormat | None = None
        self._failures: list[str] = []
        self.known: set[str] = set()  # names of all that ever got a frame

    @property
    def closed(self) -> bool:
        if self.window is not None:
            return self.window.closed
        return bool(self._failures) and not any(line.alive for line in self._lines.values())

    @property
    def failures(self) -> list[str]:
        """What failed, in sentences."""
        return list(self._failures)

    @property
    def unfinished(self) -> set[str]:
        """Names of those whose threads are still working."""
        return {line.name for line in [*self._lines.values(), *self._ending] if line.busy}

    @property
    def alone(self) -> bool:
        """Whether there is a window, and nothing else."""
        return self.window is not None and not self._lines

    def open(self, format: VideoFormat, /) -> None:
        """Open the window; what was attached before is opened in its thread."""
        self._format = format
        if self.window is not None:
            self.window.open(format)
        for line in self._lines.values():
            line.start(format)

    def write(self, item: Frame | Packet, /) -> None:
        """Hand the frame to all, and show it in the window."""
        if isinstance(item, Packet):
            return
        self.known.update(self._lines)
        for line in list(self._lines.values()):
            line.put(item)
        if self.window is not None:
            self.window.write(item)

    def close(self, *, complete: bool = True) -> None:
        """Finish all; recordings are complete, whatever ended the run."""
        try:
            for name in list(self._lines):  # all at once: the slowest sets the time
                self.detach(name)
            for line in self._ending:
                line.end()
        finally:
            if self.window is not None:
                self.window.close(complete=complete)

    def attach(self, name: str, sink: Sink, *, queue: int = 4, patience_s: float = 0.3) -> None:
        """From the caller's thread: write to ``sink`` too from now on.

        Up to ``queue`` frames wait for it, and at the end we wait ``patience_s`` for it; a dead server is left behind.
        """
        line = Line(name, sink, queue, patience_s, self._fail)
        self._lines[name] = line
        if self._format is not None:
            line.start(self._format)

    def detach(self, name: str) -> None:
        """Let it finish, without waiting, and forget it; does nothing if there is no such output."""
        self._ending = [line for line in self._ending if line.busy]
        line = self._lines.pop(name, None)
        if line is not None:
            line.finish()
            self._ending.append(line)

    def _fail(self, sentence: str) -> None:
        """From a line's thread: take note of what ended it."""
        self._failures.append(sentence)
        others = self.window is not None or any(line.alive for line in list(self._lines.values()))
        if others:  # without them the failure is the command's own end
            _log.warning("%s; the others continue", sentence)

    def __contains__(self, name: object) -> bool:
        line = self._lines.get(str(name))
        return line is not None and line.alive


class Line:
    """One sink, its thread and the queue before it."""

    def __init__(self, name: str, sink: Sink, queue: int, patience_s: float, on_failure: Callable[[str], None]) -> None:
        self.name, self._sink, self._patience_s, self._on_failure = name, sink, patience_s, on_failure
        self._frames: Channel[Frame] = Channel(queue, droppable=lambda _: True)
        self._thread: Thread | None = None
        self._deadline = 0.0  # time.monotonic()
        self._missed = 0  # frames, while it was still connecting
        self._told = False
        self._ended = False
        self.alive = True

    def start(self, format: VideoFormat) -> None:
        self._thread = Thread(target=self._work, args=(format,), name=f"rtstyle-{self.name}", daemon=True)
        self._thread.start()

    def put(self, frame: Frame) -> None:
        if not self.alive:
            return
        self._frames.put(frame)
        if getattr(self._sink, "connecting", False):
            self._missed = self._frames.dropped
        elif self._frames.dropped > self._missed and not self._told:
            self._told = True
            _log.warning("%s cannot keep up and loses frames", self.name)

    @property
    def busy(self) -> bool:
        """Whether its thread is still working."""
        return self._thread is not None and not self._ended  # `is_alive` lies after Ctrl-C: see pipeline._is_busy

    def finish(self) -> None:
        """Let it write what waits, and no more; from now on its patience counts."""
        self._frames.close()
        self._deadline = monotonic() + self._patience_s

    def end(self) -> None:
        """Wait until it has finished."""
        if self._thread is not None:
            self._thread.join(max(self._deadline - monotonic(), 0))
            if self.busy:
                _log.warning("%s did not finish within %g s and is left behind", self.name, self._patience_s)

    def _work(self, format: VideoFormat) -> None:
        """Body of the thread."""
        try:
            try:
                self._sink.open(format)
                for frame in self._frames:
                    self._sink.write(frame)
            finally:
                self._sink.close()
        except (RtstyleError, OSError) as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - other people's libraries; the picture must go on
            self._fail(SinkError(f"{type(error).__name__}: {error}"))
        finally:
            self._ended = True

    def _fail(self, error: Exception) -> None:
        self.alive = False
        self._on_failure(f"{self.name}: {error}")
