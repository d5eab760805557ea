"""Closed captions that are part of the pictures."""

import gc
from itertools import pairwise

import av
import numpy as np
import pytest

import rtstyle
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.sinks.encoding import Encoding
from tests.clips import frame_times

WORDS = [bytes([0xFC, 0x80 | n, 0x80]) for n in range(30)]  # two letters of CEA-608 a frame


def make_captioned_clip(path):
    """H.264 with B-frames; the words are in messages that are written here by hand (ATSC A/53-4, 6.2.3)."""
    with av.open(str(path), "w") as clip:
        video = clip.add_stream("libx264", rate=25, options={"preset": "ultrafast", "bf": "2"})
        video.width, video.height = 64, 48
        pictures = [av.VideoFrame.from_ndarray(np.full((48, 64, 3), 8 * n, np.uint8), "rgb24") for n in range(30)]
        for n, picture in enumerate(pictures):
            picture.pts = n
        for packet in [packet for picture in [*pictures, None] for packet in video.encode(picture)]:
            number = round(packet.pts * packet.time_base * 25)
            talking = av.Packet(b"\0\0\0\1" + _message(WORDS[number]) + bytes(packet))
            talking.stream, talking.time_base, talking.duration = video, packet.time_base, packet.duration
            talking.pts, talking.dts, talking.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
            clip.mux(talking)
    return path


def _message(words):
    """A NAL unit of supplemental information; no byte in it needs to be escaped."""
    data = b"\xb5\x00\x31GA94\x03" + bytes([0x40 | len(words) // 3, 0xFF]) + words + b"\xff"
    return b"\x06" + bytes([4, len(data)]) + data + b"\x80"


def captions(path):
    with av.open(str(path)) as film:
        return [bytes(frame.side_data.get("A53_CC") or b"") for frame in film.decode(video=0)]


@pytest.mark.parametrize(("codec", "suffix"), [("h264", ".mp4"), ("hevc", ".mkv")])
def test_captions_stay_with_their_frames(tmp_path, invert_model, codec, suffix):
    """Frame by frame, over segments and B-frames, and the picture is painted all the same."""
    source, target = make_captioned_clip(tmp_path / "in.mp4"), tmp_path / f"out{suffix}"
    options = FilmOptions(encoding=Encoding(codec, preset="medium"), segment=10)
    rtstyle.transcode(source, target, style=invert_model, options=options)
    assert captions(source) == WORDS
    assert captions(target) == WORDS
    assert len(frame_times(target)) == 30
    with av.open(str(target)) as film:
        greys = [frame.to_ndarray(format="gray")[0, 0] for frame in film.decode(video=0)]
    assert all(later < earlier for earlier, later in pairwise(greys))


def test_captions_that_a_codec_cannot_hold(tmp_path, invert_model, caplog):
    """One line says so, before anything is painted."""
    source = make_captioned_clip(tmp_path / "in.mp4")
    rtstyle.transcode(source, tmp_path / "out.webm", style=invert_model)
    assert "closed captions are left out: libvpx-vp9 does not write them; --codec h264 and hevc do" in caplog.text


def test_a_frame_goes_with_its_last_reader(clip):
    """To look for captions does not keep it until Python collects its garbage, a hundred frames later."""
    gc.collect()
    gc.disable()
    try:
        for item in rtstyle.VideoReader(clip):
            del item
        assert sum(type(thing) is av.VideoFrame for thing in gc.get_objects()) <= 2  # the first is held
    finally:
        gc.enable()
