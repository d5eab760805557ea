"""Carries closed captions that are part of a picture (ATSC A/53) from a decoded frame to an encoded one."""

from __future__ import annotations

from av.sidedata.sidedata import SideDataContainer
from av.video.frame import PictureType, VideoFrame

WRITERS = {"libx264", "libx265", "h264_nvenc", "hevc_nvenc"}  # the FFmpeg encoders that write them, given OPTIONS
OPTIONS = {"libx265": {"a53cc": "1"}}

_KIND = "A53_CC"
_SIZE = 16  # pixels a side; it is never seen

# PyAV can read a frame's side data but not write them; converting a frame, however, carries them along.


def captions_of(frame: VideoFrame) -> VideoFrame | None:
    """Return a tiny frame that carries this one's captions; None if it has none."""
    # `frame.side_data` would be kept by the frame that it keeps: a hundred frames wait for Python's garbage collector.
    found = SideDataContainer(frame).get(_KIND)  # type: ignore[call-arg]  # PyAV's stub has forgotten it
    return frame.reformat(width=_SIZE, height=_SIZE) if found else None


def with_captions(picture: VideoFrame, captions: VideoFrame) -> VideoFrame:
    """Return the same picture with the captions from ``captions_of``."""
    carrier = captions.reformat(width=picture.width, height=picture.height, format=picture.format.name)
    for plane, source in zip(carrier.planes, picture.planes, strict=True):
        plane.update(bytes(source))
    carrier.pict_type = PictureType.NONE  # or the encoder would follow the input's
    carrier.color_range, carrier.colorspace = picture.color_range, picture.colorspace
    carrier.color_primaries, carrier.color_trc = picture.color_primaries, picture.color_trc
    carrier.time_base, carrier.pts, carrier.duration = picture.time_base, picture.pts, picture.duration
    return carrier
