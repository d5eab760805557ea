"""One run of ``live``: its parts, and what connects them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

from rtstyle.errors import SourceError
from rtstyle.frames import Frame, Packet, VideoFormat
from rtstyle.jobs.live.auto_size import AutoSize
from rtstyle.jobs.live.meter import LATENCY, NETWORK, LiveMeter
from rtstyle.jobs.live.painter import LivePainter
from rtstyle.jobs.live.session import Session
from rtstyle.meter import Progress, Report
from rtstyle.pipeline import name_of, run
from rtstyle.sinks.outputs import Outputs
from rtstyle.sinks.window import Window
from rtstyle.stages.blend import Blend
from rtstyle.stages.divided import Divided
from rtstyle.stages.keep_colors import KeepColors
from rtstyle.stages.mirror import Mirror
from rtstyle.stages.notice import Notice
from rtstyle.stages.switch import Switch
from rtstyle.stages.when import When
from rtstyle.style import MIN_SIZE

if TYPE_CHECKING:
    from rtstyle.jobs.live.look import Look
    from rtstyle.protocols import Sink, Stage
    from rtstyle.sources.choose import LiveFrames
    from rtstyle.style import Style

_log = logging.getLogger("rtstyle")

_RATE = 30  # frames/s, where a camera does not say

Wish = tuple[int, int]  # the number of a style, and the lines to paint at


class Show:
    """The parts of one run, and what connects them."""

    def __init__(
        self,
        source: LiveFrames,
        styles: Sequence[Style],
        look: Look,
        *,
        size: int | None,
        device: str,
        seconds: float | None,
    ) -> None:
        format = source.format
        if min(format.width, format.height) < MIN_SIZE:
            got = f"{format.width}×{format.height}"
            raise SourceError(f"live: expected pictures of at least {MIN_SIZE}×{MIN_SIZE} pixels, got {got}")
        self._source, self._styles, self._look, self._device, self._seconds = source, styles, look, device, seconds
        auto = AutoSize(format.height, float(1 / (format.rate or _RATE)))
        self._auto = None if size else auto
        self.lines = min(size, format.height) if size else auto.lines
        self.meter = LiveMeter()
        self._providers: dict[int, str] = {}
        self._window: Window | None = None
        self.outputs = Outputs()
        names = [style.name for style in styles]
        self._session = Session(names, look, self.outputs, self.meter, choose=self._choose, current=self._current)
        self._session.describe = self._description
        self._switch: Switch[Wish] = Switch(self._paint_with)

    def open_window(self, *, timecode: bool) -> None:
        """Add a window."""
        session = self._session
        self._window = Window(overlay=session.draw, on_key=session.press, on_drag=session.drag)
        session.toggle_full_screen, session.timecode = self._window.toggle_full_screen, timecode
        self.outputs.window = self._window

    def run(self, progress: Callable[[Progress], None] | None) -> Report:
        """Run to the end and close everything. With a window only, the picture appears before its style is loaded."""
        self._choose(0)
        stages = self._stages()
        working = frozenset(map(name_of, stages))

        def after_frame(now: Progress) -> None:
            self._resize(working)
            if progress is not None:
                progress(now)

        sink = _TimedOutputs(self.outputs, self.meter, self._seconds)
        idle = None if self._window is None else self._window.idle
        try:
            if not self.outputs.alone:
                self._await_style()
            report = run(self._source, stages, sink, idle=idle, meter=self.meter, progress=after_frame)
            if self._switch.current is not None:
                self.lines = self._switch.current[1]  # a painter still being built painted nothing
        finally:
            self._switch.close()
            self._session.close()
        at = f" at {self.lines} of {self._source.format.height} lines"
        return replace(report, provider=", ".join(dict.fromkeys(self._providers.values())) + at)

    @property
    def painting(self) -> bool:
        """Whether a style is painting yet."""
        return self._switch.current is not None

    @property
    def at_rest(self) -> bool:
        """Whether the size has settled, as far as is known."""
        return self._auto is None or (self._auto.at_rest and not self._switch.busy)

    def _await_style(self) -> None:
        """Wait for the first style: nothing unpainted is to be recorded or sent."""
        try:
            self._switch.wait()
        except BaseException:
            self._source.close()
            raise

    def _stages(self) -> list[Stage]:
        look = self._look
        return [
            When(lambda: look.mirror, Mirror()),
            When(lambda: look.paints, self._switch),
            When(lambda: look.paints and look.keep_colors, KeepColors()),
            Blend(lambda: look.strength),
            When(lambda: look.side_by_side, Divided(lambda: look.divider)),
            Notice(lambda: self._source.status),
        ]

    def _paint_with(self, wish: Wish) -> LivePainter:
        """Build a warmed-up painter, in the switch's thread."""
        number, lines = wish
        format = self._source.format
        style = self._styles[number]
        try:
            painter = LivePainter(style, lines=lines, device=self._device, look=self._look, meter=self.meter)
            painter.warm_up(format.height, format.width)
        except Exception as error:
            if number != self._current():  # else it is only another size
                self._session.say_failed(style.name)
            if self._current() is None and self.outputs.alone and not self._look.paints:
                _log.warning("%s", error)  # no frame is there to raise it
            raise
        self._providers[number] = painter.provider
        return painter

    def _choose(self, number: int) -> None:
        self._switch.want((number, self.lines))
        if self._auto is not None:
            self._auto.restart()

    def _current(self) -> int | None:
        return None if self._switch.current is None else self._switch.current[0]

    def _resize(self, working: frozenset[str]) -> None:
        """Adapt to the machine's speed, unless something else would distort the measurement."""
        if self._auto is None or self._switch.busy or self._switch.current is None:
            return
        if not self._look.paints:
            self._auto.pause()
            return
        number, lines = self._switch.current
        if lines != self.lines:
            self._auto.go_back(lines, perf_counter())
            self.lines = lines
            return
        busy_s, network_s = self.meter.busy_s(working), self.meter.busy_s(frozenset({NETWORK}))
        if self._auto.update(busy_s, network_s, perf_counter()):
            self.lines = self._auto.lines
            self._switch.want((number, self.lines), fade=False)

    def _description(self) -> list[str]:
        format, current = self._source.format, self._switch.current
        if current is None:
            return ["loading"]
        number, lines = current
        dropped = self.meter.frames(name_of(self._source)) - self.meter.frames(LATENCY)
        return [
            f"{self._styles[number].name}, {lines} of {format.height} lines, {format.width}x{format.height}",
            f"{self._providers.get(number, '')}, {max(dropped, 0)} dropped",
        ]


class _TimedOutputs:
    """The outputs, with the time from capture to here, and an end after ``seconds``."""

    name = "outputs"

    def __init__(self, sink: Sink, meter: LiveMeter, seconds: float | None) -> None:
        self._sink, self.meter, self._seconds = sink, meter, seconds
        self._end: float | None = None  # time.perf_counter()

    @property
    def closed(self) -> bool:
        return self._sink.closed or (self._end is not None and perf_counter() >= self._end)

    def open(self, format: VideoFormat, /) -> None:
        self._end = None if self._seconds is None else perf_counter() + self._seconds
        self._sink.open(format)

    def write(self, item: Frame | Packet, /) -> None:
        self._sink.write(item)
        if isinstance(item, Frame) and item.captured is not None:
            self.meter.add(LATENCY, perf_counter() - item.captured)

    def close(self, *, complete: bool = True) -> None:
        self._sink.close(complete=complete)
