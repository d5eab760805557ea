"""A camera in, a painting on the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2  # noqa: F401 - before PyAV, which the modules below import: see check_display

from rtstyle.errors import SinkError, UsageError
from rtstyle.jobs.defaults import DEVICE
from rtstyle.jobs.live.look import Look
from rtstyle.jobs.live.session import RECORD_PATIENCE_S, RECORD_QUEUE, RECORDING
from rtstyle.jobs.live.show import Show
from rtstyle.meter import Progress, Report
from rtstyle.sinks.publisher import Publisher
from rtstyle.sinks.recorder import Recorder
from rtstyle.sinks.virtual_camera import VirtualCamera
from rtstyle.sinks.window import check_display
from rtstyle.sources.choose import CaptureRequest, open_live
from rtstyle.styles import find_styles

if TYPE_CHECKING:
    from rtstyle.protocols import Sink
    from rtstyle.sinks.outputs import Outputs


@dataclass(frozen=True, slots=True)
class LiveOutputs:
    """Where the picture goes; outputs can be combined."""

    window: bool = True
    record: str | Path | None = None  # a file: .mp4, .m4v or .mov
    publish: str | None = None  # an address: rtmp://, rtsp://, udp://, ...
    virtual_camera: bool = False
    overwrite: bool = False  # the recording, if it exists
    timecode: bool = False  # the time of capture in the window, for machines to read


def live(
    source: str | int | None = None,
    *,
    styles: Sequence[str | Path] = (),
    size: int | None = None,
    look: Look | None = None,
    outputs: LiveOutputs | None = None,
    request: CaptureRequest | None = None,
    device: str = DEVICE,
    seconds: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Paint ``source`` live, until the window is closed, the source ends or ``seconds`` are over.

    ``source``: None (the first camera), a camera's number or name, an address, a file, ``screen`` or ``test``.
    ``styles`` are those to switch between, by default all that run in real time. ``size`` is the height to paint at, in
    lines; None: as many as the machine can at the camera's rate. Must be called in the main thread if there is a
    window. The report names the outputs that failed while others continued. Raises SourceError, SinkError, ModelError,
    DeviceError or UsageError, each a sentence, and on Ctrl-C a KeyboardInterrupt that says which outputs had failed,
    and whether what was recorded is complete.
    """
    look, outputs = look or Look(), outputs or LiveOutputs()
    found = find_styles(styles)
    if seconds is not None and not seconds > 0:
        raise UsageError(f"seconds: expected more than 0, got {seconds:g}")
    if not (outputs.window or outputs.record or outputs.publish or outputs.virtual_camera or seconds):
        raise UsageError("no window and no other output: add --record, --publish, --virtual-camera or --seconds")
    if outputs.timecode and not outputs.window:
        raise UsageError("timecode: is only drawn in the window; expected a window, got none")
    if outputs.window:
        check_display()  # before the camera is switched on
    attached = _attached(outputs, played=str(source))
    with ExitStack() as until_run:
        frames = until_run.enter_context(closing(open_live(source, request or CaptureRequest())))
        show = Show(frames, found, look, size=size, device=device, seconds=seconds)
        if outputs.window:
            show.open_window(timecode=outputs.timecode)
        until_run.pop_all()  # `run` closes the source once its thread has left it
    for name, sink, queue, patience_s in attached:
        show.outputs.attach(name, sink, queue=queue, patience_s=patience_s)
    try:
        report = show.run(progress)
    except KeyboardInterrupt:
        failures = _failures(show.outputs)
        lost = any(failure.startswith(RECORDING) for failure in failures)
        whole = ["what was recorded is complete"] if RECORDING in show.outputs.known and not lost else []
        raise KeyboardInterrupt("; ".join([*failures, *whole])) from None
    failures = _failures(show.outputs)
    if not outputs.window and attached and len(failures) >= len(attached):
        raise SinkError("; ".join(failures))
    return replace(report, failures=tuple(failures))


def _failures(outputs: Outputs) -> list[str]:
    """What failed, in sentences; a recording that was left behind has, too, as it is not complete."""
    left_behind = f"{RECORDING}: was not finished, and can be played as far as it was written"
    return [*outputs.failures, *([left_behind] if RECORDING in outputs.unfinished else [])]


def _attached(outputs: LiveOutputs, *, played: str) -> list[tuple[str, Sink, int, float]]:
    """Every output but the window: its name, the sink, its queue and how long to wait for it at the end."""
    attached: list[tuple[str, Sink, int, float]] = []
    if outputs.record is not None:
        recorder = Recorder(outputs.record, overwrite=outputs.overwrite, keep=[played])
        attached.append((RECORDING, recorder, RECORD_QUEUE, RECORD_PATIENCE_S))
    if outputs.publish is not None:
        attached.append(("publishing", Publisher(outputs.publish), 4, 0.3))
    if outputs.virtual_camera:
        attached.append(("virtual camera", VirtualCamera(), 2, 0.3))
    return attached
