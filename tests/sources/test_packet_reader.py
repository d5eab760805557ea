"""The packets of other streams that go with a part of a film."""

import subprocess
from contextlib import closing
from fractions import Fraction

from rtstyle.frames import Cut
from rtstyle.sources.packet_reader import PacketReader
from rtstyle.sources.streams import ALL
from tests.clips import make_clip


def test_no_subtitle_outlasts_a_part(tmp_path):
    """One that would stay for a minute, begun before it or in it, ends with the part; short ones are as they were."""
    text, source = tmp_path / "in.srt", tmp_path / "in.mkv"
    shown = [("00,500", "59,000"), ("01,500", "59,000"), ("01,700", "01,900"), ("03,500", "03,900")]
    text.write_text("\n".join(f"{n}\n00:00:{a} --> 00:00:{b}\nText {n}\n" for n, (a, b) in enumerate(shown, 1)))
    film = make_clip(tmp_path / "film.mp4", frames=100, sound=False)
    subprocess.run(["ffmpeg", "-v", "error", "-i", film, "-i", text, "-c:v", "copy", source], check=True)
    cut = Cut(Fraction(1), Fraction(2))
    with closing(PacketReader(source, ALL, cut=cut, zero=Fraction(1))) as reader:
        times = [(item.packet.pts, item.packet.duration) for item in reader]
    assert times == [(0, 2000), (500, 1500), (700, 200)]
