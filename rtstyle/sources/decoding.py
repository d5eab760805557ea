"""What decodes a film: the CPU, or the chip for it on an NVIDIA GPU, NVDEC. That one was not run by us yet."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av.error
from av.codec.hwaccel import HWAccel
from av.video.frame import VideoFrame

from rtstyle.choices import Decoder
from rtstyle.errors import DeviceError, SourceError, reason_of
from rtstyle.sources.streams import open_input, video_stream

if TYPE_CHECKING:
    from av.container import InputContainer

_CODECS = ("h264", "hevc", "vp9")  # a packet holds a picture, so that one which does not come out is missed
_PLANAR = {"nv12": "yuv420p", "p010le": "yuv420p10le"}  # the same samples as the CPU's decoders lay them out

_log = logging.getLogger("rtstyle")


def open_decoded(path: str, rate: Fraction | None, decoder: Decoder) -> InputContainer:
    """Open it as ``open_input`` does, its video decoded by NVDEC where that is wanted and has decoded a frame of it.

    Where ``auto`` must leave it to the CPU, one line says why; ``nvdec`` raises DeviceError where there is no GPU, and
    SourceError where it is the file that it does not take.
    """
    container = open_input(path, rate)
    if decoder == "software":
        return container
    try:
        reason = _why_not(container, path)
        if reason is not None and decoder == "nvdec":
            raise type(reason)(f"{path}: NVDEC cannot decode it: {reason}; use --decoder auto or software")
    except BaseException:
        container.close()
        raise
    if reason is None:
        container.close()
        return open_input(path, rate, _nvdec())
    _log.warning("%s: NVDEC cannot decode it (%s); the CPU will", path, reason)
    return container


def planar(frame: VideoFrame) -> VideoFrame:
    """A frame from NVDEC as the CPU's decoder would have given it, sample by sample; swscale treats nv12 otherwise."""
    layout = _PLANAR.get(frame.format.name)
    return frame if layout is None else frame.reformat(format=layout)


def _why_not(container: InputContainer, path: str) -> DeviceError | SourceError | None:
    """Why NVDEC is not to be had for what was opened, which is the machine's fault or the file's; None where it is."""
    from rtstyle.engines import nvidia

    codec = video_stream(container, path).codec_context.name
    if codec not in _CODECS:
        return SourceError(f"only {', '.join(_CODECS)} are decoded there, and this is {codec}")
    if not Path(path).is_file():
        return SourceError("it is tried on the input first, which takes a file")
    if not nvidia.count_gpus():
        return DeviceError(f"{nvidia.DRIVER} finds no NVIDIA GPU")
    try:
        with open_input(path, None, _nvdec()) as trial:
            return _try(trial, path)
    except (SourceError, av.error.FFmpegError) as error:
        cause = error.__cause__ or error
        return DeviceError(reason_of(cause))


def _try(container: InputContainer, path: str) -> DeviceError | SourceError | None:
    """Decode one frame for real."""
    video = video_stream(container, path)
    if not video.codec_context.is_hwaccel:
        return DeviceError("the FFmpeg inside PyAV was built without it")
    video.codec_context.thread_count = 1
    for packet in container.demux():
        frames = video.decode(packet) if packet.stream.index == video.index else []
        if frames:
            taken = video.codec_context.pix_fmt == "cuda" and frames[0].format.name in _PLANAR
            if frames[0].interlaced_frame:
                return SourceError("it is interlaced")  # two packets may hold a picture
            return None if taken else SourceError(f"it does not take {frames[0].format.name}")
    return SourceError("it gives no frame")


def _nvdec() -> HWAccel:
    return HWAccel("cuda", options={"primary_ctx": "1"})  # onnxruntime's context: another would cost memory
