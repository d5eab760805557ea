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
from rtstyle.sources.choose import Wanted, open_live
from rtstyle.styles import find_styles

if TYPE_CHECKING:
    from rtstyle.protocols import Sink


@dataclass(frozen=True, slots=True)
class To:
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
    to: To | None = None,
    wanted: Wanted | None = None,
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
    or that what was recorded is complete.
    """
    look, to = look or Look(), to or To()
    found = find_styles(styles)
    if seconds is not None and not seconds > 0:
        raise UsageError(f"seconds: expected more than 0, got {seconds:g}")
    if not (to.window or to.record or to.publish or to.virtual_camera or seconds):
        raise UsageError("no window and no other output: add --record, --publish, --virtual-camera or --seconds")
    if to.timecode and not to.window:
        raise UsageError("timecode: is only drawn in the window; expected a window, got none")
    if to.window:
        check_display()  # before the camera is switched on
    attached = _attached(to, played=str(source).removeprefix("file://"))
    with ExitStack() as until_run:
        frames = until_run.enter_context(closing(open_live(source, wanted or Wanted())))
        show = Show(frames, found, look, size=size, device=device, seconds=seconds)
        if to.window:
            show.open_window(timecode=to.timecode)
        until_run.pop_all()  # `run` closes the source once its thread has left it
    for name, sink, queue, patience_s in attached:
        show.outputs.attach(name, sink, queue=queue, patience_s=patience_s)
    try:
        report = show.run(progress)
    except KeyboardInterrupt:
        whole = ["what was recorded is complete"] if RECORDING in show.outputs.known else []
        raise KeyboardInterrupt("; ".join(show.outputs.failures or whole)) from None
    failures = show.outputs.failures
    if not to.window and attached and len(failures) >= len(attached):
        raise SinkError("; ".join(failures))
    return replace(report, failures=tuple(failures))


def _attached(to: To, *, played: str) -> list[tuple[str, Sink, int, float]]:
    """Every output but the window: its name, the sink, its queue and how long to wait for it at the end."""
    attached: list[tuple[str, Sink, int, float]] = []
    if to.record is not None:
        recorder = Recorder(to.record, overwrite=to.overwrite, keep=[played])
        attached.append((RECORDING, recorder, RECORD_QUEUE, RECORD_PATIENCE_S))
    if to.publish is not None:
        attached.append(("publishing", Publisher(to.publish), 4, 0.3))
    if to.virtual_camera:
        attached.append(("virtual camera", VirtualCamera(), 2, 0.3))
    return attached
