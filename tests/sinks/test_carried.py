"""What becomes of the streams that are not painted."""

import struct
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest

import rtstyle
from rtstyle.frames import Frame, Packet, VideoFormat
from rtstyle.jobs.film.film import look_at
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.jobs.film.task import Task
from rtstyle.pipeline import run
from rtstyle.sinks.video_writer import VideoWriter
from rtstyle.sources.video_reader import VideoReader
from tests.clips import make_clip, packets


def copy(source, target, stages=()):
    return run(VideoReader(source), stages, VideoWriter(target))


def loudness(path):
    """Root mean square of every 10 ms of sound, from 0 to 1, by its time."""
    with av.open(str(path)) as container:
        resampler, level = av.AudioResampler("flt", "mono", 48000), np.zeros(0, np.float32)
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                start = max(round(part.pts * part.time_base * 48000), 0)
                samples = part.to_ndarray()[0]
                level = np.pad(level, (0, max(start + len(samples) - len(level), 0)))
                level[start : start + len(samples)] = samples
    return np.sqrt(np.mean(level[: len(level) // 480 * 480].reshape(-1, 480) ** 2, axis=1))


def test_sound_that_the_container_cannot_hold(tmp_path, caplog):
    """AAC does not go into WebM: it becomes Opus, in time, and one line says so."""
    source, target = make_clip(tmp_path / "in.mp4", frames=50), tmp_path / "out.webm"
    copy(source, target)
    assert "stream 1 (audio, aac) is converted to libopus" in caplog.text
    before, after = loudness(source), loudness(target)
    assert abs(len(before) - len(after)) <= 3
    assert all(abs(before[n] - after[n]) < 0.02 for n in range(5, len(before) - 5))


def test_sound_that_not_even_matroska_can_hold(tmp_path, caplog):
    """It becomes FLAC, which loses nothing."""
    source = tmp_path / "odd.wav"
    with av.open(str(source), "w") as odd:
        sound = odd.add_stream("adpcm_yamaha", rate=44100)
        sound.layout = "mono"
        tone = (9000 * np.sin(np.arange(44100) / 20)).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(tone, "s16", "mono")
        frame.sample_rate, frame.pts = 44100, 0
        for part in av.AudioResampler("s16", "mono", 44100, sound.codec_context.frame_size or 1024).resample(frame):
            odd.mux(sound.encode(part))
        odd.mux(sound.encode(None))
    with av.open(str(source)) as odd:
        writer = VideoWriter(tmp_path / "out.mkv")
        writer.open(VideoFormat(width=32, height=32, rate=Fraction(25), streams=(odd.streams[0],)))
        writer.write(Frame(np.zeros((32, 32, 3), np.uint8), Fraction(0)))
        for packet in odd.demux():
            if packet.size:
                writer.write(Packet(packet))
        writer.close()
    assert "stream 0 (audio, adpcm_yamaha) is converted to flac" in caplog.text
    before, after = loudness(source), loudness(tmp_path / "out.mkv")
    assert np.median(np.abs(before[:90] - after[:90])) < 1e-4  # Matroska places sound to the millisecond


def film_with_sound(path, codec, *, layout="stereo", hurt=(), seconds=1, rate=48_000):
    """``seconds`` of grey with a second's tone that fades in; the packets of sound numbered in ``hurt`` are noise."""
    wave = np.sin(np.arange(48_000) * 440 * 2 * np.pi / 48_000) * np.linspace(0, 9000, 48_000)
    channels = av.AudioLayout(layout).nb_channels
    tone = av.AudioFrame.from_ndarray(np.repeat(wave.astype(np.int16)[None], channels, 1).reshape(1, -1), "s16", layout)
    tone.sample_rate, tone.pts = 48_000, 0
    with av.open(str(path), "w") as film:
        video, sound = film.add_stream("libx264", rate=25), film.add_stream(codec, rate=rate)
        video.width = video.height = 32
        sound.codec_context.layout, sound.codec_context.bit_rate = layout, 192_000
        for n in range(25 * seconds):
            picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 99, np.uint8), "rgb24")
            picture.pts = n
            film.mux(video.encode(picture))
        film.mux(video.encode(None))
        sound.codec_context.open(strict=False)
        size = sound.codec_context.frame_size or 1024
        cut = av.AudioResampler(sound.codec_context.format, layout, rate, size)
        pieces = [*cut.resample(tone), *cut.resample(None)]
        packets = [packet for piece in [*pieces, None] for packet in sound.encode(piece)]
        for n, packet in enumerate(packets):
            if n in hurt:
                packet.update(b"\xff" * packet.size)
            film.mux(packet)
    return path


def codecs_of(path):
    with av.open(str(path)) as film:
        return [stream.codec_context.name for stream in film.streams.audio]


def samples(path):
    """(N,) int32 of the first channel."""
    with av.open(str(path)) as film:
        to_s32 = av.AudioResampler("s32p")
        return np.concatenate([part.to_ndarray()[0] for f in film.decode(audio=0) for part in to_s32.resample(f)])


def test_sound_that_quicktime_refuses(tmp_path, caplog):
    """FFmpeg says that .mov holds Opus, and then fails; we find out before the first frame."""
    source, target = film_with_sound(tmp_path / "in.mkv", "libopus"), tmp_path / "out.mov"
    copy(source, target)
    assert codecs_of(target) == ["aac"]
    assert "stream 1 (audio, opus) is converted to aac" in caplog.text


@pytest.mark.parametrize(
    ("codec", "suffix"), [("flac", ".mov"), ("pcm_s16le", ".mp4"), ("pcm_s24le", ".mp4"), ("pcm_s24be", ".m4v")]
)
def test_sound_that_has_lost_nothing_loses_nothing(tmp_path, caplog, codec, suffix):
    """What the container cannot hold, or in a way that few players know, becomes Apple's codec, sample for sample."""
    source, target = film_with_sound(tmp_path / "in.mkv", codec), tmp_path / f"out{suffix}"
    copy(source, target)
    assert codecs_of(target) == ["alac"]
    assert f"stream 1 (audio, {codec}) is converted to alac" in caplog.text
    assert np.array_equal(samples(target), samples(source))


@pytest.mark.parametrize("codec", ["pcm_s32le", "pcm_f32le"])
def test_sound_of_32_bits(tmp_path, codec):
    """It becomes Apple's codec in .mp4, too, which holds 24 of them."""
    source, target = film_with_sound(tmp_path / "in.mkv", codec), tmp_path / "out.mp4"
    copy(source, target)
    assert codecs_of(target) == ["alac"]
    assert np.abs(samples(target).astype(float) - samples(source)).max() <= 2**8


def test_the_last_packet_is_heard(tmp_path):
    """Where Matroska does not say how long packets are, the last one is not lost in MP4."""
    source, target = film_with_sound(tmp_path / "in.mkv", "alac"), tmp_path / "out.mp4"
    copy(source, target)
    assert np.array_equal(samples(target), samples(source))


def test_what_a_decoder_holds_back_is_heard(tmp_path):
    """Windows Media's decoder gives its last samples when there is nothing more to come."""
    source, target = film_with_sound(tmp_path / "in.wmv", "wmav2"), tmp_path / "out.mkv"
    copy(source, target)
    assert codecs_of(target) == ["flac"]
    assert len(samples(target)) == len(samples(source))


def test_surround_sound_in_webm(tmp_path):
    """AC-3's six channels are Opus's, though the two name the places of the rear ones differently."""
    source, target = film_with_sound(tmp_path / "in.mkv", "ac3", layout="5.1(side)"), tmp_path / "out.webm"
    copy(source, target)
    with av.open(str(target)) as film:
        assert film.streams.audio[0].codec_context.layout.name == "5.1"


def test_surround_sound_loses_nothing(tmp_path):
    """Apple's codec knows rear speakers behind and not at the sides, which costs no sample."""
    source, target = film_with_sound(tmp_path / "in.mkv", "flac", layout="5.1(side)"), tmp_path / "out.mov"
    copy(source, target)
    assert codecs_of(target) == ["alac"]
    assert np.array_equal(samples(target), samples(source))


@pytest.mark.parametrize(
    ("sound", "suffix", "line"),
    [
        (("pcm_s16le", "7.1"), ".mp4", "(audio, pcm_s16le) is converted to aac"),
        (("pcm_s16le", "hexadecagonal"), ".mp4", "is converted to aac, its channels mixed to 7.1"),
        (("pcm_s16le", "hexadecagonal"), ".webm", "is converted to libopus, its channels mixed to 7.1"),
        (("pcm_s16le", "2.1"), ".webm", "is converted to libopus, its channels mixed to 3.0"),
        (("ac3", "quad(side)"), ".webm", "(audio, ac3) is converted to libopus"),
    ],
)
def test_channels_that_an_encoder_does_not_know(tmp_path, caplog, sound, suffix, line):
    """Another encoder takes them, or they are mixed to fewer, which the line says; the tone is as long as it was."""
    source, target = film_with_sound(tmp_path / "in.mkv", sound[0], layout=sound[1]), tmp_path / f"out{suffix}"
    copy(source, target)
    assert [text for text in caplog.messages if text.endswith(line)]
    assert abs(len(loudness(target)) - 100) <= 3
    assert loudness(target)[50:90].min() > 0.05


@pytest.mark.parametrize(("suffix", "kept"), [(".mov", True), (".mkv", True), (".mp4", False)])
def test_channels_in_an_order_of_their_own(tmp_path, invert_model, suffix, kept):
    """QuickTime's MPEG_7_1_C, which ended the process in PyAV: it is copied, or left out with a line."""
    source, target = film_with_sound(tmp_path / "in.mov", "pcm_s16le", layout="7.1"), tmp_path / f"out{suffix}"
    data = bytearray(source.read_bytes())
    place = data.index(b"chan") + 8
    data[place : place + 12] = struct.pack(">III", 128 << 16 | 8, 0, 0)  # a layout by its number, no bits, no names
    source.write_bytes(data)
    command = [sys.executable, "-m", "rtstyle", "transcode", source, "-o", target, "--style", invert_model]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    order = "8 channels (FL+FR+FC+LFE+SL+SR+BL+BR)"
    line = f"is left out: .mp4 cannot hold it, and its channel order ({order}) cannot be converted"
    assert (line in done.stderr) != kept
    if kept:
        assert b"".join(data for _, data in packets(target)) == b"".join(data for _, data in packets(source))


@pytest.mark.parametrize(("codec", "suffix"), [("ac3", ".webm"), ("aac", ".mp4")])
def test_channels_that_change_in_the_middle(tmp_path, codec, suffix):
    """A broadcast goes from stereo to surround and back: what is converted goes on, in time, as it began."""
    parts = []
    for number, layout in enumerate(["stereo", "5.1", "stereo"]):
        part = film_with_sound(tmp_path / f"{number}.mkv", codec, layout=layout), tmp_path / f"{number}.ts"
        command = ["ffmpeg", "-v", "error", "-i", part[0], "-c", "copy", "-mpegts_flags", "latm", part[1]]
        subprocess.run(command, check=True)  # with AAC as DVB-T2 has it, which is not copied
        parts.append(part[1].read_bytes())
    source, target = tmp_path / "in.ts", tmp_path / f"out{suffix}"
    source.write_bytes(b"".join(parts))
    copy(source, target)
    level = loudness(target)
    assert abs(len(level) - 300) <= 10
    assert [level[n : n + 40].min() > 0.04 for n in (50, 155, 260)] == [True] * 3
    with av.open(str(target)) as film:
        times = [float(p.pts * p.time_base) for p in film.demux(audio=0) if p.size]
    assert np.diff(times).max() < 0.05  # a packet may be missing where LATM has not yet said what follows


def test_a_rate_that_no_encoder_knows(tmp_path, caplog):
    """AAC takes no 5512 samples a second, but 7350."""
    source, target = film_with_sound(tmp_path / "in.avi", "adpcm_ima_wav", layout="mono", rate=5512), tmp_path / "o.mov"
    copy(source, target)
    assert "is converted to aac" in caplog.text
    with av.open(str(target)) as film:
        assert film.streams.audio[0].sample_rate == 7350
    assert loudness(target)[50:90].min() > 0.05


def test_sound_that_no_encoder_takes(tmp_path, caplog, monkeypatch):
    """It is left out with a line, and the film is there."""
    monkeypatch.setattr("rtstyle.sinks.carrier.same_layouts", lambda _: [])
    monkeypatch.setattr("rtstyle.sinks.carrier.mixes", lambda _: [])
    source, target = film_with_sound(tmp_path / "in.mkv", "pcm_s16le"), tmp_path / "out.mp4"
    copy(source, target)
    assert "is left out: no encoder for .mp4 takes its channels" in caplog.text
    assert codecs_of(target) == []


def test_damaged_sound_that_is_converted(tmp_path, caplog):
    """It is silent for as long as it is damaged, with a warning, and what comes after is in its place."""
    whole = film_with_sound(tmp_path / "whole.mkv", "ac3")
    source, target = film_with_sound(tmp_path / "in.mkv", "ac3", hurt={10, 11}), tmp_path / "out.mov"
    before = loudness(whole)
    copy(source, tmp_path / "out.webm")
    assert "stream 1 (audio, ac3): a damaged packet at 0.3" in caplog.text
    assert "stream 1 (audio, ac3): 2 damaged packets were left out" in caplog.text
    after = loudness(tmp_path / "out.webm")
    assert np.abs(before[50:95] - after[50:95]).max() < 0.02
    caplog.clear()
    copy(source, target)  # which holds AC-3, and is copied
    assert "stream 1 (audio, ac3): 2 damaged packets were left out" in caplog.text
    assert codecs_of(target) == ["ac3"]


def test_subtitles_that_cannot_be_read(tmp_path, caplog):
    """Such as are not in UTF-8 are left out with a warning, and do not cost the film."""
    film, text, source = make_clip(tmp_path / "film.mkv", frames=100), tmp_path / "in.srt", tmp_path / "in.mkv"
    times = [f"00:00:0{second},000 --> 00:00:0{second},900" for second in range(4)]
    text.write_text("\n".join(f"{n}\n{time}\n{'café' if n in (1, 2) else 'tea'} {n}\n" for n, time in enumerate(times)))
    subprocess.run(["ffmpeg", "-v", "error", "-i", film, "-i", text, "-c", "copy", source], check=True)
    source.write_bytes(source.read_bytes().replace("café".encode(), b"caf\xe9\xe9"))
    copy(source, tmp_path / "out.mp4")
    assert "(subtitle, srt): a damaged packet at 1.000 s is left out" in caplog.text
    assert "(subtitle, srt): 2 damaged packets were left out" in caplog.text
    command = ["ffmpeg", "-v", "error", "-i", tmp_path / "out.mp4", "-f", "srt", "-"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert [line for line in said.splitlines() if "tea" in line or "caf" in line] == ["tea 0", "tea 3"]


def test_subtitles_that_overlap(tmp_path):
    """A sign and what is said meanwhile are both to be read at their times in MP4, however fine the video's clock."""
    film = make_clip(tmp_path / "film.mp4", frames=60, sound=False)
    text, source = tmp_path / "in.srt", tmp_path / "in.mkv"
    lines = [("00:00:00,100 --> 00:00:01,800", "sign"), ("00:00:00,500 --> 00:00:01,000", "speech")]
    text.write_text("\n".join(f"{n}\n{time}\n{words}\n" for n, (time, words) in enumerate(lines)))
    subprocess.run(["ffmpeg", "-v", "error", "-i", film, "-i", text, "-c", "copy", source], check=True)
    copy(source, tmp_path / "out.mp4")
    shown = [(round(float(time), 3), data[2:]) for time, data in packets(tmp_path / "out.mp4", "subtitle")]
    assert [(time, words) for time, words in shown if words] == [(0.1, b"sign"), (0.5, b"speech")]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_damaged_packet_that_the_muxer_refuses(tmp_path, caplog, suffix):
    """It is left out with a warning that says where, and what comes after is in its place."""
    source, whole, target = make_clip(tmp_path / "in.ts", frames=50), tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    copy(source, whole)
    data = bytearray(source.read_bytes())
    for _, sound in packets(source)[30:33]:
        start = data.index(sound[:16])
        data[start : start + 4] = b"\xff\xf1\xff\xff"  # a header of a rate that there is not
    source.write_bytes(data)
    copy(source, target)
    assert "stream 1 (audio, aac): a damaged packet at 0.6" in caplog.text
    assert "stream 1 (audio, aac): 2 damaged packets were left out" in caplog.text
    assert packets(target)[-40:] == packets(whole)[-40:]


def silent_film(path, codec):
    """A second of grey that says it has a sound track, of which not one packet comes."""
    with av.open(str(path), "w") as film:
        video, sound = film.add_stream("libx264", rate=25), film.add_stream(codec, rate=48_000)
        video.width = video.height = 32
        sound.codec_context.layout = "stereo"
        for n in range(25):
            picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 99, np.uint8), "rgb24")
            picture.pts = n
            film.mux(video.encode(picture))
        film.mux(video.encode(None))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_sound_of_which_nothing_is_known(tmp_path, invert_model, caplog, suffix):
    """It is left behind, and who asks is told so before a frame is painted."""
    task = Task(input=str(silent_film(tmp_path / "in.ts", "mp2")), output=tmp_path / f"out{suffix}", style=invert_model)
    line = "stream 1 (audio, mp3float) is left out: no packet at the beginning of the film says"
    assert any(line in said for said in look_at(task))
    rtstyle.transcode(task.input, task.output, style=invert_model)
    assert line in caplog.text
    assert codecs_of(task.output) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_sound_that_is_announced_and_does_not_come(tmp_path, invert_model, suffix):
    """MP4 has no track for it and Matroska has, and neither costs the film."""
    target = tmp_path / f"out{suffix}"
    rtstyle.transcode(silent_film(tmp_path / "in.mkv", "aac"), target, style=invert_model)
    assert codecs_of(target) == (["aac"] if suffix == ".mkv" else [])


def test_sound_that_ends_before_the_part_begins(tmp_path, invert_model):
    """A part without sound is a film all the same."""
    source = film_with_sound(tmp_path / "in.mkv", "aac", seconds=3)
    options = FilmOptions(start=Fraction(2))
    assert rtstyle.transcode(source, tmp_path / "out.mp4", style=invert_model, options=options).frames_out == 25
