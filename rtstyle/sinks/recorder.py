"""Records a live painting so that not even a power cut loses it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.errors import SinkError
from rtstyle.frames import Frame
from rtstyle.output_file import OutputFile, checked_suffix, identities, unwritable
from rtstyle.sinks.live_encoder import LiveEncoder

if TYPE_CHECKING:
    from rtstyle.frames import Packet, VideoFormat

_ENDINGS = (".mp4", ".m4v", ".mov")
# The file is a playable sequence of fragments, one a frame, from its first second on, and becomes an ordinary mp4 in
# place when it is closed: FFmpeg's own answer to what would otherwise take a temporary file and a second pass.
_CRASH_SAFE = {"movflags": "hybrid_fragmented+frag_every_frame", "flush_packets": "1"}


class Recorder:
    """An mp4 in H.264 whose frames have the times at which they were captured, the first one 0.

    Unlike a painted film it has its name from the first frame on: it can be played up to the last frame at any
    moment, even after the program was killed. Nothing is replaced without ``overwrite``, and none of ``keep``,
    the files that are read, ever is. Raises SinkError.
    """

    closed = False

    def __init__(self, path: str | Path, *, overwrite: bool = False, keep: Sequence[str | Path] = ()) -> None:
        self._path = Path(path)
        checked_suffix(self._path, _ENDINGS)
        OutputFile(path, overwrite=overwrite, keep=identities(keep))  # raises at once
        self._overwrite = overwrite
        self._encoder: LiveEncoder | None = None
        self._format: VideoFormat | None = None

    def open(self, format: VideoFormat, /) -> None:
        """Nothing is created yet, nor replaced."""
        self._format = format

    def write(self, item: Frame | Packet, /) -> None:
        """The first frame creates the file."""
        if not isinstance(item, Frame) or self._format is None:
            return
        if self._encoder is None:  # not before: FFmpeg crashes when it ends such a file without a frame in it
            self._encoder = self._begin(self._format)
        self._encoder.write(item)

    def close(self, *, complete: bool = True) -> None:  # noqa: ARG002 - what was recorded stays, however it ended
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.close()

    def _begin(self, format: VideoFormat) -> LiveEncoder:
        try:
            self._path.open("wb" if self._overwrite else "xb").close()
        except OSError as error:
            raise unwritable(self._path, error) from error
        path = str(self._path.resolve())
        try:
            return LiveEncoder(path, format, container="mp4", options=_CRASH_SAFE, encoder={"crf": "20"})
        except SinkError:
            self._path.unlink(missing_ok=True)  # there is nothing in it
            raise
