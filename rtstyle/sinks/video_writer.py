"""Writes a video with PyAV: every frame at its own time, sound copied packet for packet."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import av.error

from rtstyle.errors import SinkError
from rtstyle.frames import Frame, Packet, VideoFormat
from rtstyle.output_file import OutputFile, checked_suffix, identities, unwritable
from rtstyle.sinks.carrier import fate_of
from rtstyle.sinks.container import Container
from rtstyle.sinks.encoding import MUXERS, USUAL, Encoder, Encoding, choose_encoder
from rtstyle.sinks.video_encoder import VideoEncoder

_log = logging.getLogger("rtstyle")


class VideoWriter:
    """A video file, which appears under its name only when complete.

    Frames are coded as ``encoding`` says, H.264 (VP9 in .webm) by default, in 4:2:0; in H.264 and
    HEVC a width or height that is odd needs 4:4:4, so that no line is lost. Sound and text that the
    container cannot hold are converted. Matroska and WebM keep times to the millisecond, the others
    exactly. Raises UsageError for an extension that it does not know, and SinkError: at once for a place
    that cannot be, in ``open`` for what cannot be coded, later when the disk is full. None of ``keep``,
    the files that are read, is ever replaced.
    ``encoding``: or an ``Encoder`` that was chosen by one, for a caller who tells what becomes of the other streams.
    ``temporary``: where it grows, on the same disk, if not beside its name. ``run`` opens and closes it.
    """

    closed = False

    def __init__(
        self,
        path: str | Path,
        *,
        encoding: Encoding | Encoder = USUAL,
        overwrite: bool = False,
        keep: Sequence[str | Path] = (),
        temporary: Path | None = None,
    ) -> None:
        self._path = Path(path)
        self._suffix = checked_suffix(self._path, MUXERS)
        self._encoding = encoding
        self._file = OutputFile(path, overwrite=overwrite, keep=identities(keep), temporary=temporary)
        self._container: Container | None = None

    def open(self, format: VideoFormat, /) -> None:
        """Create the temporary file beside the output and write its header."""
        encoder = self._encoding
        if isinstance(encoder, Encoding):
            for stream in format.streams:
                if (fate := fate_of(stream, self._suffix)).is_change:
                    _log.warning("%s: %s", self._path, fate.words(stream))
            encoder = choose_encoder(encoder, self._suffix, format.width, format.height)
        self._file.create()
        with translated(self._path):
            self._container = Container(self._file.temporary, self._suffix, format)
            self._encoder = VideoEncoder(self._container.av, self._path, encoder, format)
            self._container.start(format.streams, format.chapters)

    def write(self, item: Frame | Packet, /) -> None:
        """Encode a frame, or pass a packet on."""
        if self._container is None:
            raise SinkError(f"{self._path}: is not open")
        with translated(self._path):
            if isinstance(item, Frame):
                self._container.mux(self._encoder.encode(item))
            else:
                self._container.carry(item.packet)

    def close(self, *, complete: bool = True) -> None:
        """Finish the file and give it its name; or, incomplete, remove it."""
        container, self._container = self._container, None
        if container is None:
            self._file.discard()
            return
        try:
            if complete:
                with translated(self._path):
                    container.mux(self._encoder.flush())
                    container.finish()
                self._file.commit()
        finally:
            try:
                with suppress(av.error.FFmpegError, OSError, ValueError):
                    container.close()
            finally:  # Ctrl-C may fall into closing, too
                self._file.discard()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Say of FFmpeg's and the system's errors which file they are about. Raises SinkError."""
    try:
        yield
    except (av.error.FFmpegError, OSError) as error:
        raise unwritable(path, OSError(error.errno, error.strerror)) from error
