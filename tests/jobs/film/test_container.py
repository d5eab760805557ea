"""What the container of a finished film says besides its packets: rate, pixels, timecode, data, where it begins."""

import subprocess
from fractions import Fraction

import av
import numpy as np
import pytest

import rtstyle
from rtstyle.jobs.film.film import look_at
from rtstyle.jobs.film.options import FilmOptions
from rtstyle.jobs.film.task import Task
from rtstyle.sinks.encoding import Encoding
from tests.clips import frame_times, make_clip, packets

CODECS = [(".mp4", "av1"), (".mp4", "vp9"), (".mov", "hevc"), (".mkv", "h264"), (".mkv", "av1"), (".webm", "vp9")]


@pytest.fixture
def paint(tmp_path, invert_model):
    """Paints into a file with the given extension and returns its path."""

    def paint(source, suffix, **options):
        target = tmp_path / f"painted{suffix}"
        rtstyle.transcode(source, target, style=invert_model, options=FilmOptions(segment=10, **options))
        return target

    return paint


@pytest.mark.parametrize(("suffix", "codec"), CODECS)
def test_pixels_that_are_not_square(tmp_path, paint, suffix, codec):
    """video2x#1344: their shape is kept by every codec in every container; in Matroska to the pixel."""
    source = make_clip(tmp_path / "in.mp4", frames=12, size=(180, 120), aspect=Fraction(32, 27), sound=False)
    with av.open(str(paint(source, suffix, encoding=Encoding(codec)))) as film:
        aspect = film.streams.video[0].sample_aspect_ratio
        slack = 1 / 180 if suffix in {".mkv", ".webm"} and codec != "h264" else 0
        assert abs(Fraction(aspect.numerator, aspect.denominator) - Fraction(32, 27)) <= slack
        assert "stereo_mode" not in film.streams.video[0].metadata


@pytest.mark.parametrize("aspect", [1, 2])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_a_film_for_two_eyes(tmp_path, paint, caplog, suffix, aspect):
    """Which half is for which eye is said where it can be, and not beside pixels that are not square."""
    plain, source = make_clip(tmp_path / "in.mp4", frames=12, aspect=Fraction(aspect), sound=False), tmp_path / "in.mkv"
    layout = ["-metadata:s:v", "stereo_mode=left_right"]
    subprocess.run(["ffmpeg", "-v", "error", "-i", plain, "-c", "copy", *layout, source], check=True)
    kept = suffix != ".mp4" and aspect == 1
    with av.open(str(paint(source, suffix))) as film:
        assert film.streams.video[0].sample_aspect_ratio == aspect
        assert ("stereo_mode" in film.streams.video[0].metadata) == kept
    lost = "the 3D layout is left out; it is kept from .mkv or .webm to .mkv or .webm with square pixels"
    assert (lost in caplog.text) != kept


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_a_painting_does_not_claim_to_be_transparent(tmp_path, paint, caplog, suffix):
    """Players would decode it the slow way, and wait for what does not come."""
    source, look = tmp_path / "in.webm", "color=red@0.5:size=64x48:rate=25:duration=0.4,format=yuva420p"
    codec = ["-c:v", "libvpx-vp9", "-auto-alt-ref", "0"]
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", look, *codec, source], check=True)
    target = paint(source, suffix)
    claim = b"\x53\xc0\x81\x01"  # AlphaMode (RFC 9559, 5.1.4.1.28.4), with 1 in one byte
    assert (claim in source.read_bytes(), claim in target.read_bytes()) == (True, False)
    assert b"ALPHA_MODE" not in target.read_bytes().upper()
    assert "transparency is left out" in caplog.text


def test_a_sphere(tmp_path):
    """The projection of a 360° film is lost, and a line says what puts it back."""
    source = make_clip(tmp_path / "in.mp4", frames=3, sound=False)
    space = 'xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/"'
    words = {"Spherical": "true", "Stitched": "true", "StitchingSoftware": "x", "ProjectionType": "equirectangular"}
    xml = "".join(f"<GSpherical:{key}>{value}</GSpherical:{key}>" for key, value in words.items())
    text = f'<?xml version="1.0"?><rdf:SphericalVideo {space}>{xml}</rdf:SphericalVideo>'.encode()
    box = bytes.fromhex("ffcc8263f8554a938814587a02521fdd") + text  # Spherical Video RFC, version 1
    box = (len(box) + 8).to_bytes(4, "big") + b"uuid" + box
    data = bytearray(source.read_bytes())
    track, whole = (data.index(name) - 4 for name in (b"trak", b"moov"))
    end = track + int.from_bytes(data[track : track + 4], "big")
    data[end:end] = box
    for place in (track, whole):
        data[place : place + 4] = (int.from_bytes(data[place : place + 4], "big") + len(box)).to_bytes(4, "big")
    source.write_bytes(data)
    lines = look_at(Task(input=str(source), output=tmp_path / "out.mp4", style="wave"))
    assert lines[1:] == ["the 360° projection is left out; Google's Spatial Media Metadata Injector puts it back"]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_the_frame_rate(tmp_path, paint, suffix):
    """Players are told 25 frames a second, and not one a tick."""
    source = make_clip(tmp_path / "in.mp4", frames=25, sound=False)
    with av.open(str(paint(source, suffix))) as film:
        assert film.streams.video[0].average_rate == pytest.approx(25, abs=1.1)
        assert film.streams.video[0].guessed_rate == 25


@pytest.mark.parametrize("suffix", [".mov", ".mp4", ".mkv"])
def test_timecode(tmp_path, paint, suffix, caplog):
    """The hour on the clapperboard is kept: as a track of its own in MP4, as a tag in Matroska."""
    source = tmp_path / "in.mov"
    with av.open(str(make_clip(tmp_path / "plain.mp4", frames=25))) as plain, av.open(str(source), "w") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height = 64, 48
        stream.metadata["timecode"] = "01:02:03:04"
        for frame in plain.decode(video=0):
            frame.time_base, frame.pts = Fraction(1, 25), round(frame.pts * frame.time_base * 25)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    with av.open(str(paint(source, suffix))) as film:
        tags = {key.lower(): value for key, value in film.streams.video[0].metadata.items()}
        assert tags["timecode"] == "01:02:03:04"
        assert len(film.streams.data) == (suffix != ".mkv")
    assert not caplog.records
    lines = look_at(
        Task(input=str(source), output=tmp_path / "out.mov", style="wave", options=FilmOptions(start=Fraction("0.4")))
    )
    assert lines[1:] == ["the timecode 01:02:03:04 is left out: a part of the film has another"]


def make_flight(path):
    """A drone's clip, with a packet of telemetry for each of its 25 frames."""
    with av.open(str(make_clip(path.with_name("plain.mp4"), frames=25))) as plain, av.open(str(path), "w") as film:
        video, data = film.add_stream_from_template(plain.streams.video[0]), film.add_data_stream("bin_data")
        data.time_base = Fraction(1, 25)
        for n, packet in enumerate(p for p in plain.demux(video=0) if p.size):
            packet.stream = video
            film.mux(packet)
            height = av.Packet(b"height %d" % n)
            height.stream, height.time_base = data, Fraction(1, 25)
            height.pts = height.dts = n
            height.duration = 1
            film.mux(height)
    return path


def test_data(tmp_path, paint, caplog):
    """A camera's telemetry is carried from MP4 to MP4 packet by packet; Matroska has no place for it, which is said."""
    source = make_flight(tmp_path / "in.mp4")
    assert packets(paint(source, ".mov"), "data") == packets(source, "data")
    assert not caplog.records
    paint(source, ".mkv")
    assert "stream 1 (data, " in caplog.text
    assert "is left out: .mkv cannot hold it" in caplog.text


def test_chapters_are_no_loss(tmp_path, caplog, invert_model):
    """MP4 has them as a stream too, which is neither copied beside them nor missed."""
    source = tmp_path / "in.mp4"
    with av.open(str(make_clip(tmp_path / "plain.mp4", frames=50))) as plain, av.open(str(source), "w") as film:
        stream = film.add_stream_from_template(plain.streams.video[0])
        names = enumerate(["One", "Two"])
        film.set_chapters(
            [
                {"id": n, "start": n, "end": n + 1, "time_base": Fraction(1), "metadata": {"title": name}}
                for n, name in names
            ]
        )
        for packet in plain.demux(video=0):
            if packet.size:
                packet.stream = stream
                film.mux(packet)
    lines = look_at(Task(input=str(source), output=tmp_path / "out.mp4", style=invert_model))
    assert lines[1:] == ["2 chapters are copied"]


def test_sound_that_mp4_hides(tmp_path, paint):
    """What an edit list keeps from being heard does not begin the film in Matroska; 1/10 s is left for the decoder."""
    source = tmp_path / "in.mp4"
    with av.open(str(make_clip(tmp_path / "plain.mp4", frames=50))) as plain, av.open(str(source), "w") as film:
        copies = {stream.index: film.add_stream_from_template(stream, opaque=True) for stream in plain.streams}
        late = [stream.index for stream in plain.streams if stream.type == "audio"]
        for packet in plain.demux():
            if packet.size:
                if packet.stream.index in late:
                    packet.pts, packet.dts = packet.pts - 48_000, packet.dts - 48_000
                packet.stream = copies[packet.stream.index]
                film.mux(packet)
    assert packets(source)[0][0] == pytest.approx(-1, abs=0.03)
    target = paint(source, ".mkv")
    sound = packets(target)
    shift = frame_times(target)[0]
    assert shift < Fraction(15, 100)
    heard = [(time, data) for time, data in packets(source) if time >= 0]
    kept = sound[-len(heard) :]
    assert [data for _, data in kept] == [data for _, data in heard]
    assert all(abs(a - shift - b) <= Fraction(1, 500) for (a, _), (b, _) in zip(kept, heard, strict=True))


def test_sound_without_packets_of_its_own(tmp_path, paint):
    """PCM is cut into other packets by every container: what counts is that every byte is there."""
    source = tmp_path / "in.mxf"
    with av.open(str(source), "w") as film:
        video, sound = film.add_stream("mpeg2video", rate=25), film.add_stream("pcm_s16le", rate=48_000)
        video.width, video.height, video.bit_rate = 64, 48, 500_000
        for n in range(25):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 9 * n, np.uint8), "rgb24")
            picture.pts = n
            film.mux(video.encode(picture))
            piece = av.AudioFrame.from_ndarray(np.full((1, 2 * 1920), 100 * n, np.int16), "s16", "stereo")
            piece.sample_rate, piece.pts = 48_000, 1920 * n
            film.mux(sound.encode(piece))
        film.mux(video.encode(None))
    before, after = (b"".join(data for _, data in packets(path)) for path in (source, paint(source, ".mov")))
    assert after == before
