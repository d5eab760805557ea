"""Opens an input and says which of its streams are painted, which travel along and which stay behind."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
from av.sidedata.sidedata import SideData
from av.stream import Discard

from rtstyle.errors import SourceError, UsageError
from rtstyle.frames import ALPHA_MODE, is_cover
from rtstyle.sources.input_file import missing, unreadable
from rtstyle.sources.picture_sequence import PictureSequence, is_pattern
from rtstyle.times import fraction

if TYPE_CHECKING:
    from av.codec.hwaccel import HWAccel
    from av.container import Container, InputContainer
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_NETWORK_TIMEOUT_S = 10.0
_OPAQUE = 255
_RATE = 25  # frames/s of pictures, FFmpeg's too
_FASTEST_GUESS = 120  # frames/s


@dataclass(frozen=True, slots=True)
class Keep:
    """What of an input, besides its pictures, travels to the output."""

    audio: bool = True
    subtitles: bool = True
    metadata: bool = True  # tags, chapters, data and attachments, such as fonts and covers

    def takes(self, stream: Stream) -> bool:
        """Whether the stream is wanted."""
        kinds = {"audio": self.audio, "subtitle": self.subtitles, "video": not is_cover(stream) or self.metadata}
        return kinds.get(stream.type, self.metadata)


ALL = Keep()


def open_input(path: str, rate: Fraction | None = None, hwaccel: HWAccel | None = None) -> InputContainer:
    """Open a file, a pattern of numbered pictures or an address. Raises SourceError.

    ``rate``: frames a second of the pictures, which have none of their own; 25 without. ``hwaccel``: what decodes.
    """
    remote, options, name = "://" in path, dict[str, str](), path
    try:
        if not remote and Path(path).is_dir():
            raise SourceError(f"{path}: expected a video file, got a folder; for numbered pictures say frame_%04d.png")
        if is_pattern(path):
            sequence = PictureSequence.find(path)
            options = {"start_number": str(sequence.first), "framerate": str(rate or _RATE)}
            options["pattern_type"], name = "sequence", sequence.address
        elif rate is not None:
            raise rate_refused(path)
        elif not remote and not Path(path).exists():
            raise missing(path)
        # With "./" in front, a colon in the name of a file is not taken for the end of a protocol's.
        address = path if remote else os.path.join(".", name)  # noqa: PTH118 - Path would drop the "./"
        timeout = _NETWORK_TIMEOUT_S if remote else None
        return av.open(address, "r", timeout=timeout, metadata_errors="replace", options=options, hwaccel=hwaccel)
    except (av.error.InvalidDataError, av.error.EOFError) as error:
        if not remote and Path(path).is_file() and not Path(path).stat().st_size:
            raise SourceError(f"{path}: is empty; expected a video") from error
        what = "is not a video that can be read, or its beginning or end is missing"
        raise SourceError(f"{path}: {what}; try another copy") from error
    except (av.error.FFmpegError, OSError) as error:
        raise unreadable(path, OSError(error.errno, error.strerror)) from error


def rate_refused(path: str) -> UsageError:
    """What to raise where something but numbered pictures is given a frame rate."""
    return UsageError(f"{path}: has a frame rate of its own; only numbered pictures can be given one")


def is_photo(video: VideoStream, path: str) -> bool:
    """Whether the file that the stream is of is a single picture."""
    name = video.container.format.name
    return not is_pattern(path) and (name == "image2" or name.endswith("_pipe") or _is_item(video))


def video_stream(container: InputContainer, path: str) -> VideoStream:
    """Find the stream that is to be painted: the first that is no cover picture. Raises SourceError.

    An animated AVIF begins with a still, which is painted only where there is nothing else.
    """
    found = [stream for stream in container.streams.video if not is_cover(stream) and stream.codec_context is not None]
    for stream in sorted(found, key=_is_item):
        return stream
    kinds = ", ".join(sorted({_kind(stream) for stream in container.streams})) or "nothing"
    raise SourceError(f"{path}: expected a video stream, got only: {kinds}")


def rate_of(video: VideoStream) -> Fraction | None:
    """Frames a second: as FFmpeg guesses, or, for what may be but its clock's ticks, on average; None: unknown."""
    guess = fraction(video.guessed_rate)
    return guess if guess is None or guess <= _FASTEST_GUESS else fraction(video.average_rate)


def aspect_of(video: VideoStream) -> Fraction:
    """A coded pixel's width by its height; 1 where nobody says."""
    return fraction(video.sample_aspect_ratio) or fraction(video.codec_context.sample_aspect_ratio) or Fraction(1)


def _is_avif(container: Container) -> bool:
    return container.format.name.startswith("mov,mp4") and "avif" in container.metadata.get("compatible_brands", "")


def _is_item(stream: Stream) -> bool:
    """Whether it is a still of an AVIF, and no track; FFmpeg gives it one frame without a duration."""
    return _is_avif(stream.container) and stream.frames == 1 and stream.duration is None


def _kind(stream: Stream) -> str:
    if stream.type != "video":
        return stream.type
    return "a cover picture" if is_cover(stream) else "video of an unknown codec"


def others(container: InputContainer, video: Stream, keep: Keep) -> tuple[Stream, ...]:
    """All streams but the painted one that are known and wanted; none of an AVIF, where they are its transparency."""
    if _is_avif(container):
        return ()
    found = [stream for stream in container.streams if stream.index != video.index and not _is_chapters(stream)]
    return tuple(stream for stream in found if is_known(stream) and keep.takes(stream))


def is_known(stream: Stream) -> bool:
    """Whether FFmpeg knows what the stream holds; attachments and data need not be understood to be kept."""
    return stream.type in {"attachment", "data"} or stream.codec_context is not None


def _is_chapters(stream: Stream) -> bool:
    """Whether it is MP4's way to write chapters, which FFmpeg reads as such and hides."""
    return stream.type == "data" and Discard(stream.discard) is Discard.all


def has_alpha(stream: VideoStream, first: VideoFrame) -> bool:
    """Whether the pictures say where they are transparent. GIF's are given so always, and VP8's and VP9's never.

    AVIF has it in a second stream of the same kind.
    """
    if _is_avif(stream.container):
        return sum(_is_item(other) == _is_item(stream) for other in stream.container.streams.video) > 1
    if not first.format.components[-1].is_alpha:
        return stream.metadata.get(ALPHA_MODE) == "1"
    return stream.codec_context.name != "gif" or int(first.reformat(format="rgba").to_ndarray()[..., 3].min()) < _OPAQUE


def is_stereo(first: VideoFrame) -> bool:
    """Whether each picture is two, one for each eye; AV_STEREO3D_2D is 0."""
    data = first.side_data.get("STEREO3D")
    return isinstance(data, SideData) and any(bytes(data)[:4])


def is_sphere(first: VideoFrame) -> bool:
    """Whether pictures are maps of all that is around, as 360° films have them."""
    return first.side_data.get("SPHERICAL") is not None


def losses(container: InputContainer) -> list[str]:
    """The streams that nothing can be done with, a phrase each."""
    return [
        f"stream {stream.index} ({stream.type}) is of an unknown codec and is left out"
        for stream in container.streams
        if not is_known(stream)
    ]
