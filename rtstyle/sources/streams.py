"""Opens an input and says which of its streams are painted, which travel along and which stay behind."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
from av.stream import Disposition

from rtstyle.errors import SourceError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

_NETWORK_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Keep:
    """What of an input, besides its pictures, travels to the output."""

    audio: bool = True
    subtitles: bool = True
    metadata: bool = True  # tags, chapters and attachments, such as fonts and covers

    def takes(self, stream: Stream) -> bool:
        """Whether the stream is wanted."""
        kinds = {"audio": self.audio, "subtitle": self.subtitles, "video": not is_cover(stream) or self.metadata}
        return kinds.get(stream.type, self.metadata)


ALL = Keep()


def open_input(path: str) -> InputContainer:
    """Open a file, a pattern of numbered pictures or an address. Raises SourceError."""
    remote = "://" in path
    try:
        if not remote and Path(path).is_dir():
            raise SourceError(f"{path}: expected a video file, got a folder")
        if not remote and "%" not in path and not Path(path).exists():
            raise SourceError(f"{path}: there is no such file")
        # With "./" in front, a colon in the name of a file is not taken for the end of a protocol's.
        address = path if remote else os.path.join(".", path)  # noqa: PTH118 - Path would drop the "./"
        return av.open(address, "r", timeout=_NETWORK_TIMEOUT_S if remote else None, metadata_errors="replace")
    except (av.error.InvalidDataError, av.error.EOFError) as error:
        raise SourceError(f"{path}: is not a video that can be read, or its beginning or end is missing") from error
    except (av.error.FFmpegError, OSError) as error:
        raise SourceError(f"{path}: cannot be opened: {error.strerror}") from error


def video_stream(container: InputContainer, path: str) -> VideoStream:
    """Find the stream that is to be painted: the first that is no cover picture. Raises SourceError."""
    for stream in container.streams.video:
        if not is_cover(stream) and stream.codec_context is not None:
            return stream
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
    raise SourceError(f"{path}: expected a video stream, got only: {kinds}")


def others(container: InputContainer, video: Stream, keep: Keep) -> tuple[Stream, ...]:
    """All streams but the painted one that are known and wanted."""
    found = [stream for stream in container.streams if stream.index != video.index]
    return tuple(stream for stream in found if is_known(stream) and keep.takes(stream))


def is_known(stream: Stream) -> bool:
    """Whether FFmpeg knows what the stream holds; attachments need not be understood to be kept."""
    return stream.type == "attachment" or (stream.type != "data" and stream.codec_context is not None)


def is_cover(stream: Stream) -> bool:
    """Whether a video stream is but one picture, to go with the file."""
    return bool(stream.disposition & Disposition.attached_pic)


def losses(container: InputContainer) -> list[str]:
    """The streams that nothing can be done with, a phrase each."""
    return [
        f"stream {stream.index} ({stream.type}) is of an unknown codec and is left out"
        for stream in container.streams
        if not is_known(stream)
    ]
