"""A film with everything: two sound tracks, subtitles, chapters, attachment, cover, languages, titles."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
from av.stream import Disposition

from tests.clips import TICK

WORDS = [(0, 400, b"Hello <i>there</i>"), (500, 900, b"Bye & more")]  # ms, ms, text
FONT = b"a font, or so" * 9


def make_rich_film(path, *, frames=50):
    """``frames`` at 25 fps into a Matroska file; sound tracks are 440 Hz AAC and 880 Hz PCM."""
    with av.open(str(path), "w") as film:
        film.metadata.update({"title": "The Film", "artist": "Somebody", "MY_OWN_KEY": "kept"})
        film.set_chapters([_chapter(1, 0, 800, "One"), _chapter(2, 800, 2000, "Two")])
        video = film.add_stream("libx264", rate=25, options={"crf": "1", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.time_base = TICK
        video.metadata["title"] = "Main picture"
        english, german = film.add_stream("aac", rate=48000), film.add_stream("pcm_s16le", rate=48000)
        for stream, language, title in ((english, "eng", "Stereo"), (german, "deu", "Kommentar")):
            stream.metadata.update({"language": language, "title": title})
        german.disposition = Disposition.comment
        text = film.add_mux_stream("subrip")
        text.metadata.update({"language": "eng", "title": "For the deaf"})
        text.disposition = Disposition.hearing_impaired
        text.time_base = Fraction(1, 1000)
        font = film.add_attachment("font.ttf", "application/x-truetype-font", FONT)
        font.metadata["title"] = "A font"
        _cover(film)
        film.start_encoding()
        for n in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 16 + 3 * n, np.uint8), "rgb24")
            frame.pts, frame.time_base = 512 * n, TICK
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
        _write_tone(film, english, 440, "fltp", frames / 25)
        _write_tone(film, german, 880, "s16", frames / 25)
        for start, end, words in WORDS:
            packet = av.Packet(words)
            packet.stream, packet.time_base = text, Fraction(1, 1000)
            packet.pts, packet.dts, packet.duration = start, start, end - start
            film.mux(packet)
    return path


def _chapter(number, start, end, title):
    return {"id": number, "start": start, "end": end, "time_base": Fraction(1, 1000), "metadata": {"title": title}}


def _cover(film):
    done, data = cv2.imencode(".png", np.full((32, 32, 3), 99, np.uint8))
    assert done
    film.add_attachment("cover.png", "image/png", data.tobytes())


def _write_tone(film, stream, hertz, format, seconds):
    samples = round(seconds * 48000)
    wave = 0.2 * np.sin(np.arange(samples) * hertz * 2 * np.pi / 48000)
    for start in range(0, samples, 1024):
        piece = np.repeat(wave[None, start : start + 1024], 2, axis=0)
        if format == "s16":
            data = (piece.T * 32767).astype(np.int16).reshape(1, -1)
        else:
            data = np.ascontiguousarray(piece.astype(np.float32))
        frame = av.AudioFrame.from_ndarray(data, format=format, layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        film.mux(stream.encode(frame))
    film.mux(stream.encode(None))
