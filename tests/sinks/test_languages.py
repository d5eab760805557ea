"""What language a stream is in, in files of Apple's."""

from dataclasses import replace
from io import BytesIO

import av
import numpy as np
import pytest

from rtstyle.jobs.film.film import look_at
from rtstyle.jobs.film.task import Task
from rtstyle.jobs.film.transcode import paint
from rtstyle.sinks.carrier import Fate
from rtstyle.sinks.languages import _QUICKTIMES, lost_language, spelt
from tests.clips import streams_of

PAIRS = (
    "alb/sqi arm/hye baq/eus bur/mya chi/zho cze/ces dut/nld fre/fra geo/kat ger/deu gre/ell ice/isl mac/mkd may/msa "
    "per/fas rum/ron slo/slk tib/bod wel/cym"
)


def reread(languages):
    """What FFmpeg reads of .mov files that it wrote, a stream for each language."""
    silence = av.AudioFrame.from_ndarray(np.zeros((1, 64), np.int16), "s16", "mono")
    silence.sample_rate, silence.pts = 8000, 0
    file = BytesIO()
    with av.open(file, "w", format="mov") as film:
        tracks = [film.add_stream("pcm_s16le", rate=8000) for _ in languages]
        for track, language in zip(tracks, languages, strict=True):
            track.codec_context.layout, track.metadata["language"] = "mono", language
        for track in tracks:
            film.mux(track.encode(silence))
    file.seek(0)
    with av.open(file) as film:
        return [stream.metadata.get("language") for stream in film.streams]


def test_the_table_is_ffmpegs():
    """It reads again what we say that it can."""
    known = sorted(_QUICKTIMES)
    assert reread(known) == known


@pytest.mark.parametrize("pair", PAIRS.split())
def test_either_name_of_a_language_is_kept(pair):
    """ISO 639-2 has two for some, and FFmpeg one of them for QuickTime."""
    names = [spelt({"language": name}, ".mov")["language"] for name in pair.split("/")]
    assert names[0] == names[1]
    assert reread(names) == names
    assert lost_language({"language": pair[:3]}, ".mov") is None


def test_a_language_that_quicktime_lacks_is_told(tmp_path, invert_model, monkeypatch):
    """A line a stream, unless it is left out; other containers have it."""
    source = tmp_path / "in.mkv"
    with av.open(str(source), "w") as film:
        video = film.add_stream("libx264", rate=25)
        video.width = video.height = 32
        video.metadata["language"] = "deu"
        sounds = [film.add_stream("pcm_s16le", rate=8000) for _ in range(2)]
        for sound, language in zip(sounds, ("glg", "fre"), strict=True):
            sound.codec_context.layout, sound.metadata["language"] = "mono", language
        film.mux([*video.encode(av.VideoFrame(32, 32, "yuv420p")), *video.encode(None)])
        for sound in sounds:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 320), np.int16), "s16", "mono")
            silence.sample_rate = 8000
            film.mux(sound.encode(silence))
    task = Task(input=str(source), output=tmp_path / "out.mov", style=invert_model)
    line = "stream 1 (audio, pcm_s16le): .mov cannot say its language, glg; .mp4 and .mkv can"
    assert [said for said in look_at(task) if "language" in said] == [line]
    paint(task)
    assert [stream[2] for stream in streams_of(task.output)] == ["ger", None, "fra"]
    assert not [said for said in look_at(replace(task, output=tmp_path / "out.mkv")) if "language" in said]
    left = Fate("leave", reason="for the sake of this test")
    monkeypatch.setattr("rtstyle.jobs.film.prospect.fate_of", lambda *_: left)
    assert not [said for said in look_at(task) if "language" in said]
