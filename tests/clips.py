"""Small clips made with PyAV alone, so that our own writer does not vouch for our own reader."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

TICK = Fraction(1, 12800)
QUARTER_TURN = (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)  # a phone held upright: ISO 14496-12, 6.2.2


def make_clip(
    path, *, frames=30, size=(64, 48), ticks=None, sound=True, audio_first=False, aspect=Fraction(1), **options
):
    """A H.264 clip of ``size`` (width, height) whose grey level is 16 + 5 n in frame n, with a tone.

    ``ticks``: the frames' times in 1/12800 s; 25 fps without. ``options`` are x264's.
    """
    width, height = size
    ticks = list(range(0, 512 * frames, 512)) if ticks is None else ticks
    with av.open(str(path), "w") as container:
        audio = _add_tone(container) if sound and audio_first else None
        video = container.add_stream("libx264", rate=25, options={"crf": "1", "preset": "ultrafast", **options})
        video.width, video.height = width, height
        video.pix_fmt = "yuv420p" if width % 2 == height % 2 == 0 else "yuv444p"
        video.codec_context.time_base = Fraction(1, 25) if container.format.name == "avi" else TICK
        video.codec_context.sample_aspect_ratio = aspect
        video.codec_context.flags |= av.codec.context.Flags.frame_duration
        audio = _add_tone(container) if sound and not audio_first else audio
        for index, tick in enumerate(ticks):
            image = np.full((height, width, 3), 16 + 5 * (index % 40), dtype=np.uint8)
            image[: height // 4, : width // 4] = (255, 0, 0)  # which corner is up, and which channel is red
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = tick, TICK
            frame.duration = ticks[index + 1] - tick if index + 1 < len(ticks) else 512
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None:
            _write_tone(container, audio, seconds=float((ticks[-1] + 512 - ticks[0]) * TICK))
    return path


def make_sound(path):
    """A file with sound and no picture."""
    with av.open(str(path), "w") as container:
        _write_tone(container, _add_tone(container), seconds=0.5)
    return path


def turn(path, matrix=QUARTER_TURN):
    """Write a display matrix into an mp4's only tkhd box of a video track."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 40  # version 0: times, id, duration, layer, volume
    data[start : start + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    path.write_bytes(data)
    return path


def packets(path, kind="audio"):
    """(time, bytes) of every packet of that kind of stream."""
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        tick = Fraction(stream.time_base.numerator, stream.time_base.denominator)
        return [(packet.pts * tick, bytes(packet)) for packet in container.demux(stream) if packet.size]


def frame_times(path):
    """Presentation times of all video frames, in seconds."""
    with av.open(str(path)) as container:
        base = container.streams.video[0].time_base
        tick = Fraction(base.numerator, base.denominator)
        return [frame.pts * tick for frame in container.decode(video=0)]


def recorded(path):
    """The times of the frames that are in a recording so far."""
    try:
        return frame_times(path)
    except (av.FFmpegError, IndexError):  # it is just being begun
        return []


def streams_of(path):
    """Type, codec, language, title and disposition of every stream."""
    with av.open(str(path)) as film:
        return [
            (
                s.type,
                s.codec_context.name if s.codec_context else s.metadata.get("filename"),
                s.metadata.get("language"),
                s.metadata.get("title") or s.metadata.get("handler_name"),
                int(s.disposition),
            )
            for s in film.streams
        ]


def _add_tone(container):
    return container.add_stream("libopus" if container.format.name == "webm" else "aac", rate=48000)


def _write_tone(container, audio, *, seconds):
    samples = round(seconds * 48000)
    wave = (0.2 * np.sin(np.arange(samples) * 440 * 2 * np.pi / 48000)).astype(np.float32)
    for start in range(0, samples, 960):
        piece = np.repeat(wave[None, start : start + 960], 2, axis=0)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))
