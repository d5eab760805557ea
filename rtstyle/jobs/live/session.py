"""What a viewer sees and changes while frames flow: keys, statistics, snapshots, recordings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rtstyle.errors import SinkError
from rtstyle.frames import Frame
from rtstyle.jobs.live.meter import LATENCY, LiveMeter
from rtstyle.lettering import draw_code, draw_dot, write_lines
from rtstyle.meter import spoken
from rtstyle.sinks.photo_writer import PhotoWriter
from rtstyle.sinks.recorder import Recorder

if TYPE_CHECKING:
    from rtstyle.frames import Image
    from rtstyle.jobs.live.look import Look
    from rtstyle.sinks.outputs import Outputs

HELP = (
    "1-9, n, p\tstyle",
    "space\tpainting on, off",
    "[ ]\tstrength",
    "w\tbrushwork: none, some, much",
    "c\toriginal colours",
    "m\tmirror",
    "t\ttemporal smoothing",
    "b\tside by side (drag the line)",
    "s\tsnapshot",
    "r\trecord",
    "i\tstatistics",
    "f\tfull screen",
    "h\tthis help",
    "q, Esc\tquit",
)
RECORDING = "recording"
RECORD_QUEUE, RECORD_PATIENCE_S = 30, 10.0  # frames that may wait for the encoder; time it may take to finish
_STEP = 0.1  # of strength
_SWITCHES = {" ": "painted", "c": "keep_colors", "m": "mirror", "t": "steady", "b": "side_by_side"}  # of the look
_MESSAGE_S = 2.0
_WORTH_MS = 0.05  # anything less gets no line in the statistics
_RED = (40, 40, 230)  # BGR

_log = logging.getLogger("rtstyle")


class Session:
    """Turns keys into changes of ``look``, and draws what only the viewer is to see.

    ``choose`` gets the number of the style wanted; ``current`` returns that of the one painting, None if none is yet.
    Snapshots and recordings go into ``folder``.
    """

    def __init__(
        self,
        styles: Sequence[str],
        look: Look,
        outputs: Outputs,
        meter: LiveMeter,
        *,
        choose: Callable[[int], None],
        current: Callable[[], int | None],
    ) -> None:
        self._styles, self._look, self._outputs, self._meter = styles, look, outputs, meter
        self._choose, self._current = choose, current
        self.folder = Path()
        self.describe: Callable[[], list[str]] = list  # further lines of statistics
        self.toggle_full_screen: Callable[[], None] = _nothing
        self._asked = 0  # the style last asked for: n continues from there, even past one that failed
        self.timecode = False
        self._help = self._statistics = False
        self._message = ("", 0.0)  # text, and until when
        self._told = 0  # failures of outputs
        self._shown: Image | None = None
        self._saving: list[Thread] = []

    def press(self, key: str) -> None:
        """Handle a key pressed in the window."""
        look = self._look
        if key.isdecimal() and 0 < int(key) <= len(self._styles):
            self._take(int(key) - 1)
        elif key in {"n", "p"}:
            self._take((self._asked + (1 if key == "n" else -1)) % len(self._styles))
        elif key in {"[", "]"}:
            look.strength = round(min(max(look.strength + (_STEP if key == "]" else -_STEP), 0), 1), 2)
            self._say(f"strength {look.strength:.0%}")
        elif key == "w":
            look.brushwork = {0.0: 0.5, 0.5: 1.0}.get(look.brushwork, 0.0)
            self._say(f"brushwork {look.brushwork:.0%}")
        elif name := _SWITCHES.get(key):
            setattr(look, name, not getattr(look, name))
            self._say(f"{name.replace('_', ' ')}: {'on' if getattr(look, name) else 'off'}")
        elif action := {"s": self._snapshot, "r": self._record, "f": self.toggle_full_screen}.get(key):
            action()
        elif key == "h":
            self._help = not self._help
        elif key == "i":
            self._statistics = not self._statistics

    def say_failed(self, what: str) -> None:
        """Tell the viewer, from any thread, where to read what went wrong."""
        self._say(f"{what} failed: see the terminal")

    def drag(self, to: float) -> None:
        """Move the divider with the mouse."""
        if self._look.side_by_side:
            self._look.divider = to

    def draw(self, picture: NDArray[np.uint8], frame: Frame) -> None:
        """Draw help, statistics, messages, the red dot and the time code on what the window shows."""
        self._shown = frame.image
        failures = self._outputs.failures
        for failure in failures[self._told :]:
            self.say_failed(failure.partition(":")[0])
        self._told = len(failures)
        if self.timecode and frame.captured is not None:
            draw_code(picture, round(frame.captured * 1e3))
        if self._help:
            write_lines(picture, HELP)
        elif self._statistics:
            write_lines(picture, [*self._speed(), *self.describe()])
        elif perf_counter() < self._message[1]:
            write_lines(picture, [self._message[0]])
        if RECORDING in self._outputs:
            draw_dot(picture, _RED)

    def close(self) -> None:
        """Wait for the snapshots."""
        for thread in self._saving:
            thread.join()

    def _take(self, number: int) -> None:
        self._asked = number
        self._choose(number)
        self._say(f"{number + 1}: {self._styles[number]}")

    def _say(self, message: str) -> None:
        self._message = message, perf_counter() + _MESSAGE_S

    def _snapshot(self) -> None:
        if self._shown is None:
            return
        current = self._current()
        style = "unpainted" if current is None or not self._look.paints else self._styles[current]
        path = self.folder / f"rtstyle-{style}-{_now()}.png"
        self._saving = [thread for thread in self._saving if thread.is_alive()]
        thread = Thread(target=self._save, args=(path, self._shown), name="rtstyle-snapshot")
        thread.start()  # a PNG takes as long as two frames
        self._saving.append(thread)

    def _save(self, path: Path, image: Image) -> None:
        try:
            PhotoWriter([path]).write(Frame(image, Fraction(0)))
        except SinkError as error:
            _log.warning("%s", error)
            self.say_failed("snapshot")
        else:
            self._say(f"saved {path.name}")

    def _record(self) -> None:
        if RECORDING in self._outputs:
            self._outputs.detach(RECORDING)
            self._say("recording: off")
            return
        if self._current() is None and self._look.paints:  # as at the start: see Show._await_style
            self._say("recording: once the style has loaded")
            return
        path = self.folder / f"rtstyle-{_now()}.mp4"
        try:
            recorder = Recorder(path)
        except SinkError as error:
            _log.warning("%s", error)
            self.say_failed(RECORDING)
            return
        self._outputs.detach(RECORDING)  # if it failed
        self._outputs.attach(RECORDING, recorder, queue=RECORD_QUEUE, patience_s=RECORD_PATIENCE_S)
        self._say(f"recording {path.name}")

    def _speed(self) -> list[str]:
        meter = self._meter
        middle, high = meter.recent_ms(LATENCY)
        times = {name: meter.recent_ms(name)[0] for name in meter.names() if name != LATENCY}
        stages = [f"{spoken(name)}\t{ms:.1f} ms" for name, ms in times.items() if ms > _WORTH_MS]
        return [f"{meter.fps:.1f} fps, latency p50 {middle:.0f} ms, p95 {high:.0f} ms", *stages]


def _now() -> str:
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S-%f}"[:-3]


def _nothing() -> None:
    """Without a window there is no full screen."""
